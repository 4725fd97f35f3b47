package dev.sessera.client

import kotlin.time.Duration
import kotlin.time.Duration.Companion.nanoseconds
import kotlin.time.Instant
import kotlinx.coroutines.delay as coroutineDelay

/** The device's clocks. */
public interface DeviceClock {
    /** A clock that runs on evenly and that nobody can set. Where it began does not matter. */
    public fun monotonic(): Duration

    /** The date that the user sees, which may be off by hours. Asked only while the server has said nothing yet. */
    public fun wall(): Instant

    /** Waits. */
    public suspend fun delay(span: Duration)
}

/** The system's. */
public object SystemDeviceClock : DeviceClock {
    override fun monotonic(): Duration = System.nanoTime().nanoseconds

    override fun wall(): Instant = kotlin.time.Clock.System.now()

    override suspend fun delay(span: Duration): Unit = coroutineDelay(span)
}
