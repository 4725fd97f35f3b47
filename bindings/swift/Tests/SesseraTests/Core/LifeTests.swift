import Foundation
import Sessera
import XCTest

final class LifeTests: XCTestCase {
    private struct Rights: Codable, Equatable {
        var roles: [String]
        var level: Int
    }

    private let clock = ManualClock()

    override func setUp() {
        clock.set(1_700_000_000_000)
    }

    private func sessions(_ policy: Policy = Policy(), store: Store? = .memory()) throws -> Sessions {
        try Sessions(
            issuer: "https://app.example", audience: "web", keyring: .generate(algorithm: .edDsa), policy: policy,
            store: store, clock: clock)
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

    func testALoginIsVerifiedAndItsClaimsAreTheApplicationsOwnType() throws {
        let sessions = try sessions()
        let rights = Rights(roles: ["editor", "ëditör"], level: 3)
        let issued = try sessions.issue(
            login: NewSession(subject: "user-42", claims: rights, acr: "aal2", amr: ["pwd", "otp"]))
        let session = try sessions.verify(token: issued.token)
        XCTAssertEqual(session, issued.session)
        XCTAssertEqual(session.subject, "user-42")
        XCTAssertEqual(session.amr, ["pwd", "otp"])
        XCTAssertEqual(try session.claims(as: Rights.self), rights)
        XCTAssertThrowsError(try session.claims(as: [Int].self)) { XCTAssert($0 is DecodingError) }
        XCTAssertEqual(session.issuedAt, Date(timeIntervalSince1970: 1_700_000_000))
        XCTAssertEqual(session.expiresAt.timeIntervalSince(session.issuedAt), 30 * 60)
        XCTAssertEqual(session.endsAt.timeIntervalSince(session.startedAt), 12 * 3600)
    }

    func testClaimsMayBeTheJSONItself() throws {
        let text = #"{"level":3}"#
        let issued = try sessions().issue(login: NewSession(subject: "u", claims: text))
        XCTAssertEqual(issued.session.claims, text)
    }

    func testClaimsThatNoTokenMayCarryAreRefused() throws {
        let sessions = try sessions()
        XCTAssertEqual(code { try sessions.issue(login: NewSession(subject: "u", claims: ["iss": "me"])) }, "invalid_claim")
        XCTAssertEqual(code { try sessions.issue(login: NewSession(subject: "u", claims: [1, 2])) }, "invalid_claim")
    }

    func testSpansAreDurations() throws {
        let policy = Policy(idleTimeout: .seconds(60), absoluteTimeout: .seconds(90), grace: .milliseconds(1500))
        let sessions = try sessions(policy)
        XCTAssertEqual(sessions.policy().grace, .milliseconds(1500))
        XCTAssertEqual(policy.renewInterval, .seconds(10))
        XCTAssertEqual(Policy.aal3.idleTimeout, .seconds(15 * 60))
        let token = try sessions.issue(login: NewSession(subject: "u")).token
        clock.set(1_700_000_091_000)
        XCTAssertEqual(code { try sessions.verify(token: token) }, "expired")
        XCTAssertEqual(code { try self.sessions(Policy(grace: .seconds(121))) }, "invalid_config")
    }

    func testEveryVerbDoesWhatItsNameSays() throws {
        let sessions = try sessions()
        let first = try sessions.issue(login: NewSession(subject: "user-42", claims: ["cart": 1]))
        clock.set(1_700_000_010_000)
        let renewed = try sessions.renew(token: first.token, claims: ["cart": 2])
        XCTAssertEqual(renewed.session.generation, 0)
        XCTAssertEqual(try renewed.session.claims(as: [String: Int].self), ["cart": 2])
        let rotated = try sessions.rotate(token: renewed.token)
        XCTAssertEqual(rotated.session.generation, 1)
        XCTAssertTrue(try sessions.verify(token: renewed.token).superseded)
        let elevated = try sessions.elevate(token: rotated.token, elevation: Elevation(claims: ["admin": 1], acr: "aal2"))
        XCTAssertEqual(elevated.session.acr, "aal2")
        XCTAssertEqual(try elevated.session.claims(as: [String: Int].self), ["cart": 2, "admin": 1])
        XCTAssertEqual(code { try sessions.verify(token: rotated.token) }, "superseded")
        let other = try sessions.issue(login: NewSession(subject: "user-42"))
        let kept = try sessions.revokeOthers(token: elevated.token)
        XCTAssertEqual(code { try sessions.verify(token: other.token) }, "revoked")
        XCTAssertEqual(try sessions.verify(token: kept.token).subject, "user-42")
        try sessions.revokeSession(id: kept.session.id)
        XCTAssertEqual(code { try sessions.verify(token: kept.token) }, "revoked")
    }

    func testATokenThatIsUsedTwiceEndsItsSession() throws {
        let sessions = try sessions()
        let first = try sessions.issue(login: NewSession(subject: "u")).token
        let second = try sessions.rotate(token: first).token
        clock.set(1_700_000_011_000)
        XCTAssertEqual(try sessions.rotate(token: first).token, second)
        XCTAssertEqual(try sessions.verify(token: second).generation, 1)
        XCTAssertEqual(try sessions.verify(token: first, client: Client(waited: .seconds(2))).generation, 0)
        XCTAssertEqual(code { try sessions.rotate(token: first) }, "reused")
        XCTAssertEqual(code { try sessions.verify(token: second) }, "revoked")
    }

    func testFiftyRotationsAtOnceGiveOneSuccessor() async throws {
        let sessions = try sessions()
        let first = try sessions.issue(login: NewSession(subject: "u")).token
        let tokens = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<50 { group.addTask { try sessions.rotate(token: first).token } }
            return try await group.reduce(into: Set()) { $0.insert($1) }
        }
        XCTAssertEqual(tokens.count, 1)
    }

