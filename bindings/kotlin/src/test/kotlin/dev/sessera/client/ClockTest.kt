package dev.sessera.client

import kotlin.time.Duration
import kotlin.time.Duration.Companion.hours
import kotlin.time.Duration.Companion.minutes
import kotlin.time.Duration.Companion.seconds
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNotEquals
import org.junit.jupiter.api.Test

class ClockTest : SessionClientCase() {
    @Test
    fun `a device whose date is three hours off works, with a bound session too`() = test {
        for (off in listOf(3.hours, -3.hours)) {
            for (keys in listOf(null, MemoryProofKeyStore())) {
                val case = "$off, ${if (keys == null) "free" else "bound"}"
                val storage = MemoryStorage()
                val device = TestClock(off)
                val client = client(storage, device, keys)
                val token = client.login().token
                val before = world.count("refreshes")
                assertEquals(token, client.accessToken(), "$case: not refreshed before it is due")
                world.moveClock(29.minutes + 50.seconds)
                device.advance(29.minutes + 50.seconds)
                assertNotEquals(token, client.accessToken(), "$case: and refreshed when it is")
                assertEquals(before + 1, world.count("refreshes"), case)
            }
        }
    }

    @Test
    fun `a date that the user changes meanwhile changes nothing`() = test {
        var off = Duration.ZERO
        val device = object : DeviceClock by clock {
            override fun wall() = clock.wall() + off
        }
        val client = client(clock = device)
        val token = client.login().token
        off = (-3).hours
        passToTheEndOfTheToken()
        val next = client.accessToken()
        assertNotEquals(token, next)
        off = 3.hours
        assertEquals(next, client.accessToken())
    }

    @Test
    fun `after a start the server says what time it is`() = test {
        val token = client().login().token
        val restarted = client(clock = TestClock(-3.hours))
        val next = restarted.accessToken()
        assertNotEquals(token, next, "nothing but the device's date said that it was still good")
        assertEquals(next, restarted.accessToken())
    }

    @Test
    fun `what is not the server's tells no time`() = test {
        val client = client()
        val token = client.login().token
        passToTheEndOfTheToken()
        // By these dates the token would be good for hours more.
        for (status in listOf(204, 401, 503)) {
            world.forge(status, headers = mapOf("Date" to "Thu, 01 Jan 1970 00:00:00 GMT"), times = 4)
            refused<SessionClientException.Offline> { client.accessToken() }
            world.forge(status, times = 0)
        }
        assertNotEquals(token, client.accessToken())
    }
}
