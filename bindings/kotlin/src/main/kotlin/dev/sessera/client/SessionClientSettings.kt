package dev.sessera.client

import kotlin.random.Random
import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds

/**
 * How long a session client waits, and how often it retries.
 *
 * Within one refresh, no request is sent later than [grace] less [graceMargin] after the first one was sent, whatever
 * [RetryPolicy.attempts] is. When the next try would be later, the refresh ends with [SessionClientException.Offline], and
 * the session is kept. The next call begins a new refresh with the same token. If an answer was lost, the server gives the
 * same successor to that refresh too, until the successor has been used once.
 *
 * @property retry how a refresh is retried.
 * @property requestTimeout when a request counts as lost; 4 s by default.
 * @property grace the server's grace: for how long it accepts a token that it has replaced; 10 s by default, as on the
 *   server. If the server's policy has another grace, set the same here.
 * @property graceMargin how much earlier the last try of a refresh must leave, so that it arrives within the grace; 2 s by
 *   default. With a margin as long as the grace, no refresh is retried.
 */
public class SessionClientSettings(
    public val retry: RetryPolicy = RetryPolicy(),
    public val requestTimeout: Duration = 4.seconds,
    public val grace: Duration = 10.seconds,
    public val graceMargin: Duration = 2.seconds,
)

/**
 * Retries with growing pauses. Each pause is random between zero and its limit, so that the clients of a server that comes
 * back do not all send at once.
 *
 * @property attempts how many tries a refresh has in all. The last permitted time of a try is
 *   [SessionClientSettings.grace].
 * @property base the limit of the first pause, doubled for each one after.
 * @property cap the limit of every pause. If the server asks for a longer one (`Retry-After`), the refresh ends, and the
 *   client sends no other before that pause is over.
 * @property jitter between 0 and 1: which part of its limit a pause takes.
 */
public class RetryPolicy(
    public val attempts: Int = 4,
    public val base: Duration = 250.milliseconds,
    public val cap: Duration = 3.seconds,
    public val jitter: () -> Double = Random.Default::nextDouble,
) {
    /** The pause after the try of that number, from 1. */
    internal fun delayAfter(attempt: Int): Duration =
        minOf(cap, base * (1 shl (attempt - 1).coerceIn(0, 20))) * jitter().coerceIn(0.0, 1.0)
}

/** When the requests of one refresh may be sent: none later than [span] after the first. On the monotonic clock. */
internal class SendWindow(private val span: Duration) {
    private var first: Duration? = null

    fun admits(moment: Duration): Boolean = first.let { it == null || moment - it <= span }

    /** A request is sent now. The first one opens the window. */
    fun sent(moment: Duration) {
        if (first == null) first = moment
    }
}
