import Foundation
import XCTest

@testable import SesseraClient

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// Answers that the server would not give: they end no session, spoil none, and hold nobody up.
final class HostileServerTests: SessionClientCase {
    /// A session, as the server would tell it, with something else in it; `nil` leaves a member out.
    private func told(_ held: SessionSnapshot, _ changed: [String: String?] = [:]) -> String {
        let millis = { (date: Date) in String(Int64(date.timeIntervalSince1970 * 1000)) }
        let members: [String: String?] = [
            "token": "\"\(held.token)\"", "subject": "\"\(held.subject)\"", "session": "\"\(held.session)\"",
            "generation": "\(held.generation + 1)", "expires_at": millis(held.expiresAt), "ends_at": millis(held.endsAt),
            "now": millis(held.receivedAt),
        ]
        let all = members.merging(changed) { $1 }.compactMapValues { $0 }
        return "{" + all.map { "\"\($0)\":\($1)" }.joined(separator: ",") + "}"
    }

    /// Refreshes get this answer, and the session is as it was. The error does not tell the token.
    private func harmless(
        _ what: String, _ status: Int, type: String = "application/json", repeated: Int = 1,
        body: (SessionSnapshot) -> String
    ) async throws {
        storage.remove()
        let client = try await signedIn()
        let held = try await client.session()
        try await passToTheEndOfTheToken()
        try await server.forge(
            status, body(held), headers: ["Content-Type": type], times: 4, repeated: repeated)
        guard case .offline(let cause) = await failure(of: { try await client.accessToken() }) else { return XCTFail(what) }
        var dumped = ""
        dump(cause, to: &dumped)
        XCTAssertFalse(dumped.contains(held.token), what)
        XCTAssertEqual(client.state, .offline(held), what)
        XCTAssertEqual(SessionSnapshot(stored: try XCTUnwrap(storage.load())), held, what)
        try await server.forge(status, times: 0)
        let next = try await client.session()
        XCTAssertEqual(next.generation, held.generation + 1, what)
    }

