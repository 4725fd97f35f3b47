package dev.sessera.client

/**
 * Why a session client gives no token. No message holds a token, a key, or what a user typed.
 *
 * @property code a stable name for logs, the same in Swift. Of [Refused] it is the server's code.
 */
public sealed class SessionClientException(
    public val code: String,
    message: String,
    cause: Throwable? = null,
) : Exception(message, cause) {
    /** Nobody is signed in. */
    public class NotSignedIn : SessionClientException("not_signed_in", "nobody is signed in")

    /** The session was idle for too long, or its absolute end has come: sign in again. */
    public class Expired : SessionClientException("expired", "the session expired")

    /** The server ended the session: sign in again. */
    public class Revoked : SessionClientException("revoked", "the session was revoked")

    /** An older token of the session was used, perhaps by a thief: sign in again. */
    public class Reused : SessionClientException("reused", "an older token of the session was used")

    /** The key that the session is bound to is gone, or refuses to sign for good: sign in again. */
    public class KeyLost : SessionClientException("key_lost", "the key that the session is bound to is lost")

    /** The storage holds no valid session: sign in again. */
    public class Unreadable : SessionClientException("unreadable", "the stored session can't be read")

    /** The server refused, with this code. */
    public class Refused(code: String) : SessionClientException(code, "the server refused: $code")

    /**
     * The server could not be reached, or could not answer. The session is kept: try again later.
     *
     * @property why what happened in place of an answer.
     */
    public class Offline(
        message: String,
        cause: Throwable? = null,
        public val why: OfflineCause = OfflineCause.Unavailable,
    ) : SessionClientException("offline", message, cause)

    /** The storage failed, which may be temporary: a device that was not unlocked yet, a full disk. */
    public class StorageFailed(cause: Throwable) : SessionClientException("storage", "the storage failed", cause)
}

/** What happened in place of an answer. */
public sealed interface OfflineCause {
    /** The transport failed, or the request counts as lost. */
    public data object Transport : OfflineCause

    /** The server said that it can't answer now. */
    public data object Unavailable : OfflineCause

    /** Something else than the server answered with this status: a proxy, or a portal. */
    public data class ForeignAnswer(val status: Int) : OfflineCause

    /** The proof of possession could not be made now. */
    public data object Proof : OfflineCause

    /** [SessionClient.close] was called. */
    public data object Closed : OfflineCause
}
