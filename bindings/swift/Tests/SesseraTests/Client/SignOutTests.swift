import XCTest

@testable import SesseraClient

final class SignOutTests: SessionClientCase {
    func testASignOutEndsTheSessionHereAndAtTheServer() async throws {
        let client = try await signedIn()
        let token = try await client.accessToken()
        try await client.signOut()
        let me = try await server.me(token)
        XCTAssertNil(me)
        XCTAssertNil(storage.load())
        XCTAssertEqual(client.state, .signedOut(.signedOut))
        guard case .notSignedIn = await failure(of: { try await client.accessToken() }) else { return XCTFail() }
        try await client.signOut()
        let logouts = try await server.state.logouts
        XCTAssertEqual(logouts, 1, "who is signed out needs no sign-out")
    }

    func testWithoutAServerItIsSignedOutHereAndSaysSo() async throws {
        let cable = Cable()
        let client = try await signedIn(cable)
        cable.isCut = true
        guard case .offline = await failure(of: { try await client.signOut() }) else { return XCTFail() }
        XCTAssertEqual(client.state, .signedOut(.signedOut))
        XCTAssertNil(storage.load())
    }

    func testARefreshOnItsWayDoesNotUndoASignOut() async throws {
        let client = try await signedIn()
        try await passToTheEndOfTheToken()
        try await server.order("hold")
        let waiter = Task { try await client.accessToken() }
        try await eventually("the refresh is at the server") { try await self.server.state.held == 1 }
        try await client.signOut()
        guard case .notSignedIn = await failure(of: { try await waiter.value }) else { return XCTFail() }
        try await server.order("release")
        try await eventually("it is answered") { try await self.server.state.held == 0 }
        XCTAssertNil(storage.load())
        XCTAssertEqual(client.state, .signedOut(.signedOut))
    }

    func testARefreshOnItsWayDoesNotReplaceTheNextUser() async throws {
        let client = try await signedIn()
        try await passToTheEndOfTheToken()
        try await server.order("hold")
        let waiter = Task { try await client.accessToken() }
        try await eventually("the refresh is at the server") { try await self.server.state.held == 1 }
        let next = try await client.signIn(["subject": "user-43"])
        guard case .notSignedIn = await failure(of: { try await waiter.value }) else { return XCTFail() }
        try await server.order("release")
        try await eventually("it is answered") { try await self.server.state.held == 0 }
        let session = try await client.session()
        XCTAssertEqual(session, next)
        XCTAssertEqual(session.subject, "user-43")
        XCTAssertEqual(SessionSnapshot(stored: try XCTUnwrap(storage.load())), next)
    }

    func testASignInThatCannotBeStoredLeavesTheSessionThatIsThereAndItsRefresh() async throws {
        let locked = Locked(storage)
        let client = client(storage: locked)
        try await client.signIn(["subject": "user-42"])
        try await passToTheEndOfTheToken()
        try await server.order("hold")
        let waiter = Task { try await client.session() }
        try await eventually("the refresh is at the server") { try await self.server.state.held == 1 }
        locked.isLocked = true
        guard case .storage = await failure(of: { try await client.signIn(["subject": "user-43"]) }) else { return XCTFail() }
        locked.isLocked = false
        try await server.order("release")
        let session = try await waiter.value
        XCTAssertEqual(session.subject, "user-42")
        XCTAssertEqual(session.generation, 1)
    }

    func testARefreshThatPausesAsksNoMoreAfterASignOut() async throws {
        let pausing = PausingClock()
        let client = client(clock: pausing)
        let token = try await client.signIn(["subject": "user-42"]).token
        try await server.order("unavailable", ["times": 1, "retry_after": 1])
        let waiter = Task { try await client.session(replacing: token) }
        try await eventually("the refresh pauses") { pausing.sleepers == 1 }
        try await client.signOut()
        guard case .notSignedIn = await failure(of: { try await waiter.value }) else { return XCTFail() }
        try await client.signIn(["subject": "user-43"])
        pausing.wake()
        try await eventually("the refresh is over") { pausing.sleepers == 0 }
        // What it would still ask, it asks before the next one is done.
        let next = try await client.session(replacing: client.accessToken())
        XCTAssertEqual(next.generation, 1)
        let refreshes = try await server.state.refreshes
        XCTAssertEqual(refreshes, 2)
    }

    func testACancelledSignOutIsOneAllTheSame() async throws {
        let client = try await signedIn(Cable())
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            try await client.signOut()
        }
        task.cancel()
        _ = await task.result
        let logouts = try await server.state.logouts
        XCTAssertEqual(logouts, 1)
        XCTAssertEqual(client.state, .signedOut(.signedOut))
    }
}
