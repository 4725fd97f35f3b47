#if canImport(CryptoKit) && canImport(Security)
    import CryptoKit
    import Foundation
    import SesseraClient

    /// A key in the Secure Enclave, which signs with it and never gives it out.
    ///
    /// What is stored is the key wrapped by this device's Enclave: a copy of it is of no use elsewhere.
    /// Not run by the tests of this project, which run on Linux.
    public struct SecureEnclaveKeys: ProofKeyStore {
        private let storage: any SessionStorage

        /// - Parameter storage: where the wrapped key is kept, as `KeychainStorage(service: "app", account: "proof-key")`.
        public init(storage: any SessionStorage) {
            self.storage = storage
        }

        /// Whether this device has an Enclave; without one a session client does without `proofKeys`.
        public static var areAvailable: Bool { SecureEnclave.isAvailable }

        public func load() throws -> (any ProofKey)? {
            guard let wrapped = try storage.load() else { return nil }
            // Another device's, or one from before a reset: there is no key any more.
            guard let key = try? SecureEnclave.P256.Signing.PrivateKey(dataRepresentation: wrapped) else { return nil }
            return try proofKey(key)
        }

        public func make() throws -> any ProofKey {
            let key = try SecureEnclave.P256.Signing.PrivateKey()
            try storage.save(key.dataRepresentation)
            return try proofKey(key)
        }

        private func proofKey(_ key: SecureEnclave.P256.Signing.PrivateKey) throws -> DpopKey {
            let point = key.publicKey.rawRepresentation
            let (x, y) = (base64url(point.prefix(32)), base64url(point.suffix(32)))
            return try DpopKey.kept(
                publicJwk: #"{"kty":"EC","crv":"P-256","x":"\#(x)","y":"\#(y)"}"#, signer: EnclaveSigner(key: key))
        }
    }

    private final class EnclaveSigner: ProofSigner {
        private let key: SecureEnclave.P256.Signing.PrivateKey

        init(key: SecureEnclave.P256.Signing.PrivateKey) {
            self.key = key
        }

        func sign(message: Data) throws -> Data {
            do {
                return try key.signature(for: message).rawRepresentation
            } catch {
                throw ProofKeyError.Unavailable
            }
        }
    }

    private func base64url(_ data: Data) -> String {
        data.base64EncodedString().replacingOccurrences(of: "+", with: "-")
            .replacingOccurrences(of: "/", with: "_").replacingOccurrences(of: "=", with: "")
    }
#endif
