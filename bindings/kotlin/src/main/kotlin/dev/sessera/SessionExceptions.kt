package dev.sessera

/** The stable name of the error: the same in every language, over HTTP and on the command line. */
public val SessionException.code: String
    get() = when (this) {
        is SessionException.Malformed -> "malformed"
        is SessionException.TooLarge -> "too_large"
        is SessionException.UnsupportedAlgorithm -> "unsupported_algorithm"
        is SessionException.UnknownKey -> "unknown_key"
        is SessionException.BadSignature -> "bad_signature"
        is SessionException.WrongType -> "wrong_type"
        is SessionException.WrongIssuer -> "wrong_issuer"
        is SessionException.WrongAudience -> "wrong_audience"
        is SessionException.InvalidClaim -> "invalid_claim"
        is SessionException.NotYetValid -> "not_yet_valid"
        is SessionException.Expired -> "expired"
        is SessionException.Ended -> "ended"
        is SessionException.Revoked -> "revoked"
        is SessionException.Reused -> "reused"
        is SessionException.Superseded -> "superseded"
        is SessionException.BindingMismatch -> "binding_mismatch"
        is SessionException.ReauthenticationRequired -> "reauthentication_required"
        is SessionException.RevocationsStale -> "revocations_stale"
        is SessionException.StoreUnavailable -> "store_unavailable"
        is SessionException.CsrfInvalid -> "csrf_invalid"
        is SessionException.CookieInvalid -> "cookie_invalid"
        is SessionException.InvalidKey -> "invalid_key"
        is SessionException.InvalidConfig -> "invalid_config"
        is SessionException.RandomnessUnavailable -> "randomness_unavailable"
    }

/** The HTTP status for an end user: 401, 403 or 503, which say nothing of the reason. */
public val SessionException.httpStatus: Int
    get() = httpStatus(code).toInt()
