package dev.sessera.client

import kotlin.time.Duration
import kotlin.time.Instant
import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.put

/**
 * What is known about a session at one moment. It never changes: a refresh makes the next one.
 *
 * All instants are the server's.
 *
 * @property token the session token, for `Authorization: Bearer` (or `DPoP`, if the session is bound to a key).
 * @property subject who is signed in.
 * @property session the id of the session, the same through all of its refreshes.
 * @property generation how often it was refreshed.
 * @property expiresAt until when the token is good.
 * @property endsAt when the session ends whatever happens.
 * @property receivedAt when the server gave the token out.
 * @property keyThumbprint the thumbprint (RFC 7638) of the key that the session is bound to; null if to none.
 */
public class SessionSnapshot internal constructor(
    public val token: String,
    public val subject: String,
    public val session: String,
    public val generation: Long,
    public val expiresAt: Instant,
    public val endsAt: Instant,
    public val receivedAt: Instant,
    public val keyThumbprint: String?,
) {
    private val halfLife: Duration get() = (expiresAt - receivedAt) / 2

    /** Whether the token is good for that long from [now]; longer than half of its life is never asked for. */
    internal fun lasts(minTtl: Duration, now: Instant): Boolean {
        val left = expiresAt - now
        if (expiresAt >= endsAt) return left.isPositive()
        return left.isPositive() && left >= minOf(minTtl, halfLife)
    }

    /** Whether it is in the first half of its life. */
    internal fun isYoung(now: Instant): Boolean = expiresAt - now >= halfLife

    /** The form in a storage, with the version of the form; the Swift client writes the same. */
    internal fun toText(): String = buildJsonObject {
        put("v", 1)
        put("token", token)
        put("subject", subject)
        put("session", session)
        put("generation", generation)
        put("expires_at", expiresAt.toEpochMilliseconds())
        put("ends_at", endsAt.toEpochMilliseconds())
        put("received_at", receivedAt.toEpochMilliseconds())
        if (keyThumbprint != null) put("key", keyThumbprint)
    }.toString()

    override fun equals(other: Any?): Boolean = other is SessionSnapshot && other.toText() == toText()

    override fun hashCode(): Int = token.hashCode()

    /** Without the token. */
    override fun toString(): String = "SessionSnapshot($session, generation $generation)"

    internal companion object {
        /** Null for a text that is no session in this form: cut short, or of a later version. */
        fun ofText(text: String): SessionSnapshot? {
            val stored = StrictJson.readObject(text) ?: return null
            if (stored.whole("v") != 1L || "key" in stored && stored.text("key") == null) return null
            return SessionSnapshot(
                token = stored.text("token")?.takeIf(::isToken) ?: return null,
                subject = stored.text("subject") ?: return null,
                session = stored.text("session") ?: return null,
                generation = stored.whole("generation") ?: return null,
                expiresAt = stored.instant("expires_at") ?: return null,
                endsAt = stored.instant("ends_at") ?: return null,
                receivedAt = stored.instant("received_at") ?: return null,
                keyThumbprint = stored.text("key"),
            )
        }
    }
}
