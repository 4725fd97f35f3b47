package dev.sessera.client

import kotlin.time.Duration
import kotlin.time.Duration.Companion.hours
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds
import kotlin.time.Instant
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** The measuring itself; [ClockTest] has what comes of it. */
class ServerClockTest {
    private val clock = ServerClock()
    private val noon = Instant.fromEpochSeconds(1_700_000_000)

    @Test
    fun `nothing is known before the server said something`() {
        assertNull(clock.now(5.seconds))
        assertNull(clock.latest(5.seconds))
    }

    @Test
    fun `time goes on with the even clock, and doubt with it`() {
        clock.take(TimeSample(noon, 1.milliseconds, sent = 10.seconds, received = 12.seconds))
        assertTrue((clock.now(12.seconds)!! - noon - 1.seconds).absoluteValue < 2.milliseconds)
        assertTrue((clock.now(112.seconds)!! - noon - 101.seconds).absoluteValue < 2.milliseconds)
        assertTrue(clock.latest(112.seconds)!! > clock.now(112.seconds)!! + 1.seconds)
    }

    @Test
    fun `the server read its clock while the request was on its way`() {
        clock.take(TimeSample(noon, Duration.ZERO, sent = 10.seconds, received = 12.seconds))
        assertEquals(noon + 1.seconds, clock.now(12.seconds))
        assertEquals(noon + 2.seconds, clock.latest(12.seconds))
        assertEquals(noon + 101.seconds, clock.now(112.seconds))
    }

    @Test
    fun `what was measured long ago is worth less, and gives way to a coarser word`() {
        clock.take(TimeSample(noon, 1.milliseconds, sent = 0.seconds, received = 0.seconds))
        assertTrue((clock.latest(10_000.seconds)!! - noon - 10_002.seconds).absoluteValue < 10.milliseconds)
        clock.take(TimeSample(noon + 10_001.seconds, 1.seconds, sent = 10_000.seconds, received = 10_000.seconds))
        assertEquals(noon + 10_001.5.seconds, clock.now(10_000.seconds))
    }

    @Test
    fun `a coarser word changes nothing that it agrees with, and is taken where it does not`() {
        clock.take(TimeSample(noon, 1.milliseconds, sent = 10.seconds, received = 10.seconds))
        val before = clock.now(11.seconds)
        clock.take(TimeSample(noon, 1.seconds, sent = 10.seconds, received = 11.seconds))
        assertEquals(before, clock.now(11.seconds))
        clock.take(TimeSample(noon + 3.hours, 1.seconds, sent = 11.seconds, received = 11.seconds))
        assertTrue((clock.now(11.seconds)!! - noon - 3.hours).absoluteValue <= 1.seconds)
    }
}
