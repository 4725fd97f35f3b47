package dev.sessera.client

import java.io.IOException
import java.nio.file.Path
import java.util.concurrent.TimeUnit
import kotlin.time.Duration.Companion.seconds
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.BeforeEach
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** A process that is killed between refresh and store: [DyingClient] is one. */
class KilledTest : SessionClientCase() {
    @TempDir
    lateinit var folder: Path

    private val file: Path get() = folder.resolve("session")

    private fun fromFile() = client(FileStorage(file))

    private fun inFile() = FileStorage(file).load()?.let(SessionSnapshot::ofText)

    @BeforeEach
    fun signIn() = test { fromFile().login() }

    @Test
    fun `it recovers within the grace`() = test {
        for ((death, generation) in listOf("before-save" to 1L, "in-save" to 2L)) {
            kill(death)
            assertEquals(generation - 1, inFile()?.generation, "$death: the refresh was not stored")
            pass(9.seconds)
            val session = fromFile().session()
            assertEquals(generation, session.generation, "$death: and joined the successor of the killed process")
            assertEquals(session, inFile())
        }
    }

    @Test
    fun `a token that was used and never stored ends as reused`() = test {
        val full = object : SessionStorage by FileStorage(file) {
            override fun save(text: String): Unit = throw IOException("full")
        }
        assertEquals(200, world.me(client(full).accessToken()))
        pass(11.seconds)
        val client = fromFile()
        refused<SessionClientException.Reused> { client.accessToken() }
        assertNull(FileStorage(file).load())
        client.login()
        assertEquals("user-42", fromFile().session().subject)
    }

    @Test
    fun `at any moment the file is whole`() = test {
        val child = child("never")
        // As whoever kills it at that moment would find it, again and again while it is replaced.
        var last = inFile()!!.generation
        while (last < 20) {
            assertTrue(child.isAlive, "the child ended by itself")
            val now = checkNotNull(inFile()) { "after generation $last" }.generation
            assertTrue(now >= last)
            last = now
        }
        end(child)
        val before = checkNotNull(inFile()).generation
        assertTrue(fromFile().session().generation > before)
    }

    /** In a process of its own, which has a refreshed session and is killed before it is in the file. */
    private fun kill(death: String) {
        val child = child(death)
        assertEquals("saving", child.inputStream.bufferedReader().readLine())
        end(child)
    }

    private fun child(death: String): Process {
        val java = Path.of(System.getProperty("java.home"), "bin", "java").toString()
        return ProcessBuilder(
            java, "-Xmx64m", "-cp", System.getProperty("java.class.path"), "dev.sessera.client.DyingClient",
            world.url, "$file", death,
        ).redirectError(ProcessBuilder.Redirect.INHERIT).start()
    }

    /** By SIGKILL, which no process sees coming. */
    private fun end(child: Process) {
        child.destroyForcibly()
        assertTrue(child.waitFor(60, TimeUnit.SECONDS))
        assertEquals(128 + 9, child.exitValue())
    }
}
