import Foundation
import Sessera
import XCTest

@testable import SesseraClient

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// A session client whose session is bound to a key, against the real server.
final class BoundClientTests: SessionClientCase {
    private let keys = InMemoryProofKeys()

    private func bound() -> SessionClient {
        client(proofKeys: keys)
    }

    func testASessionIsBoundToTheKeyFromItsStart() async throws {
        let client = bound()
        let first = try await client.signIn(["subject": "user-42"])
        XCTAssertEqual(first.keyThumbprint, keys.load()?.thumbprint())
        try await passToTheEndOfTheToken()
        let next = try await client.session()
        XCTAssertEqual(next.generation, 1)
        // Who has the token and not the key has nothing.
        let thief = try await server.refresh(with: next.token)
        XCTAssertNil(thief)
        let me = try await server.me(next.token)
        XCTAssertNil(me)
        let again = try await client.session(replacing: next.token)
        XCTAssertEqual(again.generation, 2, "and did no harm")
    }

    func testADeviceWhoseClockIsHoursOffCanSignInAndRefresh() async throws {
        for hours in [-3.0, 3.0] {
            server = try TestServer()
            storage = InMemoryStorage()
            clock = TestClock(dateOffBy: hours * 3600)
            try await bound().signIn(["subject": "user-42"])
            // After a start of the app, too, only the device's date is there at first.
            let restarted = bound()
            let session = try await restarted.session()
            XCTAssertEqual(session.generation, 1, "\(hours) h")
            let (logins, refreshes) = try await (server.state.logins, server.state.refreshes)
            XCTAssertEqual(logins, 2, "\(hours) h: once for the time, and once with it")
            XCTAssertEqual(refreshes, 2)
            _ = try await restarted.session(replacing: session.token)
            let more = try await server.state.refreshes
            XCTAssertEqual(more, 3, "\(hours) h: from then on the time is known")
        }
    }

    func testALostKeySignsOutAndSaysSo() async throws {
        let client = bound()
        try await client.signIn(["subject": "user-42"])
        keys.lose()
        try await passToTheEndOfTheToken()
        guard case .keyLost = await failure(of: { try await client.accessToken() }) else { return XCTFail() }
        XCTAssertEqual(client.state, .signedOut(.keyLost))
        XCTAssertNil(storage.load())
        let again = try await client.signIn(["subject": "user-42"])
        XCTAssertEqual(again.keyThumbprint, keys.load()?.thumbprint())
    }

    func testAnotherKeyIsALostOne() async throws {
        try await bound().signIn(["subject": "user-42"])
        _ = try keys.make()
        let restarted = bound()
        guard case .keyLost = await failure(of: { try await restarted.accessToken() }) else { return XCTFail() }
    }

    func testARequestCarriesAProofForItself() async throws {
        let client = bound()
        try await client.signIn(["subject": "user-42"])
        let request = URLRequest(url: server.url.appendingPathComponent("me"))
        for _ in 0..<2 {
            let (_, response) = try await URLSession.shared.data(for: request, with: client)
            XCTAssertEqual(response.statusCode, 200)
        }
    }

    func testASignOutIsProvenToo() async throws {
        let client = bound()
        try await client.signIn(["subject": "user-42"])
        let proven = try await client.authorized(URLRequest(url: server.url.appendingPathComponent("me")))
        try await client.signOut()
        let (_, response) = try await URLSession.shared.answer(to: proven)
        XCTAssertEqual(response.statusCode, 401)
    }

