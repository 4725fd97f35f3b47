package dev.sessera.client

import kotlin.time.Duration
import kotlin.time.Instant
import kotlinx.serialization.SerialName
import kotlinx.serialization.Serializable
import kotlinx.serialization.json.Json

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

    internal fun toText(): String = Json.encodeToString(
        Stored(
            1, token, subject, session, generation, expiresAt.toEpochMilliseconds(), endsAt.toEpochMilliseconds(),
            receivedAt.toEpochMilliseconds(), keyThumbprint,
        ),
    )

    override fun equals(other: Any?): Boolean = other is SessionSnapshot && other.toText() == toText()

    override fun hashCode(): Int = token.hashCode()

    /** Without the token. */
    override fun toString(): String = "SessionSnapshot($session, generation $generation)"

    internal companion object {
        /** Null for what is no session in this form: cut short, or of a later version. */
        fun ofText(text: String): SessionSnapshot? {
            val stored = try {
                Json.decodeFromString<Stored>(text)
            } catch (_: IllegalArgumentException) {
                return null
            }
            if (stored.version != 1 || !isToken(stored.token)) return null
            return with(stored) {
                SessionSnapshot(
                    token, subject, session, generation, Instant.fromEpochMilliseconds(expiresAt),
                    Instant.fromEpochMilliseconds(endsAt), Instant.fromEpochMilliseconds(receivedAt), keyThumbprint,
                )
            }
        }
    }
}

/** The form in a storage, with the version of the form. */
@Serializable
private class Stored(
    @SerialName("v") val version: Int,
    val token: String,
    val subject: String,
    val session: String,
    val generation: Long,
    @SerialName("expires_at") val expiresAt: Long,
    @SerialName("ends_at") val endsAt: Long,
    @SerialName("received_at") val receivedAt: Long,
    @SerialName("key") val keyThumbprint: String? = null,
)
