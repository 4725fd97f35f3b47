package dev.sessera.client

import dev.sessera.DpopKey
import dev.sessera.SessionException
import java.net.URI
import java.time.ZonedDateTime
import java.time.format.DateTimeFormatter.RFC_1123_DATE_TIME
import java.time.format.DateTimeParseException
import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds
import kotlin.time.Instant
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.withTimeoutOrNull
import kotlinx.serialization.SerialName
import kotlinx.serialization.Serializable
import kotlinx.serialization.json.Json

/** What the server's answer means for a session. */
internal sealed interface Answer {
    class Session(val told: SessionAnswer) : Answer

    /** Done, with nothing to say: how a sign-out ends. */
    data object Done : Answer

    class Refused(val code: String) : Answer

    class Nothing(val why: String, val cause: Throwable? = null, val retryAfter: Duration? = null) : Answer

    /** The key store no longer has the key. */
    data object KeyLost : Answer
}

/** The session in an answer: instants in Unix milliseconds. */
@Serializable
internal class SessionAnswer(
    val token: String,
    val subject: String,
    val session: String,
    val generation: Long,
    @SerialName("expires_at") val expiresAt: Long,
    @SerialName("ends_at") val endsAt: Long,
    val now: Long,
) {
    /** Whether it can be told of: a token is shown in a header, and nothing else must get into that. */
    val isSound: Boolean get() = isToken(token)

    /** Whether it is what became of the session that was to be refreshed, and not somebody else's, or an older answer. */
    fun continues(held: SessionSnapshot?) = held == null ||
        session == held.session && subject == held.subject && generation >= held.generation

    fun snapshot(key: DpopKey?) = SessionSnapshot(
        token, subject, session, generation, Instant.fromEpochMilliseconds(expiresAt),
        Instant.fromEpochMilliseconds(endsAt), Instant.fromEpochMilliseconds(now), key?.thumbprint(),
    )
}

@Serializable
private class Refusal(val code: String) {
    /** Codes are words of the server's; what else stands there may be anything, and does not get into an error. */
    val isSound: Boolean get() = code.length <= 64 && code.isNotEmpty() && code.all { it in 'a'..'z' || it == '_' }
}

/** Whether a text can be a token: the bytes of one, and within the longest of them. */
internal fun isToken(text: String): Boolean = text.length in 1..8192 &&
    text.all { it in 'a'..'z' || it in 'A'..'Z' || it in '0'..'9' || it == '-' || it == '_' || it == '.' }

/** Requests in the words of the server, and its answers. */
internal class Wire(
    baseUrl: String,
    private val transport: Transport,
    private val clock: DeviceClock,
    private val serverClock: ServerClock,
    private val timeout: Duration,
) {
    private val base = URI(baseUrl.trimEnd('/'))

    init {
        require(base.scheme in setOf("https", "http") && base.host != null) { "the base URL is not one of http or https" }
    }

    /** Whether a URL is one of the server's, which may see the token. */
    fun isOwn(url: URI): Boolean = origin(url) == origin(base)

    /**
     * Asks, and learns the server's time from its answers. A proof that was made for another time than the
     * server's is made once again: the refusal may be about that and not about the session.
     */
    suspend fun ask(path: String, held: SessionSnapshot?, key: DpopKey?, body: String = "{}"): Answer {
        val supposed = now()
        val answer = askOnce(path, held, key, body, supposed)
        if (key != null && answer is Answer.Refused && (now() - supposed).absoluteValue > PROOF_TOLERANCE) {
            return askOnce(path, held, key, body, now())
        }
        return answer
    }

    /** The server's time; the device's date only while there is nothing better, which is at a first sign-in. */
    fun now(): Instant = serverClock.now(clock.monotonic()) ?: clock.wall()

    private suspend fun askOnce(path: String, held: SessionSnapshot?, key: DpopKey?, body: String, now: Instant): Answer {
        val token = held?.token
        val url = URI("$base/$path")
        val headers = mutableMapOf("Content-Type" to "application/json", "Accept" to "application/json")
        if (token != null) headers["Authorization"] = "${if (key == null) "Bearer" else "DPoP"} $token"
        try {
            if (key != null) headers["DPoP"] = key.proof("POST", url.toString(), token, null, now)
        } catch (_: SessionException.InvalidKey) {
            return Answer.KeyLost
        } catch (locked: SessionException) {
            return Answer.Nothing("the key can't be used now", locked)
        }
        val sent = clock.monotonic()
        val response = try {
            // Also where a body comes byte by byte, which the time limits of most transports do not end.
            withTimeoutOrNull(timeout) { transport.post(TransportRequest(url, headers, body, timeout)) }
                ?: return Answer.Nothing("the server did not answer in time")
        } catch (cancelled: CancellationException) {
            throw cancelled
        } catch (failed: Exception) {
            return Answer.Nothing("the server could not be asked", failed)
        }
        val received = clock.monotonic()
        return read(response, held).also { answer -> sample(response, answer, sent, received)?.let(serverClock::take) }
    }

    private companion object {
        /** By how much a proof's time may be off; servers allow a minute into the past and 5 s into the future. */
        val PROOF_TOLERANCE = 4.seconds

        val reader = Json { ignoreUnknownKeys = true }

        fun origin(url: URI): Triple<String?, String?, Int> {
            val scheme = url.scheme?.lowercase()
            return Triple(scheme, url.host?.lowercase(), if (url.port >= 0) url.port else if (scheme == "https") 443 else 80)
        }

        /** Strictly: whatever is not in the server's own words ends no session, for a portal or a proxy may have said it. */
        fun read(response: TransportResponse, held: SessionSnapshot?): Answer {
            val foreign = Answer.Nothing("the answer is not the server's (${response.status})")
            return when (response.status) {
                204 -> Answer.Done
                200 -> decoded<SessionAnswer>(response)?.takeIf { it.isSound && it.continues(held) }?.let { Answer.Session(it) } ?: foreign
                401, 403 -> decoded<Refusal>(response)?.takeIf { it.isSound }?.let { Answer.Refused(it.code) } ?: foreign
                429, 503 -> {
                    val seconds = response.header("Retry-After")?.toLongOrNull()?.coerceIn(0, 3600)
                    Answer.Nothing("the server is unavailable", retryAfter = seconds?.seconds)
                }
                else -> foreign
            }
        }

        inline fun <reified T> decoded(response: TransportResponse): T? {
            val type = response.header("Content-Type")?.substringBefore(';')?.trim()
            if (!type.equals("application/json", ignoreCase = true)) return null
            return try {
                reader.decodeFromString<T>(response.body)
            } catch (_: IllegalArgumentException) {
                null
            }
        }

        fun sample(response: TransportResponse, answer: Answer, sent: Duration, received: Duration): TimeSample? =
            when (answer) {
                is Answer.Session ->
                    TimeSample(Instant.fromEpochMilliseconds(answer.told.now), 1.milliseconds, sent, received)
                is Answer.Refused -> date(response)?.let { TimeSample(it, 1.seconds, sent, received) }
                is Answer.Nothing, Answer.Done, Answer.KeyLost -> null
            }

        fun date(response: TransportResponse): Instant? = try {
            response.header("Date")?.let {
                Instant.fromEpochSeconds(ZonedDateTime.parse(it, RFC_1123_DATE_TIME).toEpochSecond())
            }
        } catch (_: DateTimeParseException) {
            null
        }
    }
}
