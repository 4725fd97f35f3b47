package dev.sessera.client

import java.io.IOException
import java.nio.file.Files
import java.nio.file.Path
import java.nio.file.attribute.PosixFilePermissions
import kotlin.time.Duration.Companion.seconds
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

class StorageTest : SessionClientCase() {
    @TempDir
    lateinit var folder: Path

    private val locked = Locked(storage)

    @Test
    fun `every storage keeps, replaces and removes`() {
        for (storage in listOf(MemoryStorage(), FileStorage(folder.resolve("session")))) {
            assertNull(storage.load())
            storage.remove()
            for (text in listOf("first", "second and longer", "3")) {
                storage.save(text)
                assertEquals(text, storage.load())
            }
            storage.remove()
            assertNull(storage.load())
        }
    }

    @Test
    fun `a file is its owner's alone and leaves no other behind`() {
        val file = folder.resolve("session")
        val left = Files.writeString(folder.resolve("session.new"), "half of")
        Files.setPosixFilePermissions(left, PosixFilePermissions.fromString("rw-r--r--"))
        FileStorage(file).save("secret")
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        assertEquals(listOf(file), Files.list(folder).use { it.toList() })
    }

    @Test
    fun `a file that cannot be read or written is an error, and not nothing`() {
        assertThrows(IOException::class.java) { FileStorage(folder).load() }
        assertThrows(IOException::class.java) { FileStorage(folder.resolve("no/such")).save("") }
        assertNull(FileStorage(folder.resolve("no/such")).load())
    }

    @Test
    fun `what is no session signs out and is not guessed at`() = test {
        client().login()
        val stored = storage.load()!!
        val other = stored.replace(Regex("\"token\":\"[^\"]*\""), Regex.escapeReplacement("\"token\":\"a\\r\\nb\""))
        for (text in listOf("", "{", "null", """{"v":2}""", """{"v":1,"token":"a"}""", stored.take(stored.length / 2), other)) {
            storage.save(text)
            val client = client()
            refused<SessionClientException.Unreadable> { client.accessToken() }
            assertEquals(SessionState.SignedOut(SignOutReason.Unreadable), client.state.value)
            client.login()
            client.accessToken()
        }
    }

    @Test
    fun `a file that is no text holds no session`() = test {
        val file = Files.write(folder.resolve("session"), byteArrayOf(-1, -2))
        refused<SessionClientException.Unreadable> { client(FileStorage(file)).accessToken() }
    }

    @Test
    fun `a storage that cannot be read yet is asked again`() = test {
        client().login()
        val client = client(locked)
        locked.isLocked = true
        val error = refused<SessionClientException.StorageFailed> { client.accessToken() }
        assertTrue(generateSequence<Throwable>(error) { it.cause }.any { it is Locked.IsLocked })
        locked.isLocked = false
        client.accessToken()
    }

    @Test
    fun `a session that cannot be stored does not begin`() = test {
        locked.isLocked = true
        val client = client(locked)
        refused<SessionClientException.StorageFailed> { client.login() }
        assertEquals(SessionState.SignedOut(SignOutReason.NotSignedIn), client.state.value)
    }

    @Test
    fun `a refresh that cannot be stored is used, and stored later`() = test {
        val client = client(locked)
        client.login()
        passToTheEndOfTheToken()
        locked.isLocked = true
        val session = client.session()
        assertEquals(1, session.generation)
        assertFalse(client.isStored)
        assertEquals(0, stored()?.generation)
        locked.isLocked = false
        client.accessToken()
        assertTrue(client.isStored)
        assertEquals(session, stored())
    }

    @Test
    fun `two processes that share a storage share their refreshes`() = test {
        val app = client()
        app.login()
        val extension = client()
        extension.session()
        passToTheEndOfTheToken()
        val theirs = extension.session()
        // Far beyond every grace, the app still holds generation 0.
        pass(15.seconds)
        assertEquals(theirs, app.session())
        assertEquals(2, theirs.generation)
    }

    @Test
    fun `no description shows a token`() = test {
        val client = client()
        val session = client.login()
        assertFalse(session.token in client.state.value.toString())
        assertFalse(session.token in session.toString())
        val request = TransportRequest(java.net.URI(world.url), mapOf("Authorization" to session.token), session.token, 1.seconds)
        assertFalse(session.token in request.toString())
    }
}

/** A storage that is out of reach at times, as a key store before the first unlock. */
class Locked(private val storage: SessionStorage) : SessionStorage {
    class IsLocked : Exception()

    @Volatile
    var isLocked = false

    private fun unlocked(): SessionStorage = if (isLocked) throw IsLocked() else storage

    override fun load(): String? = unlocked().load()

    override fun save(text: String) = unlocked().save(text)

    override fun remove() = unlocked().remove()
}
