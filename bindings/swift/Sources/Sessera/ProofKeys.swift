import Foundation
import SesseraClient

extension DpopKey: ProofKey {
    /// For a session client: a key that its store has lost (`invalid_key`) is `SessionClientError.keyLost`.
    public func proof(method: String, url: URL, accessToken: String?, now: Date) throws -> String {
        do {
            return try proof(method: method, url: url.absoluteString, accessToken: accessToken, nonce: nil, now: now)
        } catch let error as SessionError where error.code == "invalid_key" {
            throw SessionClientError.keyLost
        }
    }
}

/// A key that lives as long as the process, for tests and for programs that sign in anew at each start.
public final class InMemoryProofKeys: ProofKeyStore, @unchecked Sendable {
    private let algorithm: Algorithm
    private let lock = NSLock()
    private var key: DpopKey?

    public init(algorithm: Algorithm = .es256) {
        self.algorithm = algorithm
    }

    public func load() -> (any ProofKey)? { lock.withLock { key } }

    public func make() throws -> any ProofKey {
        let made = try DpopKey.generate(algorithm: algorithm)
        lock.withLock { key = made }
        return made
    }

    /// Forgets the key, as a device does that is reset.
    public func lose() { lock.withLock { key = nil } }
}
