import XCTest

@testable import SesseraClient

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

final class RequestTests: SessionClientCase {
    private var me: URLRequest { URLRequest(url: server.url.appendingPathComponent("me")) }

    func testARequestIsSentWithTheToken() async throws {
        let client = try await signedIn()
        let (body, response) = try await URLSession.shared.data(for: me, with: client)
        XCTAssertEqual(response.statusCode, 200)
        XCTAssertEqual(try JSONDecoder().decode(TestServer.Me.self, from: body).subject, "user-42")
    }

    func testATokenThatTheServerRefusesIsRefreshedOnce() async throws {
        let client = try await signedIn()
        try await server.order("refuse", ["times": 1])
        let (body, response) = try await URLSession.shared.data(for: me, with: client)
        XCTAssertEqual(response.statusCode, 200)
        XCTAssertEqual(try JSONDecoder().decode(TestServer.Me.self, from: body).generation, 1)
        try await server.order("refuse", ["times": 2])
        let (_, refused) = try await URLSession.shared.data(for: me, with: client)
        XCTAssertEqual(refused.statusCode, 401, "and not again and again")
        let refreshes = try await server.state.refreshes
        XCTAssertEqual(refreshes, 2)
    }

    func testARevokedSessionIsFoundOutByARequest() async throws {
        let client = try await signedIn()
        try await server.order("revoke", ["subject": "user-42"])
        let request = me
        guard case .revoked = await failure(of: { try await URLSession.shared.data(for: request, with: client) }) else {
            return XCTFail()
        }
        XCTAssertEqual(client.state, .signedOut(.revoked))
    }

    func testARedirectToAnotherServerGoesWithoutTheToken() async throws {
        let client = try await signedIn()
        let token = try await client.accessToken()
        let elsewhere = try await server.elsewhere
        for status in [301, 302, 303, 307, 308] {
            try await server.forge(status, to: "me", headers: ["Location": elsewhere.absoluteString])
            _ = try await URLSession.shared.data(for: me, with: client)
            try await server.forge(status, headers: ["Location": elsewhere.absoluteString], times: 4)
            guard case .offline(.foreignAnswer(status)) = await failure(of: { try await client.session(replacing: token) })
            else { return XCTFail("\(status)") }
        }
        let state = try await server.state
        XCTAssertEqual(state.strayed, 5, "the app's requests alone were followed")
        XCTAssertEqual(state.shown, 0)
        // Within the server it stays.
        try await server.forge(307, to: "me", headers: ["Location": me.url!.absoluteString])
        let (_, response) = try await URLSession.shared.data(for: me, with: client)
        XCTAssertEqual(response.statusCode, 200)
    }

    func testACancelledRequestEndsAtOnce() async throws {
        let client = try await signedIn()
        try await server.forge(200, "a", to: "me", repeated: 100_000, pause: .milliseconds(50))
        let request = me
        let task = Task { try await URLSession.shared.data(for: request, with: client) }
        try await Task.sleep(for: .milliseconds(1))
        task.cancel()
        let outcome = await task.result
        XCTAssertThrowsError(try outcome.get())
    }

    func testTheTokenGoesToItsServerOnly() async throws {
        let client = try await signedIn()
        let port = try XCTUnwrap(server.url.port)
        for foreign in [
            "https://127.0.0.1:\(port)/x", "http://127.0.0.1:\(port + 1)/x", "http://127.0.0.1/x", "http://localhost:\(port)/x",
            "http://127.0.0.1.evil.example:\(port)/x", "http://127.0.0.1:\(port)@evil.example/x",
        ] {
            let request = URLRequest(url: try XCTUnwrap(URL(string: foreign)))
            guard case .foreignRequest = await failure(of: { try await client.authorized(request) }) else {
                return XCTFail(foreign)
            }
        }
        let own = try await client.authorized(URLRequest(url: server.url.appendingPathComponent("any/where")))
        XCTAssertEqual(own.value(forHTTPHeaderField: "Authorization")?.hasPrefix("Bearer "), true)
    }
}
