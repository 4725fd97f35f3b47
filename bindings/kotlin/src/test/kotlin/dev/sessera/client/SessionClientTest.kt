package dev.sessera.client

import dev.sessera.okhttp.SessionInterceptor
import java.io.IOException
import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpResponse.BodyHandlers
import java.nio.file.Files
import java.nio.file.Path
import java.util.concurrent.TimeUnit
import kotlin.time.Duration
import kotlin.time.Duration.Companion.hours
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.minutes
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.put
import okhttp3.OkHttpClient
import okhttp3.Request
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertInstanceOf
import org.junit.jupiter.api.Assertions.assertNotEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Assertions.fail
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** Against a real server, whose clock and faults a test decides. */
class SessionClientTest {
    private val world = TestServer.world()
    private val clock = TestClock()
    private val storage = MemoryStorage()
    private val clients = mutableListOf<SessionClient>()

    private fun client(
        storage: SessionStorage = this.storage,
        clock: DeviceClock = this.clock,
        proofKeys: ProofKeyStore? = null,
        transport: Transport = JdkTransport(),
    ) = SessionClient(world.url, storage, clock, transport, proofKeys).also { clients += it }

    @AfterEach
    fun close() = clients.forEach(SessionClient::close)

    private suspend fun SessionClient.login() = signIn(buildJsonObject { put("subject", "user-42") })

    private suspend inline fun <reified E : SessionClientException> refused(call: suspend () -> Unit): E {
        try {
            call()
        } catch (error: SessionClientException) {
            return assertInstanceOf(E::class.java, error)
        }
        return fail("it was not refused")
    }

    /** Time passes at the server and on the device. */
    private fun pass(time: Duration) {
        world.moveClock(time)
        clock.advance(time)
    }

    private suspend fun eventually(condition: () -> Boolean) = withTimeout(30.seconds) { while (!condition()) delay(5.milliseconds) }

    private fun test(body: suspend () -> Unit) = runBlocking(Dispatchers.Default) { body() }

    @Test
    fun `a hundred coroutines at the end of a token are one refresh`() = test {
        val client = client()
        val old = client.login().token
        pass(29.minutes + 50.seconds)
        world.hold()
        runBlocking(Dispatchers.Default) {
            val all = List(100) { async { client.accessToken() } }
            eventually { world.count("held") == 1L }
            assertInstanceOf(SessionState.Refreshing::class.java, client.state.value)
            world.release()
            val tokens = all.awaitAll().toSet()
            assertEquals(1, tokens.size)
            assertNotEquals(old, tokens.single())
        }
        assertEquals(1, world.count("refreshes"))
        assertInstanceOf(SessionState.SignedIn::class.java, client.state.value)
    }

    @Test
    fun `a caller that is cancelled cancels no refresh`() = test {
        val client = client()
        client.login()
        pass(29.minutes + 50.seconds)
        world.hold()
        runBlocking(Dispatchers.Default) {
            val impatient = launch { client.accessToken() }
            eventually { world.count("held") == 1L }
            impatient.cancelAndJoin()
            world.release()
            client.state.first { it is SessionState.SignedIn && it.session.generation == 1L }
        }
        assertEquals(1, client.session().generation)
        assertEquals(1, world.count("refreshes"))
    }

    @Test
    fun `a lost answer within the grace signs nobody out`() = test {
        val client = client()
        client.login()
        pass(29.minutes)
        world.lose(2)
        assertEquals(1, client.session(5.minutes).generation)
        assertEquals(3, world.count("refreshes"))
        assertEquals(2, clock.delays.size)
    }

    @Test
    fun `a token that a thief used first signs out with reused`() = test {
        val client = client()
        client.login()
        val stolen = MemoryStorage().apply { save(storage.load()!!) }
        val thief = client(stolen)
        pass(29.minutes)
        thief.accessToken()
        pass(1.minutes)
        refused<SessionClientException.Reused> { client.accessToken() }
        assertEquals(SessionState.SignedOut(SignOutReason.Reused), client.state.value)
        assertEquals(null, storage.load())
        // And the thief's is worth nothing any more.
        refused<SessionClientException.Revoked> { thief.sessionReplacing(thief.session().token) }
    }

