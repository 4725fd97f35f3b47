package dev.sessera.client

/** Why a session client gives no token. */
public sealed class SessionClientException(message: String, cause: Throwable? = null) : Exception(message, cause) {
    /** Nobody is signed in. */
    public class NotSignedIn : SessionClientException("nobody is signed in")

    /** The session was idle for too long, or its absolute end has come: sign in again. */
    public class Expired : SessionClientException("the session expired")

    /** The server ended the session: sign in again. */
    public class Revoked : SessionClientException("the session was revoked")

    /** An older token of the session was used, perhaps by a thief: sign in again. */
    public class Reused : SessionClientException("an older token of the session was used")

    /** The key that the session is bound to is gone: sign in again. */
    public class KeyLost : SessionClientException("the key that the session is bound to is lost")

    /** What the storage held is no session: sign in again. */
    public class Unreadable : SessionClientException("what is stored is no session")

    /** The server refused, with this code. */
    public class Refused(public val code: String) : SessionClientException("the server refused: $code")

    /** The server could not be asked, or could not answer. The session is kept: try again later. */
    public class Offline(message: String, cause: Throwable? = null) : SessionClientException(message, cause)

    /** The storage failed, which may pass: a device that was not unlocked yet, a disk that is full. */
    public class StorageFailed(cause: Throwable) : SessionClientException("the storage failed", cause)
}
