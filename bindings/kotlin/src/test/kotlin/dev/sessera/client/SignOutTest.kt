package dev.sessera.client

import java.io.IOException
import kotlin.time.Duration
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.async
import kotlinx.coroutines.cancel
import kotlinx.coroutines.launch
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertInstanceOf
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Test

class SignOutTest : SessionClientCase() {
    @Test
    fun `a sign-out ends the session here and at the server`() = test {
        val client = client()
        val token = client.login().token
        assertEquals(200, world.me(token))
        client.signOut()
        assertEquals(401, world.me(token))
        assertNull(storage.load())
        assertEquals(SessionState.SignedOut(SignOutReason.SignedOut), client.state.value)
        refused<SessionClientException.NotSignedIn> { client.accessToken() }
        client.signOut()
        assertEquals(1, world.count("logouts"), "who is signed out needs no sign-out")
    }

    @Test
    fun `without a server it is signed out here, and says so`() = test {
        val cable = Cable()
        val client = client(transport = cable)
        client.login()
        cable.isCut = true
        refused<SessionClientException.Offline> { client.signOut() }
        assertEquals(SessionState.SignedOut(SignOutReason.SignedOut), client.state.value)
        assertNull(storage.load())
    }

    @Test
    fun `who waits for a refresh leaves at a sign-out, which the refresh does not undo`() = test {
        val client = client()
        client.login()
        val waiting = waitsForARefresh(client)
        client.signOut()
        assertInstanceOf(SessionClientException.NotSignedIn::class.java, waiting.await().exceptionOrNull())
        assertEquals(1, world.count("held"), "it left although the answer is still to come")
        world.release()
        eventually { world.count("held") == 0L }
        assertEquals(SessionState.SignedOut(SignOutReason.SignedOut), client.state.value)
        assertNull(storage.load())
        assertEquals(1, world.count("logouts"))
    }

    @Test
    fun `a refresh on its way does not replace the next user`() = test {
        val client = client()
        client.login()
        val waiting = waitsForARefresh(client)
        val next = client.login("user-43")
        assertInstanceOf(SessionClientException.NotSignedIn::class.java, waiting.await().exceptionOrNull())
        world.release()
        eventually { world.count("held") == 0L }
        // Whatever the old refresh would still do, it does before a new one.
        assertEquals(1, client.sessionReplacing(next.token).generation)
        assertEquals("user-43", client.session().subject)
        assertEquals("user-43", stored()?.subject)
    }

    @Test
    fun `a refresh that pauses asks no more after a sign-out`() = test {
        val resting = CompletableDeferred<Unit>()
        val pauses = object : DeviceClock by clock {
            val begun = CompletableDeferred<Unit>()

            override suspend fun delay(span: Duration) {
                begun.complete(Unit)
                resting.await()
            }
        }
        val client = client(clock = pauses)
        client.login()
        passToTheEndOfTheToken()
        world.unavailable(1, 1)
        val waiting = async { runCatching { client.accessToken() } }
        pauses.begun.await()
        client.signOut()
        assertInstanceOf(SessionClientException.NotSignedIn::class.java, waiting.await().exceptionOrNull())
        val next = client.login("user-43")
        resting.complete(Unit)
        // What it would still ask, it asks before the next one is done.
        assertEquals(1, client.sessionReplacing(next.token).generation)
        assertEquals(2, world.count("refreshes"))
    }

    @Test
    fun `a sign-out whose caller leaves is one all the same`() = test {
        val client = client()
        val token = client.login().token
        val cable = Waiting()
        val leaving = client(transport = cable)
        leaving.sessionReplacing(token)
        val screen = launch { leaving.signOut() }
        cable.reached.await()
        screen.cancel()
        cable.goOn.complete(Unit)
        screen.join()
        assertEquals(1, world.count("logouts"))
    }

    @Test
    fun `a sign-out whose caller is cancelled already is sent`() = test {
        val client = client()
        client.login()
        launch {
            coroutineContext.cancel()
            client.signOut()
        }.join()
        assertEquals(1, world.count("logouts"))
        assertEquals(SessionState.SignedOut(SignOutReason.SignedOut), client.state.value)
    }

    /** Holds sign-outs up before they are sent. */
    private class Waiting : Transport {
        private val real = JdkTransport()
        val reached = CompletableDeferred<Unit>()
        val goOn = CompletableDeferred<Unit>()

        override suspend fun post(request: TransportRequest): TransportResponse {
            if (request.url.path.endsWith("logout")) {
                reached.complete(Unit)
                goOn.await()
            }
            return real.post(request)
        }
    }

    @Test
    fun `a sign-in that cannot be stored leaves the session that is there, and its refresh`() = test {
        var full = false
        val failing = object : SessionStorage by storage {
            override fun save(text: String) = if (full) throw IOException("full") else storage.save(text)
        }
        val client = client(failing)
        client.login()
        passToTheEndOfTheToken()
        world.hold()
        val waiting = async { client.session() }
        eventually { world.count("held") == 1L }
        full = true
        refused<SessionClientException.StorageFailed> { client.login("user-43") }
        world.release()
        assertEquals("user-42", waiting.await().subject)
    }
}
