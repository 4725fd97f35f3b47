import XCTest

@testable import SesseraClient

final class LostAndStolenTests: SessionClientCase {
    func testALostAnswerWithinTheGraceSignsNobodyOut() async throws {
        let client = try await signedIn()
        try await passToTheEndOfTheToken()
        try await server.order("lose", ["times": 2])
        let session = try await client.session()
        XCTAssertEqual(session.generation, 1, "all three tries led to one successor")
        let (me, refreshes) = try await (server.me(session.token), server.state.refreshes)
        XCTAssertEqual(me?.generation, 1)
        XCTAssertEqual(refreshes, 3)
        XCTAssertEqual(clock.slept.count, 2)
        XCTAssertEqual(client.state, .signedIn(session))
    }

    func testWhenAllAnswersAreLostTheNextCallWithinTheGraceRecovers() async throws {
        let client = try await signedIn()
        try await passToTheEndOfTheToken()
        try await server.order("lose", ["times": 4])
        guard case .offline = await failure(of: { try await client.accessToken() }) else { return XCTFail() }
        guard case .offline = client.state else { return XCTFail("\(client.state)") }
        try await pass(.seconds(9))
        let session = try await client.session()
        XCTAssertEqual(session.generation, 1)
    }

    func testAStolenTokenThatWasUsedFirstSignsOutAsReused() async throws {
        let client = try await signedIn()
        let stolen = try await client.accessToken()
        try await passToTheEndOfTheToken()
        let refreshed = try await server.refresh(with: stolen)
        let thief = try await server.me(XCTUnwrap(refreshed))
        XCTAssertEqual(thief?.generation, 1)
        try await pass(.seconds(11))
        guard case .reused = await failure(of: { try await client.accessToken() }) else { return XCTFail() }
        XCTAssertEqual(client.state, .signedOut(.reused))
        XCTAssertNil(storage.load())
        // And it stays so, without asking again.
        let before = try await server.state.refreshes
        guard case .reused = await failure(of: { try await client.accessToken() }) else { return XCTFail() }
        let after = try await server.state.refreshes
        XCTAssertEqual(before, after)
        // The owner signs in again.
        try await client.signIn(["subject": "user-42"])
        let token = try await client.accessToken()
        let me = try await server.me(token)
        XCTAssertEqual(me?.subject, "user-42")
    }

    func testARevokedSessionSignsOutAsRevoked() async throws {
        let client = try await signedIn()
        try await passToTheEndOfTheToken()
        try await server.order("revoke", ["subject": "user-42"])
        guard case .revoked = await failure(of: { try await client.accessToken() }) else { return XCTFail() }
        XCTAssertEqual(client.state, .signedOut(.revoked))
    }

    func testASessionThatWasIdleForTooLongSignsOutAsExpired() async throws {
        let client = try await signedIn()
        try await pass(.seconds(31 * 60))
        guard case .expired = await failure(of: { try await client.accessToken() }) else { return XCTFail() }
        XCTAssertEqual(client.state, .signedOut(.expired))
    }

    func testATokenThatLastsAsLongAsItsSessionIsNotRefreshedForNothing() async throws {
        let client = try await signedIn()
        for _ in 0..<24 {
            try await pass(.seconds(29 * 60 + 50))
            _ = try await client.accessToken()
        }
        // 4 minutes before the absolute end of 12 hours: no refresh could give more.
        let session = try await client.session()
        XCTAssertEqual(session.expiresAt, session.endsAt)
        try await pass(.seconds(200))
        let before = try await server.state.refreshes
        let token = try await client.accessToken(minTTL: .seconds(600))
        let after = try await server.state.refreshes
        XCTAssertEqual(before, after)
        XCTAssertEqual(token, session.token)
    }

    func testCredentialsThatAreRefusedSayWhatTheServerSays() async throws {
        let client = client()
        guard case .refused(let code) = await failure(of: { try await client.signIn(["subject": ""]) }) else {
            return XCTFail()
        }
        XCTAssertEqual(code, "invalid_claim")
        XCTAssertEqual(client.state, .signedOut(.notSignedIn))
    }
}
