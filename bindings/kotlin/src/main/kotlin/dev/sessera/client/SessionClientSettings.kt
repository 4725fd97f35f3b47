package dev.sessera.client

import kotlin.random.Random
import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds

/**
 * How patient a session client is.
 *
 * @property retry how a refresh is tried again.
 * @property requestTimeout when a request counts as lost. Well within the server's grace (10 s by default): if an answer
 *   was lost, the next try must still come within the grace, else the server has to take it for a reuse.
 */
public class SessionClientSettings(
    public val retry: RetryPolicy = RetryPolicy(),
    public val requestTimeout: Duration = 4.seconds,
)

/**
 * Tries with growing pauses. Each pause is random between nothing and its limit, so that the clients of a server that
 * comes back do not all come at once.
 *
 * @property attempts how often in all.
 * @property base the limit of the first pause, doubled for each one after.
 * @property cap the limit of every pause. A server that asks for more gets it: the tries end, and none begin before.
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
