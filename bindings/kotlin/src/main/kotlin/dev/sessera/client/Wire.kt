package dev.sessera.client

import dev.sessera.DpopKey
import dev.sessera.SessionException
import java.net.URI
import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds
import kotlin.time.Instant
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.async
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.ensureActive
import kotlinx.coroutines.launch

/** What the server's answer means for a session. */
internal sealed interface Answer {
    class Session(val told: SessionAnswer) : Answer

    /** Done, with nothing to say: how a sign-out ends. */
    data object Done : Answer

    class Refused(val code: String) : Answer

    class Nothing(
        val cause: OfflineCause,
        val message: String,
        val error: Throwable? = null,
        val retryAfter: Duration? = null,
    ) : Answer

    /** The key store no longer has the key, or no longer signs with it. */
    data object KeyLost : Answer

    /** Nothing was sent: the window of the refresh had closed. */
    data object TooLate : Answer
}

/** The session in an answer: instants in Unix milliseconds. */
internal class SessionAnswer private constructor(
    val token: String,
    val subject: String,
    val session: String,
    val generation: Long,
    val expiresAt: Instant,
    val endsAt: Instant,
    val now: Instant,
) {
    /** Whether it continues the session that was to be refreshed: not another session, nor an older answer. */
    fun continues(held: SessionSnapshot?) = held == null ||
        session == held.session && subject == held.subject && generation >= held.generation

    fun snapshot(key: DpopKey?) =
        SessionSnapshot(token, subject, session, generation, expiresAt, endsAt, now, key?.thumbprint())

    companion object {
        fun of(members: Map<String, JsonValue>): SessionAnswer? = SessionAnswer(
            // A token is sent in a header, and nothing else must get into that.
            token = members.text("token")?.takeIf(::isToken) ?: return null,
            subject = members.text("subject") ?: return null,
            session = members.text("session") ?: return null,
            generation = members.whole("generation") ?: return null,
            expiresAt = members.instant("expires_at") ?: return null,
            endsAt = members.instant("ends_at") ?: return null,
            now = members.instant("now") ?: return null,
        )
    }
}

/** Whether a text can be a token: the bytes of one, and at most as long as the longest. */
internal fun isToken(text: String): Boolean = text.length in 1..8192 &&
    text.all { it in 'a'..'z' || it in 'A'..'Z' || it in '0'..'9' || it == '-' || it == '_' || it == '.' }

/** Codes are the server's words. Any other text could be anything, and does not get into an error. */
private fun isCode(text: String): Boolean = text.length in 1..64 && text.all { it in 'a'..'z' || it == '_' }

/**
 * Requests in the words of the server, and its answers.
 *
 * @param timer returns after the span that it is given; a request whose answer is not there by then counts as lost.
 */
