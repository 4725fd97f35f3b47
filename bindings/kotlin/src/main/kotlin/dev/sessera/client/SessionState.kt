package dev.sessera.client

/** How a session client stands. */
public sealed interface SessionState {
    /** With a session. Whether its token has to be refreshed first, the next call finds out. */
    public data class SignedIn(val session: SessionSnapshot) : SessionState

    /** The session's token is being refreshed. */
    public data class Refreshing(val session: SessionSnapshot) : SessionState

    /** The last refresh got no answer. The session is kept, and the next call tries again. */
    public data class Offline(val session: SessionSnapshot) : SessionState

    /** Without a session. */
    public data class SignedOut(val reason: SignOutReason) : SessionState
}

/** Why there is no session. */
public sealed interface SignOutReason {
    /** Nobody signed in yet. */
    public data object NotSignedIn : SignOutReason

    /** [SessionClient.signOut] was called. */
    public data object SignedOut : SignOutReason

    /** It was idle for too long, or its absolute end has come. */
    public data object Expired : SignOutReason

    /** The server ended it. */
    public data object Revoked : SignOutReason

    /**
     * An older token of it was used after a newer one had been. Someone else may have had a copy; or this app was restored
     * from an older state.
     */
    public data object Reused : SignOutReason

    /** The key that it is bound to is no longer in the key store, or refuses to sign for good. */
    public data object KeyLost : SignOutReason

    /** What the storage held is no session. */
    public data object Unreadable : SignOutReason

    /** The server refuses it for another reason, with this code. */
    public data class Refused(val code: String) : SignOutReason
}

/** The reason behind a code of the server. */
internal fun reasonOf(code: String): SignOutReason = when (code) {
    "expired", "ended" -> SignOutReason.Expired
    "revoked" -> SignOutReason.Revoked
    "reused" -> SignOutReason.Reused
    else -> SignOutReason.Refused(code)
}

/** Whether the server says by it that the session has ended. */
internal val SignOutReason.isEnd: Boolean
    get() = this == SignOutReason.Expired || this == SignOutReason.Revoked || this == SignOutReason.Reused

/** The error for callers that ask for a token. */
internal fun SignOutReason.toException(): SessionClientException = when (this) {
    SignOutReason.NotSignedIn, SignOutReason.SignedOut -> SessionClientException.NotSignedIn()
    SignOutReason.Expired -> SessionClientException.Expired()
    SignOutReason.Revoked -> SessionClientException.Revoked()
    SignOutReason.Reused -> SessionClientException.Reused()
    SignOutReason.KeyLost -> SessionClientException.KeyLost()
    SignOutReason.Unreadable -> SessionClientException.Unreadable()
    is SignOutReason.Refused -> SessionClientException.Refused(code)
}