    func testAnAnswerThatIsNotInTheServersWordsEndsNoSession() async throws {
        let deep = String(repeating: "[", count: 30_000)
        for (what, body) in [
            ("nothing", ""), ("no JSON", "\u{0}\u{1}\u{ffff}"), ("not an object", "[]"), ("null", "null"),
            ("an empty object", "{}"), ("deep", deep),
        ] { try await harmless(what, 200) { _ in body } }
        let changes: [(String, [String: String?])] = [
            ("no token", ["token": nil]), ("a null token", ["token": "null"]), ("a list as token", ["token": "[1]"]),
            ("an empty token", ["token": "\"\""]), ("a token with lines", ["token": "\"a\\r\\nX-Evil: b\""]),
            ("a token of other letters", ["token": "\"t\u{f6}ken\""]),
            ("a token too long", ["token": "\"\(String(repeating: "a", count: 8193))\""]),
            ("a generation too large", ["generation": "1e999"]), ("a generation below zero", ["generation": "-1"]),
            ("an instant too large", ["expires_at": "99999999999999999999999999"]),
            ("deep in what is unknown", ["x": deep]),
        ]
        for (what, change) in changes { try await harmless(what, 200) { self.told($0, change) } }
        try await harmless("cut short", 200) { String(self.told($0).dropLast()) }
        try await harmless("and more", 200) { self.told($0) + "}" }
        try await harmless("another type", 200, type: "text/html") { self.told($0) }
        try await harmless("a portal's refusal", 401, type: "text/html; charset=utf-8") { _ in #"{"code":"revoked"}"# }
        for body in ["", "{}", "<html>", #"{"code":null}"#, #"{"code":""}"#] {
            try await harmless("401 \(body)", 401) { _ in body }
        }
        for status in [201, 204, 206, 300, 302, 304, 400, 404, 418, 500, 502] {
            try await harmless("\(status)", status) { self.told($0) }
        }
    }

    func testACodeThatRepeatsTheTokenIsNotToldOn() async throws {
        let client = try await signedIn()
        let token = try await client.accessToken()
        for code in [token, "revoked \(token)", String(repeating: "a", count: 65)] {
            try await passToTheEndOfTheToken()
            try await server.forge(401, "{\"code\":\"\(code)\"}", times: 4)
            guard case .offline(.foreignAnswer(401)) = await failure(of: { try await client.accessToken() }) else {
                return XCTFail(code)
            }
            try await server.forge(401, times: 0)
            _ = try await client.session()
        }
    }

    func testAnAnswerAboutAnotherSessionIsNotTakenForThisOne() async throws {
        let client = try await signedIn()
        _ = try await client.session(replacing: client.accessToken())
        for changed in [["session": "\"other\""], ["subject": "\"mallory\""], ["generation": "0"]] {
            try await passToTheEndOfTheToken()
            let held = try await client.session(minTTL: .zero)
            try await server.forge(200, told(held, changed), times: 4)
            guard case .offline = await failure(of: { try await client.accessToken() }) else { return XCTFail("\(changed)") }
            XCTAssertEqual(SessionSnapshot(stored: try XCTUnwrap(storage.load())), held)
            try await server.forge(200, times: 0)
            let next = try await client.session()
            XCTAssertEqual(next.generation, held.generation + 1)
        }
    }

    func testAnAbsurdDateEndsNothingButWhatTheAnswerEnds() async throws {
        for date in ["Fri, 31 Dec 9999 23:59:59 GMT", "Thu, 01 Jan 1970 00:00:00 GMT", "yesterday", ""] {
            let client = try await signedIn()
            let first = try await client.accessToken()
            try await server.forge(
                401, #"{"code":"revoked"}"#, headers: ["Content-Type": "application/json", "Date": date])
            guard case .revoked = await failure(of: { try await client.session(replacing: first) }) else {
                return XCTFail(date)
            }
            let token = try await client.signIn(["subject": "user-42"]).token
            let good = try await client.accessToken()
            XCTAssertEqual(good, token, date)
            try await passToTheEndOfTheToken()
            let next = try await client.accessToken()
            XCTAssertNotEqual(next, token, date)
        }
    }

    func testABodyWithoutEndIsCutOff() async throws {
        try await harmless("64 MB", 200, repeated: 1024) { _ in String(repeating: "a", count: 65_536) }
        try await harmless("too much, and a session", 200) {
            String(repeating: " ", count: TransportResponse.limit) + self.told($0)
        }
    }

    func testAnAnswerThatComesByteByByteCountsAsLostInTime() async throws {
        let token = try await signedIn().accessToken()
        try await server.forge(200, "{", times: 4, repeated: 100_000, pause: .milliseconds(50))
        let client = client(requestTimeout: .milliseconds(500))
        guard case .offline = await failure(of: { try await client.session(replacing: token) }) else { return XCTFail() }
        try await server.forge(200, times: 0)
        XCTAssertEqual(SessionSnapshot(stored: try XCTUnwrap(storage.load()))?.token, token)
    }

    func testATransportThatKeepsNoTimeIsLeftInTime() async throws {
        /// As a `URLSession` whose time limit begins anew with every byte.
        struct Endless: Transport {
            func send(_: TransportRequest) async throws -> TransportResponse {
                try await Task.sleep(for: .seconds(3600))
                throw URLError(.timedOut)
            }
        }
        let token = try await signedIn().accessToken()
        let client = client(Endless(), requestTimeout: .milliseconds(20))
        guard case .offline = await failure(of: { try await client.session(replacing: token) }) else { return XCTFail() }
        XCTAssertEqual(clock.slept.count, 3)
    }

    func testAPauseThatTheServerAsksForHasAnEnd() async throws {
        let client = try await signedIn()
        for asked in ["99999999999999999999", "9223372036854775807", "-5", "soon", "1.5", ""] {
            try await passToTheEndOfTheToken()
            let held = try await client.session(minTTL: .zero)
            try await server.forge(503, headers: ["Retry-After": asked], times: 4)
            guard case .offline = await failure(of: { try await client.accessToken() }) else { return XCTFail(asked) }
            try await server.forge(503, times: 0)
            clock.advance(by: .seconds(3600))
            let next = try await client.session()
            XCTAssertEqual(next.generation, held.generation + 1, asked)
        }
    }
}
