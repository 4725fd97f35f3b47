import Foundation

extension SessionError {
    /// The stable name of what went wrong: the same string in Rust, Python, Kotlin, over HTTP and on the command line.
    public var code: String {
        switch self {
        case .Malformed: "malformed"
        case .TooLarge: "too_large"
        case .UnsupportedAlgorithm: "unsupported_algorithm"
        case .UnknownKey: "unknown_key"
        case .BadSignature: "bad_signature"
        case .WrongType: "wrong_type"
        case .WrongIssuer: "wrong_issuer"
        case .WrongAudience: "wrong_audience"
        case .InvalidClaim: "invalid_claim"
        case .NotYetValid: "not_yet_valid"
        case .Expired: "expired"
        case .Ended: "ended"
        case .Revoked: "revoked"
        case .Reused: "reused"
        case .Superseded: "superseded"
        case .BindingMismatch: "binding_mismatch"
        case .ReauthenticationRequired: "reauthentication_required"
        case .RevocationsStale: "revocations_stale"
        case .StoreUnavailable: "store_unavailable"
        case .CsrfInvalid: "csrf_invalid"
        case .CookieInvalid: "cookie_invalid"
        case .InvalidKey: "invalid_key"
        case .InvalidConfig: "invalid_config"
        case .RandomnessUnavailable: "randomness_unavailable"
        }
    }

    /// What an end user is answered: 401, 403 or 503, and nothing of the reason.
    public var httpStatus: Int { Int(Sessera.httpStatus(code: code)) }
}
