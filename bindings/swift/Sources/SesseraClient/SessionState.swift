import Foundation

/// How a session client stands.
public enum SessionState: Sendable, Hashable {
    /// With a session. Whether its token has to be refreshed first, the next call finds out.
    case signedIn(SessionSnapshot)
    /// The session's token is being refreshed.
    case refreshing(SessionSnapshot)
    /// The last refresh got no answer. The session is kept, and the next call tries again.
    case offline(SessionSnapshot)
    /// Without a session.
    case signedOut(SignOutReason)
}

/// Why there is no session.
public enum SignOutReason: Sendable, Hashable {
    /// Nobody signed in yet.
    case notSignedIn
    /// ``SessionClient/signOut()`` was called.
    case signedOut
    /// It was idle for too long, or its absolute end has come.
    case expired
    /// The server ended it.
    case revoked
    /// An older token of it was used after a newer one had been. Someone else may have had a copy; or this app was
    /// restored from an older state.
    case reused
    /// The key that it is bound to is no longer in the key store, or refuses to sign for good.
    case keyLost
    /// What the storage held is no session.
    case unreadable
    /// The server refuses it for another reason, with this code.
    case refused(code: String)

    /// The reason behind a code of the server.
    init(code: String) {
        switch code {
        case "expired", "ended": self = .expired
        case "revoked": self = .revoked
        case "reused": self = .reused
        default: self = .refused(code: code)
        }
    }

    /// Whether the server says by it that the session has ended.
    var isEnd: Bool { [.expired, .revoked, .reused].contains(self) }

    /// The error for callers that ask for a token.
    var error: SessionClientError {
        switch self {
        case .notSignedIn, .signedOut: .notSignedIn
        case .expired: .expired
        case .revoked: .revoked
        case .reused: .reused
        case .keyLost: .keyLost
        case .unreadable: .unreadable
        case .refused(let code): .refused(code: code)
        }
    }
}
