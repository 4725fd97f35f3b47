import Foundation

/// A key that never leaves the device, and proofs that the caller holds it (DPoP, RFC 9449).
///
/// The native package brings keys that are one: `DpopKey` in the module `Sessera`.
public protocol ProofKey: Sendable {
    /// The RFC 7638 thumbprint of its public half.
    func thumbprint() -> String
    /// A proof for one request.
    /// - Parameters:
    ///   - accessToken: the token that goes with the request; `nil` at a sign-in.
    ///   - now: the server's time.
    /// - Throws: ``SessionClientError/keyLost`` if the key is gone, or refuses to sign for good, which ends the session on
    ///   this device. With any other error the key can't be used now, and the session is kept.
    func proof(method: String, url: URL, accessToken: String?, now: Date) throws -> String
}

/// Where the key is kept.
public protocol ProofKeyStore: Sendable {
    /// The key; `nil` if there is none, or none any more. Throws if that can't be found out now.
    func load() throws -> (any ProofKey)?
    /// Makes one, and keeps it.
    func make() throws -> any ProofKey
}
