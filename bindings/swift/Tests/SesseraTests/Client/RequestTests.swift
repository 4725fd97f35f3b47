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

    func testTheTokenGoesToItsServerOnly() async throws {
        let client = try await signedIn()
        let port = try XCTUnwrap(server.url.port)
        for foreign in [
            "https://127.0.0.1:\(port)/x", "http://127.0.0.1:\(port + 1)/x", "http://127.0.0.1/x", "http://localhost:\(port)/x",
            "http://127.0.0.1.evil.example:\(port)/x",
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