    func testEveryRequestHasAProofOfItsOwn() async throws {
        final class Recording: Transport, @unchecked Sendable {
            private let real = URLSessionTransport()
            private let lock = NSLock()
            private var seen: [String?] = []
            var proofs: [String?] { lock.withLock { seen } }

            func send(_ request: TransportRequest) async throws -> TransportResponse {
                lock.withLock { seen.append(request.headers["DPoP"]) }
                return try await real.send(request)
            }
        }
        let transport = Recording()
        let client = client(transport, proofKeys: keys)
        try await client.signIn(["subject": "user-42"])
        try await passToTheEndOfTheToken()
        try await server.order("lose", ["times": 2])
        _ = try await client.session()
        try await client.signOut()
        // A login, three tries of a refresh, a sign-out.
        XCTAssertEqual(transport.proofs.count, 5)
        XCTAssertEqual(Set(transport.proofs.compactMap { $0 }).count, 5)
        let logouts = try await server.state.logouts
        XCTAssertEqual(logouts, 1)
    }

    func testAKeyThatCannotBeUsedNowEndsNoSession() async throws {
        let client = bound()
        try await client.signIn(["subject": "user-42"])
        try await passToTheEndOfTheToken()
        struct IsLocked: Error {}
        final class LockedKeys: ProofKeyStore {
            struct Key: ProofKey {
                let real: any ProofKey
                func thumbprint() -> String { real.thumbprint() }
                func proof(method: String, url: URL, accessToken: String?, now: Date) throws -> String { throw IsLocked() }
            }
            let real: any ProofKey
            init(_ real: any ProofKey) { self.real = real }
            func load() -> (any ProofKey)? { Key(real: real) }
            func make() -> any ProofKey { Key(real: real) }
        }
        let locked = self.client(proofKeys: LockedKeys(try XCTUnwrap(keys.load())))
        guard case .offline(.proof(let error)) = await failure(of: { try await locked.accessToken() }) else { return XCTFail() }
        XCTAssert(error is IsLocked)
        let held = try XCTUnwrap(SessionSnapshot(stored: XCTUnwrap(storage.load())))
        let request = URLRequest(url: server.url.appendingPathComponent("me"))
        guard case .offline(.proof) = await failure(of: { try await locked.authorized(request, with: held) }) else {
            return XCTFail()
        }
        let session = try await client.session()
        XCTAssertEqual(session.generation, 1)
    }

    func testAKeyStoreThatRefusesIsTold() throws {
        for (error, code) in [(ProofKeyError.Lost, "invalid_key"), (.Unavailable, "store_unavailable")] {
            let key = try refusingKey(error)
            XCTAssertThrowsError(try key.proof(method: "GET", url: server.url.absoluteString)) {
                XCTAssertEqual(($0 as? SessionError)?.code, code)
            }
        }
    }

    func testAKeyThatItsStoreHasLostEndsTheSession() async throws {
        struct Keys: ProofKeyStore {
            let key: DpopKey
            func load() -> (any ProofKey)? { key }
            func make() -> any ProofKey { key }
        }
        let session = SessionSnapshot(
            token: "t0", subject: "user-42", session: "s1", generation: 0, expiresAt: .distantFuture, endsAt: .distantFuture,
            receivedAt: Date(), keyThumbprint: "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")
        let request = URLRequest(url: server.url.appendingPathComponent("me"))
        storage.save(try session.stored)
        let locked = client(proofKeys: Keys(key: try refusingKey(.Unavailable)))
        guard case .offline(.proof) = await failure(of: { try await locked.accessToken() }) else { return XCTFail() }
        let lost = client(proofKeys: Keys(key: try refusingKey(.Lost)))
        guard case .keyLost = await failure(of: { try await lost.authorized(request, with: session) }) else {
            return XCTFail()
        }
        guard case .keyLost = await failure(of: { try await lost.accessToken() }) else { return XCTFail() }
        XCTAssertEqual(lost.state, .signedOut(.keyLost))
        XCTAssertNil(storage.load())
    }

    private func refusingKey(_ error: ProofKeyError) throws -> DpopKey {
        final class Refusing: ProofSigner, @unchecked Sendable {
            let error: ProofKeyError
            init(_ error: ProofKeyError) { self.error = error }
            func sign(message: Data) throws -> Data { throw error }
        }
        let jwk = #"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#
        return try DpopKey.kept(publicJwk: jwk, signer: Refusing(error))
    }
}
