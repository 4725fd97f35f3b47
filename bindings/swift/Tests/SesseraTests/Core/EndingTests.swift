import Foundation
import Sessera
import XCTest

/// Logout, reuse, visitors, and the limits of a deployment.
final class EndingTests: XCTestCase {
    private final class Listener: Observer, @unchecked Sendable {
        var events: [Event] = []
        func event(event: Event) { events.append(event) }
    }

    private let clock = ManualClock()

    override func setUp() {
        clock.set(1_700_000_000_000)
    }

    private func sessions(
        observer: (any Observer)? = nil, listSessions: Bool? = nil, maxSessions: UInt32? = nil, maxData: UInt32? = nil,
        maxVisitorData: UInt32? = nil
    ) throws -> Sessions {
        try Sessions(
            issuer: "https://app.example", audience: "web", keyring: .generate(algorithm: .hs256), store: .memory(),
            clock: clock, observer: observer, listSessions: listSessions, maxSessions: maxSessions, maxData: maxData,
            maxVisitorData: maxVisitorData)
    }

    private func code(_ work: () throws -> some Any, line: UInt = #line) -> String? {
        do {
            _ = try work()
            XCTFail("did not fail", line: line)
            return nil
        } catch {
            return (error as? SessionError)?.code
        }
    }

    func testAStoreHasTheQuotaAndTheAccessThatItIsGiven() throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: file) }
        let stores = [Store.memory(quota: 7), try Store.sqlite(path: file.path, quota: 7, groupAccess: true)]
        for store in stores {
            let sessions = try Sessions(
                issuer: "https://app.example", audience: "web", keyring: .generate(algorithm: .hs256), store: store)
            XCTAssertEqual(sessions.status().quota, 7)
        }
        let mode = try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? NSNumber
        XCTAssertEqual(mode?.intValue, 0o660)
    }

    func testARenewalMovesIssuedAtAndARotationMovesRotatedAt() throws {
        let sessions = try sessions()
        let first = try sessions.issue(login: NewSession(subject: "user-42"))
        clock.set(1_700_000_300_000)
        let renewed = try sessions.renew(token: first.token).session
        XCTAssertEqual(renewed.issuedAt, Date(timeIntervalSince1970: 1_700_000_300))
        XCTAssertEqual(renewed.rotatedAt, first.session.issuedAt)
        XCTAssertFalse(renewed.renewDue)
        XCTAssertTrue(renewed.rotationDue)
        let rotated = try sessions.rotate(token: first.token).session
        XCTAssertEqual(rotated.rotatedAt, Date(timeIntervalSince1970: 1_700_000_300))
        XCTAssertFalse(rotated.rotationDue)
    }

    func testALogoutEndsTheSessionOfAnExpiredToken() throws {
        let sessions = try sessions()
        let token = try sessions.issue(login: NewSession(subject: "user-42")).token
        clock.set(1_700_001_860_000)
        XCTAssertEqual(code { try sessions.verify(token: token) }, "expired")
        XCTAssertEqual(try sessions.end(token: token), .stored)
        XCTAssertEqual(code { try sessions.verify(token: token) }, "revoked")
        XCTAssertNil(try sessions.end(token: token))
    }

    func testALoginEndsTheSessionOfTheTokenThatItReplaces() throws {
        let sessions = try sessions()
        let old = try sessions.issue(login: NewSession(subject: "user-42")).token
        let new = try sessions.issue(login: NewSession(subject: "user-42", claims: ["n": 1], replaces: old)).token
        XCTAssertEqual(code { try sessions.verify(token: old) }, "revoked")
        XCTAssertEqual(try sessions.verify(token: new).subject, "user-42")
        let visitor = try sessions.issueVisitor().token
        XCTAssertNoThrow(try sessions.issue(login: NewSession(subject: "user-42", replaces: visitor)))
    }

    func testEachRevocationReturnsHowFarItHasCome() throws {
        let sessions = try sessions()
        let id = try sessions.issue(login: NewSession(subject: "user-42")).session.id
        XCTAssertEqual(try sessions.revokeSession(id: id), .stored)
        XCTAssertEqual(try sessions.revokeSubject(subject: "user-42"), .stored)
        XCTAssertEqual(try sessions.revokeAll(), .stored)
        XCTAssertEqual(try sessions.revokeKey(kid: "other"), .stored)
        XCTAssertEqual(sessions.status().pending, 0)
        XCTAssertGreaterThan(sessions.status().quota, sessions.status().marks)
    }

    func testAReuseIsAnEventWithWhatIsKnownOfTheToken() throws {
        let listener = Listener()
        let sessions = try sessions(observer: listener)
        let client = Client(ip: "203.0.113.7")
        let first = try sessions.issue(login: NewSession(subject: "user-42"), client: client).token
        let second = try sessions.rotate(token: first, client: client).token
        XCTAssertEqual(try sessions.verify(token: second, client: client).generation, 1)
        clock.set(1_700_000_011_000)
        XCTAssertEqual(code { try sessions.verify(token: first, client: Client(ip: "198.51.100.1")) }, "reused")
        XCTAssertEqual(listener.events.filter { $0.reuse != nil }.map(\.kind), ["authn_token_reuse"])
        let reuse = try XCTUnwrap(listener.events.compactMap(\.reuse).first)
        XCTAssertEqual(reuse.replacedAgo, .seconds(11))
        XCTAssertEqual(reuse.generations, 1)
        XCTAssertEqual(reuse.binding.ip, .differed)
    }

    func testAVisitorsTokenIsNoSession() throws {
        let sessions = try sessions()
        let visitor = try sessions.issueVisitor(claims: ["basket": "tea"])
        XCTAssertEqual(code { try sessions.verify(token: visitor.token) }, "wrong_type")
        XCTAssertEqual(try sessions.verifyVisitor(token: visitor.token), visitor.session)
        XCTAssertEqual(try sessions.verifyWithVisitors(token: visitor.token).subject, "~anonymous")
        let user = try sessions.issue(login: NewSession(subject: "user-42")).token
        XCTAssertEqual(code { try sessions.verifyVisitor(token: user) }, "wrong_type")
        XCTAssertEqual(try sessions.verifyWithVisitors(token: user).subject, "user-42")
        let same = try sessions.renewVisitor(token: visitor.token).session
        XCTAssertEqual(try same.claims(as: [String: String].self), ["basket": "tea"])
        let changed = try sessions.renewVisitor(token: visitor.token, claims: ["basket": "rice"]).session
        XCTAssertEqual(changed.id, visitor.session.id)
        XCTAssertEqual(try changed.claims(as: [String: String].self), ["basket": "rice"])
        let text = #"{"basket":"text"}"#
        XCTAssertEqual(try sessions.issueVisitor(claims: text).session.claims, text)
        XCTAssertEqual(try sessions.issueVisitor().session.claims, "{}")
    }

    func testSessionDataHasALimitAndVisitorsDataItsOwn() throws {
        let sessions = try sessions(maxData: 4, maxVisitorData: 2)
        let user = try sessions.issue(login: NewSession(subject: "user-42")).session
        let visitor = try sessions.issueVisitor().session
        XCTAssertNoThrow(try sessions.putData(session: user, data: Data(count: 4)))
        XCTAssertEqual(code { try sessions.putData(session: user, data: Data(count: 5)) }, "too_large")
        XCTAssertNoThrow(try sessions.putData(session: visitor, data: Data(count: 2)))
        XCTAssertEqual(code { try sessions.putData(session: visitor, data: Data(count: 3)) }, "too_large")
    }

    func testALimitOnSessionsNeedsTheList() throws {
        let limited = try sessions(maxSessions: 1)
        let old = try limited.issue(login: NewSession(subject: "user-42")).token
        _ = try limited.issue(login: NewSession(subject: "user-42"))
        XCTAssertEqual(code { try limited.verify(token: old) }, "revoked")
        XCTAssertEqual(code { try self.sessions(listSessions: false, maxSessions: 1) }, "invalid_config")
    }

    func testRememberedUsersKeepWithinTheLimitOfAPolicy() {
        let days = Duration.seconds(30 * 24 * 3600)
        XCTAssertEqual(Policy().rememberedFor(days).idleTimeout, days)
        XCTAssertEqual(Policy().rememberedFor(days).absoluteTimeout, days)
        XCTAssertNil(Policy().rememberLimit)
        XCTAssertEqual(Policy.aal3.rememberLimit, .seconds(12 * 3600))
        XCTAssertEqual(Policy.aal3.rememberedFor(days).absoluteTimeout, .seconds(12 * 3600))
        XCTAssertEqual(Policy.aal3.rememberedFor(days).idleTimeout, .seconds(15 * 60))
    }

    func testAKeyringFindsItsKeysByName() throws {
        let keyring = try Keyring.generate(algorithm: .edDsa)
        XCTAssertTrue(keyring.has(kid: try XCTUnwrap(keyring.keys().first).kid))
        XCTAssertFalse(keyring.has(kid: "other"))
    }
}