    @Test
    fun `a device whose date is three hours off works, with a bound session too`() = test {
        for (off in listOf(3.hours, -3.hours)) {
            for (keys in listOf(null, MemoryProofKeyStore())) {
                val storage = MemoryStorage()
                val device = TestClock(off)
                val client = client(storage, device, keys)
                client.login()
                world.moveClock(1.minutes)
                device.advance(1.minutes)
                val before = world.count("refreshes")
                client.accessToken()
                assertEquals(before, world.count("refreshes"))
                // The next process of the app knows nothing of the time.
                val next = client(storage, device, keys)
                assertEquals(1, next.session().generation)
                world.moveClock(29.minutes)
                device.advance(29.minutes)
                assertEquals(2, next.session(2.minutes).generation)
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
        client.login()
        for (change in listOf(3.hours, (-6).hours)) {
            off += change
            client.accessToken()
        }
        assertEquals(0, world.count("refreshes"))
    }

    @Test
    fun `a session that ended at the server signs out with its reason`() = test {
        val client = client()
        client.login()
        world.revoke("user-42")
        refused<SessionClientException.Revoked> { client.sessionReplacing(client.session().token) }
        client.login()
        pass(31.minutes)
        refused<SessionClientException.Expired> { client.accessToken() }
        assertEquals(SessionState.SignedOut(SignOutReason.Expired), client.state.value)
        refused<SessionClientException.Expired> { client.accessToken() }
    }

    @Test
    fun `without a network the session is kept and tries are few and spread`() = test {
        var down = true
        val wire = JdkTransport()
        val client = client(transport = { if (down && "refresh" in it.url.path) throw IOException("down") else wire.post(it) })
        client.login()
        pass(29.minutes)
        refused<SessionClientException.Offline> { client.accessToken(2.minutes) }
        assertInstanceOf(SessionState.Offline::class.java, client.state.value)
        assertEquals(3, clock.delays.size)
        assertTrue(clock.delays.zip(listOf(250, 500, 1000)).all { (delay, most) -> delay <= most.milliseconds })
        down = false
        assertEquals(1, client.session(2.minutes).generation)
    }

    @Test
    fun `a server that asks for patience gets it`() = test {
        val client = client()
        client.login()
        pass(29.minutes)
        world.unavailable(1, 60)
        refused<SessionClientException.Offline> { client.accessToken(2.minutes) }
        refused<SessionClientException.Offline> { client.accessToken(2.minutes) }
        assertEquals(1, world.count("refreshes"))
        world.unavailable(1, 2)
        clock.advance(60.seconds)
        assertEquals(1, client.session(2.minutes).generation)
        assertEquals(listOf(2.seconds), clock.delays)
    }

    @Test
    fun `what a portal answers ends no session`() = test {
        val wire = JdkTransport()
        var portal = true
        val client = client(
            transport = { if (portal && "refresh" in it.url.path) TransportResponse(401, emptyMap(), "<html>Log in") else wire.post(it) },
        )
        client.login()
        pass(29.minutes)
        refused<SessionClientException.Offline> { client.accessToken(2.minutes) }
        portal = false
        assertEquals(1, client.session(2.minutes).generation)
    }

    @Test
    fun `a session whose key is lost signs out with that`() = test {
        val keys = MemoryProofKeyStore()
        val client = client(proofKeys = keys)
        client.login()
        keys.make()
        pass(29.minutes)
        refused<SessionClientException.KeyLost> { client.accessToken(2.minutes) }
        assertEquals(SessionState.SignedOut(SignOutReason.KeyLost), client.state.value)
    }

    @Test
    fun `a bound session is of no use without its key`() = test {
        val client = client(proofKeys = MemoryProofKeyStore())
        client.login()
        val stolen = MemoryStorage().apply { save(storage.load()!!.replace(Regex(""","key":"[^"]*""""), "")) }
        val thief = client(stolen)
        val error = refused<SessionClientException.Refused> { thief.accessToken() }
        assertEquals("binding_mismatch", error.code)
        assertEquals(1, client.sessionReplacing(client.session().token).generation)
    }

    @Test
    fun `a sign-out ends the session here and there, and nothing on its way undoes it`() = test {
        val client = client()
        client.login()
        pass(29.minutes)
        world.hold()
        runBlocking(Dispatchers.Default) {
            val waiting = async { runCatching { client.accessToken(2.minutes) } }
            eventually { world.count("held") == 1L }
            client.signOut()
            world.release()
            assertInstanceOf(SessionClientException.NotSignedIn::class.java, waiting.await().exceptionOrNull())
        }
        assertEquals(SessionState.SignedOut(SignOutReason.SignedOut), client.state.value)
        assertEquals(null, storage.load())
        assertEquals(1, world.count("logouts"))
        refused<SessionClientException.NotSignedIn> { client.accessToken() }
    }

    @Test
    fun `a storage that fails loses no session, and is tried again`() = test {
        var full = false
        val failing = object : SessionStorage by storage {
            override fun save(text: String) = if (full) throw IOException("full") else storage.save(text)
        }
        val client = client(failing)
        client.login()
        pass(29.minutes)
        full = true
        assertEquals(1, client.session(2.minutes).generation)
        assertFalse(client.isStored)
        full = false
        client.session()
        assertTrue(client.isStored)
        assertEquals(1, SessionSnapshot.ofText(storage.load()!!)?.generation)
    }

    @Test
    fun `requests go with a good token and once more after a refusal`() = test {
        val client = client(proofKeys = MemoryProofKeyStore())
        client.login()
        world.refuse(1)
        val me = URI("${world.url}/me")
        val answer = HttpClient.newHttpClient().send(HttpRequest.newBuilder(me).build(), BodyHandlers.ofString(), client)
        assertEquals(200, answer.statusCode())
        assertEquals(1, world.count("refreshes"))

        world.refuse(1)
        val okhttp = OkHttpClient.Builder().addInterceptor(SessionInterceptor(client)).build()
        okhttp.newCall(Request.Builder().url(me.toString()).build()).execute().use { assertEquals(200, it.code) }
        assertEquals(2, world.count("refreshes"))
        okhttp.dispatcher.executorService.shutdown()
        try {
            client.authorization("GET", URI("https://elsewhere.example/me"), client.session())
            fail<Unit>("a token went elsewhere")
        } catch (_: IllegalArgumentException) {
            // As it must be.
        }
    }

    @Test
    fun `a process killed before it stored a refresh recovers within the grace`(@TempDir folder: Path) = test {
        val file = folder.resolve("session")
        client(FileStorage(file)).login()
        killWhileSaving(file)
        val next = client(FileStorage(file))
        assertEquals(1, next.session().generation)
        assertEquals(2, world.count("refreshes"))
        assertEquals("rw-------", java.nio.file.attribute.PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
    }

    @Test
    fun `a process killed before it stored a refresh signs in again after the grace`(@TempDir folder: Path) = test {
        val file = folder.resolve("session")
        client(FileStorage(file)).login()
        killWhileSaving(file)
        pass(1.minutes)
        val next = client(FileStorage(file))
        refused<SessionClientException.Reused> { next.session() }
        assertEquals(0, next.login().generation)
        assertEquals(1, client(FileStorage(file)).session().generation)
    }

    @Test
    fun `what is no session is told and no session comes of it`() = test {
        for (text in listOf("", "{", "null", """{"v":2}""", """{"v":1,"token":"a"}""")) {
            val broken = MemoryStorage().apply { save(text) }
            val client = client(broken)
            refused<SessionClientException.Unreadable> { client.accessToken() }
            assertEquals(SessionState.SignedOut(SignOutReason.Unreadable), client.state.value)
            client.login()
            client.accessToken()
        }
    }

    @Test
    fun `no description shows a token`() = test {
        val client = client()
        val session = client.login()
        assertFalse(session.token in client.state.value.toString())
        assertFalse(session.token in session.toString())
    }

    /** In a process of its own, which gets a refreshed session and is killed with half of it written. */
    private fun killWhileSaving(file: Path) {
        val java = Path.of(System.getProperty("java.home"), "bin", "java").toString()
        val child = ProcessBuilder(
            java, "-Xmx64m", "-cp", System.getProperty("java.class.path"), "dev.sessera.client.DyingClient", world.url, "$file",
        ).redirectError(ProcessBuilder.Redirect.INHERIT).start()
        assertEquals("saving", child.inputStream.bufferedReader().readLine())
        child.destroyForcibly()
        assertTrue(child.waitFor(30, TimeUnit.SECONDS))
        assertNotEquals(0, child.exitValue())
    }
}
