package dev.sessera.client

import kotlin.time.Duration
import kotlin.time.Duration.Companion.nanoseconds
import kotlin.time.Instant
import kotlinx.coroutines.delay as coroutineDelay

/** The device's clocks. */
public interface DeviceClock {
    /**
     * Time since some fixed moment, which may be any. Nobody can set it, and it should go on while the device sleeps: a
     * clock that stands still meanwhile makes a token look younger than it is.
     */
    public fun monotonic(): Duration

    /** The date that the user sees, which may be off by hours. Used only until the first answer of the server. */
    public fun wall(): Instant

    /** Waits between two tries. */
    public suspend fun delay(span: Duration)
}

/**
 * The system's clocks. On Android the monotonic one goes on while the device sleeps; on the JVM it may stand still while
 * the machine is suspended.
 */
public object SystemDeviceClock : DeviceClock {
    override fun monotonic(): Duration = monotonicNanos().nanoseconds

    override fun wall(): Instant = kotlin.time.Clock.System.now()

    override suspend fun delay(span: Duration): Unit = coroutineDelay(span)
}
