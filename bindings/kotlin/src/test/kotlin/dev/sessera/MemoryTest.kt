package dev.sessera

import java.lang.ref.WeakReference
import java.nio.file.Files
import java.nio.file.Path
import java.util.concurrent.TimeUnit
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.Timeout

/** Nothing is left behind on the other side. A million of anything takes its time on a busy machine. */
@Timeout(15, unit = TimeUnit.MINUTES)
class MemoryTest {
    private fun sessions() =
        Sessions("https://app.example", "web", Keyring.generate(Algorithm.HS256), store = MemoryStore())

    @Test
    fun `a million verifies leave the process as large as it was`() = sessions().use { sessions ->
        val token = sessions.issue("user-42").token
        fun verify(times: Int) = repeat(times) {
            sessions.verify(token)
            if (it % 4 == 0) runCatching { sessions.verify(token.dropLast(1)) }
            // A verify has a way of its own across; everything else goes this one.
            if (it % 32 == 0) sessions.issue("user-42")
        }
        verify(100_000)
        val before = residentKiB()
        verify(900_000)
        // A leak of ten bytes a verify would be 9 MB.
        val grown = residentKiB() - before
        assertTrue(grown < 8 * 1024, "the process grew by $grown KiB")
    }

    @Test
    fun `objects that nobody closed are freed`() {
        fun some() = List(200) {
            val sessions = sessions()
            sessions.verify(sessions.issue("user-42").token)
            WeakReference(sessions)
        }
        some()
        collect(some())
        val before = residentKiB()
        repeat(10) { collect(some()) }
        // Each has a memory of verified tokens and of a lane, 100 KiB and more.
        val grown = residentKiB() - before
        assertTrue(grown < 40 * 1024, "the process grew by $grown KiB")
    }

    private fun collect(objects: List<WeakReference<Sessions>>) {
        repeat(200) {
            if (objects.all { it.get() == null }) return
            System.gc()
            Thread.sleep(10)
        }
        assertTrue(objects.all { it.get() == null })
    }

    /** Of the native heap and all else, after a collection. */
    private fun residentKiB(): Long {
        repeat(3) { System.gc() }
        val line = Files.readAllLines(Path.of("/proc/self/status")).first { it.startsWith("VmRSS:") }
        return line.filter(Char::isDigit).toLong()
    }
}