    func testAServerWithPublicKeysOnlyVerifies() throws {
        let issuer = try sessions()
        let token = try issuer.issue(login: NewSession(subject: "user-42")).token
        let verifier = try Sessions(
            issuer: "https://app.example", audience: "web", keyring: .fromPublicJwks(text: issuer.keyring().jwks()),
            policy: Policy(binding: .off), clock: clock)
        XCTAssertEqual(try verifier.verify(token: token).subject, "user-42")
        XCTAssertEqual(code { try verifier.issue(login: NewSession(subject: "u")) }, "invalid_key")
        XCTAssertEqual(code { try Keyring.fromPublicJwks(text: issuer.keyring().privateJwks()) }, "invalid_key")
    }

    func testAStoreInAFileIsSharedAndOutlivesWhoOpenedIt() throws {
        let folder = try temporaryFolder()
        let (file, keys) = (folder.appendingPathComponent("sessions.db").path, folder.appendingPathComponent("keys").path)
        try Keyring.generate(algorithm: .hs256).save(path: keys)
        func open() throws -> Sessions {
            try Sessions(
                issuer: "i", audience: "a", keyring: .load(path: keys), store: .sqlite(path: file), clock: clock)
        }
        let token = try open().issue(login: NewSession(subject: "u")).token
        let (one, two) = (try open(), try open())
        XCTAssertEqual(try two.verify(token: token).subject, "u")
        try one.revokeSubject(subject: "u")
        XCTAssertEqual(code { try two.verify(token: token) }, "revoked")
        XCTAssertEqual(code { try open().verify(token: token) }, "revoked")
    }

    func testWhatHappensIsToldToAnObserver() throws {
        final class Listener: Observer, @unchecked Sendable {
            struct Deaf: Error {}
            var events: [Event] = []
            func event(event: Event) throws {
                events.append(event)
                throw Deaf()
            }
        }
        let listener = Listener()
        let sessions = try Sessions(
            issuer: "i", audience: "a", keyring: .generate(algorithm: .hs256), store: .memory(), observer: listener)
        let issued = try sessions.issue(login: NewSession(subject: "user-42"))
        try sessions.revokeSession(id: issued.session.id)
        XCTAssertEqual(code { try sessions.verify(token: issued.token) }, "revoked")
        XCTAssertEqual(listener.events.first?.kind, "session_created")
        XCTAssertEqual(listener.events.first?.subject, "user-42")
        XCTAssertEqual(listener.events.last?.reason, "revoked")
        XCTAssertFalse(listener.events.contains { "\($0)".contains(issued.session.id) })
    }

    func testEveryCodeIsOneOfTheCores() {
        let message = "why"
        let refused: [SessionError] = [
            .Malformed(message: message), .TooLarge(message: message), .UnsupportedAlgorithm(message: message),
            .UnknownKey(message: message), .BadSignature(message: message), .WrongType(message: message),
            .WrongIssuer(message: message), .WrongAudience(message: message), .InvalidClaim(message: message),
            .NotYetValid(message: message), .Expired(message: message), .Ended(message: message),
            .Revoked(message: message), .Reused(message: message), .Superseded(message: message),
            .BindingMismatch(message: message), .ReauthenticationRequired(message: message),
            .CookieInvalid(message: message),
        ]
        // A code that is none of the core's would be answered with 503.
        for error in refused { XCTAssertEqual(error.httpStatus, 401, error.code) }
        XCTAssertEqual(SessionError.CsrfInvalid(message: message).httpStatus, 403)
        let rest: [SessionError] = [
            .RevocationsStale(message: message), .StoreUnavailable(message: message), .InvalidKey(message: message),
            .InvalidConfig(message: message), .RandomnessUnavailable(message: message),
        ]
        XCTAssertEqual(
            rest.map(\.code),
            ["revocations_stale", "store_unavailable", "invalid_key", "invalid_config", "randomness_unavailable"])
        for error in rest { XCTAssertEqual(error.httpStatus, 503, error.code) }
        XCTAssertEqual(Set((refused + rest).map(\.code)).count, 23)
    }

    func testAnErrorHasACodeAStatusAndAMessageWithoutTheToken() throws {
        let sessions = try sessions()
        let token = try sessions.issue(login: NewSession(subject: "u")).token
        let forged = token.dropLast(4) + "AAAA"
        do {
            _ = try sessions.verify(token: String(forged))
            XCTFail("accepted")
        } catch let error as SessionError {
            XCTAssertEqual(error.code, "bad_signature")
            XCTAssertEqual(error.httpStatus, 401)
            XCTAssertFalse("\(error) \(error.localizedDescription)".contains(forged.prefix(40)))
        }
    }
}
