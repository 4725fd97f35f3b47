import Foundation
import SesseraClient
import XCTest

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// A world of its own at the server of `tests/session_server`, whose README says what it answers.
struct TestServer {
    let url: URL

    /// `scripts/swift-test.sh` starts the server, and says here where it is.
    init() throws {
        let address = try XCTUnwrap(
            ProcessInfo.processInfo.environment["SESSERA_TEST_SERVER"], "run these with scripts/swift-test.sh")
        url = try XCTUnwrap(URL(string: "\(address)/\(UUID().uuidString)"))
    }

    struct State: Decodable {
        var logins: Int
        var refreshes: Int
        var logouts: Int
        var held: Int
        /// The port of another origin, where no token belongs; who came there, and who of them showed one.
        var elsewhere: Int
        var strayed: Int
        var shown: Int
        var now: Int64
    }

    struct Me: Decodable {
        var subject: String
        var generation: Int
    }

    var state: State {
        get async throws { try await JSONDecoder().decode(State.self, from: call("GET", "test/state").body) }
    }

    /// Does what the test control of that name does.
    func order(_ control: String, _ arguments: [String: Any] = [:]) async throws {
        let answer = try await call("POST", "test/\(control)", body: arguments)
        XCTAssertEqual(answer.status, 200)
    }

    /// The next so many requests of this name (`login`, `refresh`, `me`) get this answer, and are not done.
    func forge(
        _ status: Int, _ body: String = "", to name: String = "refresh",
        headers: [String: String] = ["Content-Type": "application/json"], times: Int = 1, repeated: Int = 1,
        pause: Duration = .zero
    ) async throws {
        try await order(
            "forge",
            [
                "to": name, "times": times, "status": status, "headers": headers, "body": body, "repeat": repeated,
                "pause": Int(pause / .milliseconds(1)),
            ])
    }

    /// A place at the other origin, which counts who comes.
    var elsewhere: URL {
        get async throws {
            var parts = try XCTUnwrap(URLComponents(url: url, resolvingAgainstBaseURL: false))
            parts.port = try await state.elsewhere
            return try XCTUnwrap(parts.url).appendingPathComponent("x")
        }
    }

    /// A refresh by someone who holds a copy of the token: the new token; nil if it is refused.
    func refresh(with token: String) async throws -> String? {
        struct Refreshed: Decodable { var token: String }
        let answer = try await call("POST", "session/refresh", token: token)
        return answer.status == 200 ? try JSONDecoder().decode(Refreshed.self, from: answer.body).token : nil
    }

    /// Whom an app's own route takes the token for; nil if it refuses it.
    func me(_ token: String) async throws -> Me? {
        let answer = try await call("GET", "me", token: token)
        return answer.status == 200 ? try JSONDecoder().decode(Me.self, from: answer.body) : nil
    }

    private func call(_ method: String, _ path: String, token: String? = nil, body: [String: Any] = [:]) async throws
        -> TransportResponse
    {
        var headers = ["Content-Type": "application/json"]
        headers["Authorization"] = token.map { "Bearer \($0)" }
        let sent = method == "GET" ? nil : try JSONSerialization.data(withJSONObject: body)
        return try await URLSessionTransport().send(
            TransportRequest(
                method: method, url: url.appendingPathComponent(path), headers: headers, body: sent,
                timeout: .seconds(60)))
    }
}

/// Waits for a condition, and fails when it does not come.
func eventually(_ what: String, _ condition: () async throws -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(60)
    while try await !condition() {
        guard ContinuousClock.now < deadline else { return XCTFail("never came: \(what)") }
        try await Task.sleep(for: .milliseconds(5))
    }
}

/// The error that the work ends with.
func failure(of work: () async throws -> some Any, line: UInt = #line) async -> SessionClientError? {
    do {
        _ = try await work()
        XCTFail("did not fail", line: line)
        return nil
    } catch let error as SessionClientError {
        return error
    } catch {
        XCTFail("failed with \(error)", line: line)
        return nil
    }
}
