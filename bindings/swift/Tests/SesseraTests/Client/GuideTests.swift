import Foundation
import Sessera
import XCTest

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// What the documentation shows, between the marks that it names: docs/how-to/swift.md.
final class GuideTests: SessionClientCase {
    private var folder: URL!

    override func setUp() async throws {
        try await super.setUp()
        folder = try temporaryFolder()
    }

    func testTheExampleOfAServerThatIssuesSessionsWorks() throws {
        let file = folder.appendingPathComponent("sessions.db").path
        // [issue]
        let sessions = try Sessions(
            issuer: "https://app.example", audience: "web", keyring: .generate(algorithm: .edDsa),
            policy: Policy(idleTimeout: .seconds(1800)), store: .sqlite(path: file))
        let issued = try sessions.issue(login: NewSession(subject: "user-42", claims: ["roles": ["editor"]]))
        let session = try sessions.verify(token: issued.token)
        let roles = try session.claims(as: [String: [String]].self)["roles"]
        try sessions.revokeSession(id: session.id)
        // [end]
        XCTAssertEqual(session.subject, "user-42")
        XCTAssertEqual(roles, ["editor"])
        XCTAssertThrowsError(try sessions.verify(token: issued.token)) {
            XCTAssertEqual(($0 as? SessionError)?.code, "revoked")
        }
    }

    func testTheExampleOfAServerThatOnlyVerifiesWorks() throws {
        let keyring = try Keyring.generate(algorithm: .edDsa)
        let issuer = try Sessions(
            issuer: "https://app.example", audience: "web", keyring: keyring, store: .memory())
        let token = try issuer.issue(login: NewSession(subject: "user-42")).token
        let jwks = keyring.jwks()
        var logged: [String] = []
        func log(_ text: String) { logged.append(text) }
        // [verify]
        // The issuer's public keys, from its /.well-known/jwks.json.
        let verifier = try Sessions(
            issuer: "https://app.example", audience: "web", keyring: .fromPublicJwks(text: jwks),
            policy: Policy(binding: .off))

        func answer(_ authorization: String) -> (status: Int, text: String) {
            do {
                let session = try verifier.verify(token: String(authorization.dropFirst("Bearer ".count)))
                return (200, "Hello \(session.subject)")
            } catch let refused as SessionError {
                // The code is for the log. Who asks learns no more than the status.
                log(refused.code)
                return (refused.httpStatus, "")
            } catch {
                return (500, "")
            }
        }
        // [end]
        XCTAssertEqual(answer("Bearer \(token)").text, "Hello user-42")
        XCTAssertEqual(answer("Bearer \(token)x").status, 401)
        XCTAssertEqual(answer("").status, 401)
        XCTAssertEqual(logged, ["malformed", "malformed"])
    }

    func testTheExampleOfAnAppWorks() async throws {
        let baseURL = server.url
        let file = folder.appendingPathComponent("session")
        // [client]
        let client = SessionClient(baseURL: baseURL, storage: FileStorage(file))
        try await client.signIn(["subject": "user-42"])
        let token = try await client.accessToken(minTTL: .seconds(30))
        // [end]
        let me = try await server.me(token)
        XCTAssertEqual(me?.subject, "user-42")
        func show(_ text: String) { shown.append(text) }
        var shown: [String] = []
        // [states]
        for await state in client.states {
            switch state {
            case .signedIn(let session): show("Welcome, \(session.subject)")
            case .refreshing: show("…")
            case .offline: show("No connection")
            case .signedOut(let reason): show("Please sign in: \(reason)")
            }
            // [end]
            break
        }
        XCTAssertEqual(shown, ["Welcome, user-42"])
        // [requests]
        let request = URLRequest(url: baseURL.appendingPathComponent("me"))
        let (data, response) = try await URLSession.shared.data(for: request, with: client)
        // [end]
        XCTAssertEqual(response.statusCode, 200)
        XCTAssert(String(decoding: data, as: UTF8.self).contains("user-42"))
        // [errors]
        func open() async -> String {
            do {
                _ = try await client.accessToken()
                return "home"
            } catch SessionClientError.offline {
                return "offline" // The session is kept: try again later.
            } catch SessionClientError.storage {
                return "locked" // So is this one: the device was not unlocked yet, say.
            } catch {
                return "login" // expired, revoked, reused, keyLost, unreadable, refused, notSignedIn.
            }
        }
        // [end]
        let first = await open()
        XCTAssertEqual(first, "home")
        try await client.signOut()
        let next = await open()
        XCTAssertEqual(next, "login")
    }

    func testTheExampleOfASessionThatIsBoundToAKeyWorks() async throws {
        let baseURL = server.url
        let file = folder.appendingPathComponent("session")
        let proofKeys = InMemoryProofKeys()
        // [bound]
        let client = SessionClient(baseURL: baseURL, storage: FileStorage(file), proofKeys: proofKeys)
        let session = try await client.signIn(["subject": "user-42"])
        assert(session.keyThumbprint == proofKeys.load()?.thumbprint())
        // [end]
        let me = try await server.me(session.token)
        XCTAssertNil(me)
    }

    // [storage]
    /// Keeps a session in a dictionary, as a test would; a key store's own throws what it has to say.
    final class DictionaryStorage: SessionStorage, @unchecked Sendable {
        private let lock = NSLock()
        private var kept: [String: Data] = [:]

        func load() throws -> Data? { lock.withLock { kept["session"] } }
        // Afterwards either the old or the new must be there, whatever happens meanwhile.
        func save(_ data: Data) throws { lock.withLock { kept["session"] = data } }
        func remove() throws { lock.withLock { kept["session"] = nil } }
    }
    // [end]

    func testTheExampleOfAStorageWorks() async throws {
        let storage = DictionaryStorage()
        try await client(storage: storage).signIn(["subject": "user-42"])
        let session = try await client(storage: storage).session()
        XCTAssertEqual(session.subject, "user-42")
        try await client(storage: storage).signOut()
        XCTAssertNil(try storage.load())
    }
}