internal class Wire(
    baseUrl: String,
    private val transport: Transport,
    private val clock: DeviceClock,
    private val serverClock: ServerClock,
    private val timeout: Duration,
    private val timer: suspend (Duration) -> Unit,
) {
    private val base = URI(baseUrl.trimEnd('/'))

    init {
        require(base.scheme in setOf("https", "http") && base.host != null) { "the base URL is not one of http or https" }
        require(base.rawQuery == null && base.rawFragment == null) { "the base URL has a query or a fragment" }
    }

    /** Whether a URL is one of the server's, which may see the token. */
    fun isOwn(url: URI): Boolean = origin(url) == origin(base)

    /**
     * Sends a request, and measures the server's time by the answer. A proof that was made for another time than the
     * server's is made once again: the refusal may be about that and not about the session.
     */
    suspend fun ask(
        path: String, held: SessionSnapshot?, key: DpopKey?, body: String = "{}", window: SendWindow? = null,
    ): Answer {
        val (supposed, asked) = now() to clock.monotonic()
        val answer = askOnce(path, held, key, body, supposed, window)
        if (key == null || answer !is Answer.Refused) return answer
        val measured = serverClock.now(asked) ?: return answer
        return if ((measured - supposed).absoluteValue <= PROOF_TOLERANCE) answer
        else askOnce(path, held, key, body, now(), window)
    }

    /** The server's time; the device's date only until the first measurement. */
    fun now(): Instant = serverClock.now(clock.monotonic()) ?: clock.wall()

    private suspend fun askOnce(
        path: String, held: SessionSnapshot?, key: DpopKey?, body: String, now: Instant, window: SendWindow?,
    ): Answer {
        val token = held?.token
        val url = URI("$base/$path")
        val headers = mutableMapOf("Content-Type" to "application/json", "Accept" to "application/json")
        if (token != null) headers["Authorization"] = "${if (key == null) "Bearer" else "DPoP"} $token"
        try {
            if (key != null) headers["DPoP"] = key.proof("POST", url.toString(), token, null, now)
        } catch (_: SessionException.InvalidKey) {
            return Answer.KeyLost
        } catch (failed: Exception) {
            return Answer.Nothing(OfflineCause.Proof, "the key can't be used now", failed)
        }
        // A proof can take long: the user may have to unlock the key.
        val sent = clock.monotonic()
        if (window?.admits(sent) == false) return Answer.TooLate
        window?.sent(sent)
        val response = post(TransportRequest(url, headers, body, timeout))
            ?: return Answer.Nothing(OfflineCause.Transport, "the server did not answer in time")
        val received = clock.monotonic()
        return response.fold(
            { whole -> read(whole, held).also { sample(whole, it, sent, received)?.let(serverClock::take) } },
            { failed -> Answer.Nothing(OfflineCause.Transport, "the server could not be reached", failed) },
        )
    }

    /**
     * The response, or the transport's error; null when the request counts as lost. Also ends a body that comes byte by
     * byte, which the time limits of most transports don't.
     */
    private suspend fun post(request: TransportRequest): Result<TransportResponse>? = coroutineScope {
        val posted = async {
            try {
                Result.success(transport.post(request))
            } catch (failed: Exception) {
                Result.failure(failed)
            }
        }
        val limit = launch {
            timer(request.timeout)
            posted.cancel()
        }
        try {
            posted.await()
        } catch (_: CancellationException) {
            currentCoroutineContext().ensureActive()
            null
        } finally {
            limit.cancel()
        }
    }

    private companion object {
        /** By how much a proof's time may be off; servers allow a minute into the past and 5 s into the future. */
        val PROOF_TOLERANCE = 4.seconds

        fun origin(url: URI): Triple<String?, String?, Int> {
            val scheme = url.scheme?.lowercase()
            return Triple(scheme, url.host?.lowercase(), if (url.port >= 0) url.port else if (scheme == "https") 443 else 80)
        }

        /** Strictly: an answer that is not in the server's own words ends no session. A portal or a proxy may have sent it. */
        fun read(response: TransportResponse, held: SessionSnapshot?): Answer {
            val foreign = Answer.Nothing(
                OfflineCause.ForeignAnswer(response.status), "the answer is not the server's (${response.status})",
            )
            return when (response.status) {
                204 -> Answer.Done
                200 ->
                    members(response)?.let(SessionAnswer::of)?.takeIf { it.continues(held) }?.let(Answer::Session) ?: foreign
                401, 403 -> members(response)?.text("code")?.takeIf(::isCode)?.let(Answer::Refused) ?: foreign
                429, 503 -> Answer.Nothing(
                    OfflineCause.Unavailable, "the server is unavailable", retryAfter = retryAfter(response),
                )
                else -> foreign
            }
        }

        fun members(response: TransportResponse): Map<String, JsonValue>? {
            val type = response.header("Content-Type")?.substringBefore(';')?.trim(' ', '\t')
            return if (type.equals("application/json", ignoreCase = true)) StrictJson.readObject(response.body) else null
        }

        /** The seconds that the server asks for, at most an hour (RFC 9110, section 10.2.3); null without a number of them. */
        fun retryAfter(response: TransportResponse): Duration? {
            val digits = response.header("Retry-After") ?: return null
            if (digits.isEmpty() || !digits.all { it in '0'..'9' }) return null
            return (digits.toLongOrNull() ?: 3600).coerceAtMost(3600).seconds
        }

        fun sample(response: TransportResponse, answer: Answer, sent: Duration, received: Duration): TimeSample? =
            when (answer) {
                is Answer.Session -> TimeSample(answer.told.now, 1.milliseconds, sent, received)
                is Answer.Refused ->
                    response.header("Date")?.let(::httpDate)?.let { TimeSample(it, 1.seconds, sent, received) }
                is Answer.Nothing, Answer.Done, Answer.KeyLost, Answer.TooLate -> null
            }
    }
}
