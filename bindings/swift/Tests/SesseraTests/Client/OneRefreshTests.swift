import XCTest

@testable import SesseraClient

final class OneRefreshTests: SessionClientCase {
    func testAHundredTasksAtTheEndOfATokenAskTheServerOnce() async throws {
        let client = try await signedIn()
        let old = try await client.accessToken()
        try await passToTheEndOfTheToken()
        try await server.order("hold")
        let tasks = (0..<100).map { _ in Task { try await client.accessToken() } }
        try await eventually("all wait") { await client.waiting?.count == 100 }
        try await server.order("release")
        var tokens: Set<String> = []
        for task in tasks { tokens.insert(try await task.value) }
        XCTAssertEqual(tokens.count, 1)
        XCTAssertFalse(tokens.contains(old))
        let refreshes = try await server.state.refreshes
        XCTAssertEqual(refreshes, 1)
        let generation = try await server.me(XCTUnwrap(tokens.first))?.generation
        XCTAssertEqual(generation, 1)
    }

    func testACancelledCallerLeavesAtOnceAndTheRefreshGoesOn() async throws {
        let client = try await signedIn()
        try await passToTheEndOfTheToken()
        try await server.order("hold")
        let first = Task { try await client.accessToken() }
        try await eventually("the refresh is at the server") { try await self.server.state.held == 1 }
        first.cancel()
        let outcome = await first.result
        XCTAssertThrowsError(try outcome.get()) { XCTAssert($0 is CancellationError, "\($0)") }
        let held = try await server.state.held
        XCTAssertEqual(held, 1, "it left although the answer is still to come")
        let second = Task { try await client.accessToken() }
        try await eventually("the second waits") { await client.waiting?.count == 1 }
        try await server.order("release")
        let token = try await second.value
        let generation = try await server.me(token)?.generation
        XCTAssertEqual(generation, 1)
        let refreshes = try await server.state.refreshes
        XCTAssertEqual(refreshes, 1)
    }

    func testARefreshThatNobodyWaitsForAnyMoreIsKept() async throws {
        let client = try await signedIn()
        try await passToTheEndOfTheToken()
        try await server.order("hold")
        let only = Task { try await client.accessToken() }
        try await eventually("the refresh is at the server") { try await self.server.state.held == 1 }
        only.cancel()
        _ = await only.result
        try await server.order("release")
        try await eventually("it lands") { await client.waiting == nil }
        let token = try await client.accessToken()
        let (generation, refreshes) = try await (server.me(token)?.generation, server.state.refreshes)
        XCTAssertEqual(generation, 1)
        XCTAssertEqual(refreshes, 1)
        XCTAssertEqual(SessionSnapshot(stored: try XCTUnwrap(storage.load()))?.token, token)
    }

    func testOneThatIsCancelledAlreadyAsksNobody() async throws {
        let client = try await signedIn()
        try await passToTheEndOfTheToken()
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            return try await client.accessToken()
        }
        task.cancel()
        let outcome = await task.result
        XCTAssertThrowsError(try outcome.get()) { XCTAssert($0 is CancellationError) }
        let refreshes = try await server.state.refreshes
        XCTAssertEqual(refreshes, 0)
    }

    func testAGoodTokenIsHandedOutWithoutAsking() async throws {
        let client = try await signedIn()
        let token = try await client.accessToken()
        try await pass(.seconds(15 * 60))
        let later = try await client.accessToken(minTTL: .seconds(14 * 60))
        XCTAssertEqual(later, token)
        let refreshes = try await server.state.refreshes
        XCTAssertEqual(refreshes, 0)
    }

    func testATokenThatIsToLastLongerIsRefreshedButNotInItsFirstHalf() async throws {
        let client = try await signedIn()
        let token = try await client.accessToken(minTTL: .seconds(3600))
        try await pass(.seconds(15 * 60 + 1))
        let later = try await client.accessToken(minTTL: .seconds(3600))
        XCTAssertNotEqual(later, token)
        let refreshes = try await server.state.refreshes
        XCTAssertEqual(refreshes, 1)
    }

    func testATokenThatWasRefusedIsReplacedOnceForAll() async throws {
        let client = try await signedIn()
        let refused = try await client.accessToken()
        let first = try await client.session(replacing: refused)
        let second = try await client.session(replacing: refused)
        XCTAssertEqual(first, second)
        XCTAssertEqual(first.generation, 1)
    }
}
