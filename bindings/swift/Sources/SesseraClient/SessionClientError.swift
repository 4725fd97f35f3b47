import Foundation

/// Why a session client has no token to give. None of them holds a token, a key, or what a user typed.
public enum SessionClientError: Error, Sendable {
    /// Nobody is signed in.
    case notSignedIn
    /// No answer from the server, after all tries. The session is kept: ask again later.
    case offline(OfflineCause)
    /// The session was idle for too long, or its absolute end has come: sign in again.
    case expired
    /// The server ended the session: sign in again.
    case revoked
    /// An older token of the session was used, maybe by somebody else, and the server ended it: sign in again.
    case reused
    /// The key that the session is bound to is gone, or refuses to sign for good: sign in again. A ``ProofKey`` throws it
    /// as well.
    case keyLost
    /// What the storage held is no session: sign in again.
    case unreadable
    /// The server refused, with this code of its own: credentials at a sign-in, or the session.
    case refused(code: String)
    /// The storage, or the store of keys, failed with this.
    case storage(any Error)
    /// The request goes elsewhere than to the server of the session, which alone may see its token.
    case foreignRequest

    /// A stable name, for logs.
    public var code: String {
        switch self {
        case .notSignedIn: "not_signed_in"
        case .offline: "offline"
        case .expired: "expired"
        case .revoked: "revoked"
        case .reused: "reused"
        case .keyLost: "key_lost"
        case .unreadable: "unreadable"
        case .refused(let code): code
        case .storage: "storage"
        case .foreignRequest: "foreign_request"
        }
    }
}

/// What happened in place of an answer.
public enum OfflineCause: Sendable {
    /// The transport failed with this, or the request counts as lost (`URLError.timedOut`).
    case transport(any Error)
    /// The server said that it can't answer now.
    case unavailable
    /// Something else than the server answered with this status: a proxy, or a portal.
    case foreignAnswer(status: Int)
    /// The proof of possession could not be made now.
    case proof(any Error)
}
