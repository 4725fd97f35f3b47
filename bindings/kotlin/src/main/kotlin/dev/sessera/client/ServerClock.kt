package dev.sessera.client

import kotlin.time.Duration
import kotlin.time.Instant

/**
 * One reading of the server's time.
 *
 * @property server what the server said.
 * @property precision how coarsely it said so: 1 ms in the body, 1 s in a `Date` header.
 * @property sent when the request left, on the device's monotonic clock.
 * @property received when the answer came.
 */
internal class TimeSample(val server: Instant, val precision: Duration, val sent: Duration, val received: Duration)

/** The server's time, as it was measured. It goes on with the monotonic clock of the device, which no user can set. */
internal class ServerClock {
    private class Measured(val time: Instant, val at: Duration, val doubt: Duration) {
        fun now(monotonic: Duration) = time + (monotonic - at)

        fun doubt(monotonic: Duration) = doubt + (monotonic - at).coerceAtLeast(Duration.ZERO) * DRIFT
    }

    @Volatile
    private var measured: Measured? = null

    /** The likeliest time; null before the first measurement. */
    fun now(monotonic: Duration): Instant? = measured?.now(monotonic)

    /** The latest that it can be: what is good then is good. */
    fun latest(monotonic: Duration): Instant? = measured?.let { it.now(monotonic) + it.doubt(monotonic) }

    /** Takes the better of what it knows and what it is told; and what it is told where both can't be true. */
    @Synchronized
    fun take(sample: TimeSample) {
        // The server read its clock at some moment between, and cut off what is finer than the precision.
        val travel = (sample.received - sample.sent).coerceAtLeast(Duration.ZERO)
        val slack = (travel + sample.precision) / 2
        val told = Measured(sample.server + slack, sample.received, slack)
        val known = measured
        if (known != null) {
            val doubt = known.doubt(sample.received)
            val apart = (known.now(sample.received) - told.time).absoluteValue
            if (doubt < slack && apart <= doubt + slack) return
        }
        measured = told
    }

    private companion object {
        /** How far two clocks part: generous for a quartz. */
        const val DRIFT = 0.0002
    }
}
