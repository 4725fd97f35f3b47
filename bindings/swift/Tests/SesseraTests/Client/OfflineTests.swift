import XCTest

@testable import SesseraClient

final class OfflineTests: SessionClientCase {
    func testWithoutAServerTheSessionIsKeptAndComesBack() async throws {
        let transport = Cable()
        let client = try await signedIn(transport)
        try await passToTheEndOfTheToken()
        transport.isCut = true
        guard case .offline(.transport) = await failure(of: { try await client.accessToken() }) else { return XCTFail() }
        XCTAssertEqual(clock.slept.count, 3, "four tries")
        guard case .offline(let kept) = client.state else { return XCTFail("\(client.state)") }
        XCTAssertEqual(kept.generation, 0)
        // What the token still has is there for who asks for no more.
        let last = try await client.accessToken(minTTL: .seconds(5))
        XCTAssertEqual(last, kept.token)
        transport.isCut = false
        let session = try await client.session()
        XCTAssertEqual(session.generation, 1)
        XCTAssertEqual(client.state, .signedIn(session))
    }

    func testPausesGrowToTheirCapAndAreRandom() {
        let policy = RetryPolicy(base: .milliseconds(250), cap: .seconds(1), jitter: { 1 })
        XCTAssertEqual((1...4).map(policy.delay(after:)), [.milliseconds(250), .milliseconds(500), .seconds(1), .seconds(1)])
        XCTAssertEqual([32, 33, .max].map(policy.delay(after:)), [.seconds(1), .seconds(1), .seconds(1)])
        XCTAssertEqual(RetryPolicy(jitter: { 0 }).delay(after: 3), .zero)
        XCTAssertGreaterThan(Set((0..<50).map { _ in RetryPolicy().delay(after: 3) }).count, 1)
    }

    func testAServerThatAsksForAShortPauseGetsIt() async throws {
        let client = try await signedIn()
        try await passToTheEndOfTheToken()
        try await server.order("unavailable", ["times": 2, "retry_after": 2])
        let session = try await client.session()
        XCTAssertEqual(session.generation, 1)
        XCTAssertEqual(clock.slept, [.seconds(2), .seconds(2)])
    }

    func testAServerThatAsksForALongPauseIsLeftAlone() async throws {
        let client = try await signedIn()
        try await passToTheEndOfTheToken()
        try await server.order("unavailable", ["times": 1, "retry_after": 20])
        for _ in 0..<3 {
            guard case .offline(.unavailable) = await failure(of: { try await client.accessToken() }) else {
                return XCTFail()
            }
        }
        let refreshes = try await server.state.refreshes
        XCTAssertEqual(refreshes, 1)
        try await pass(.seconds(20))
        let session = try await client.session()
        XCTAssertEqual(session.generation, 1)
    }

    func testWhatAPortalSaysEndsNoSession() async throws {
        for (status, body) in [(401, "<html>log in</html>"), (200, "<html>welcome</html>"), (302, ""), (500, "{}"), (204, "")] {
            let transport = Cable()
            let client = try await signedIn(transport)
            try await passToTheEndOfTheToken()
            transport.portal = TransportResponse(
                status: status, headers: ["Content-Type": "application/json"], body: Data(body.utf8))
            guard case .offline(.foreignAnswer(status)) = await failure(of: { try await client.accessToken() }) else {
                return XCTFail("\(status)")
            }
            transport.portal = nil
            let session = try await client.session()
            XCTAssertEqual(session.generation, 1, "\(status)")
        }
    }

    func testStatesTellWhatHappens() async throws {
        let transport = Cable()
        let client = client(transport)
        let seen = Seen()
        let states = client.states
        let watching = Task { for await state in states { seen.add(state) } }
        try await client.signIn(["subject": "user-42"])
        try await passToTheEndOfTheToken()
        transport.isCut = true
        _ = await failure(of: { try await client.accessToken() })
        transport.isCut = false
        _ = try await client.accessToken()
        try await client.signOut()
        try await eventually("it is told that nobody is signed in") { seen.all.last == "signed out signedOut" }
        watching.cancel()
        XCTAssertEqual(
            seen.all,
            [
                "signed out notSignedIn", "signed in 0", "refreshing 0", "offline 0", "refreshing 0", "signed in 1",
                "signed out signedOut",
            ])
    }
}

/// The way to the real server, which can be cut, or end at a portal. Neither can be had with a server of our own.
final class Cable: Transport, @unchecked Sendable {
    private let real = URLSessionTransport()
    private let lock = NSLock()
    private var cut = false
    private var answer: TransportResponse?

    var isCut: Bool {
        get { lock.withLock { cut } }
        set { lock.withLock { cut = newValue } }
    }

    var portal: TransportResponse? {
        get { lock.withLock { answer } }
        set { lock.withLock { answer = newValue } }
    }

    func send(_ request: TransportRequest) async throws -> TransportResponse {
        try Task.checkCancellation()
        if isCut { throw URLError(.notConnectedToInternet) }
        if let portal { return portal }
        return try await real.send(request)
    }
}

/// States, as they were told.
private final class Seen: @unchecked Sendable {
    private let lock = NSLock()
    private var states: [String] = []

    var all: [String] { lock.withLock { states } }

    func add(_ state: SessionState) {
        let told =
            switch state {
            case .signedIn(let session): "signed in \(session.generation)"
            case .refreshing(let session): "refreshing \(session.generation)"
            case .offline(let session): "offline \(session.generation)"
            case .signedOut(let reason): "signed out \(reason)"
            }
        lock.withLock { states.append(told) }
    }
}
