package dev.sessera.client

import kotlin.time.Duration
import kotlin.time.Instant

/** A device's clocks: the even one moves when it is told to and by what is waited, the date is off by as much as one likes. */
class TestClock(private val off: Duration = Duration.ZERO) : DeviceClock {
    @Volatile
    private var passed = Duration.ZERO

    /** What was waited. */
    val delays = java.util.concurrent.CopyOnWriteArrayList<Duration>()

    @Synchronized
    fun advance(by: Duration) {
        passed += by
    }

    override fun monotonic(): Duration = passed

    override fun wall(): Instant = kotlin.time.Clock.System.now() + off

    override suspend fun delay(span: Duration) {
        delays += span
        advance(span)
    }
}
