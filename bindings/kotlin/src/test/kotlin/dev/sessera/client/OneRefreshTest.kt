package dev.sessera.client

import kotlin.time.Duration.Companion.minutes
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.cancel
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.launch
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertInstanceOf
import org.junit.jupiter.api.Assertions.assertNotEquals
import org.junit.jupiter.api.Test

class OneRefreshTest : SessionClientCase() {
    @Test
    fun `a hundred coroutines at the end of a token are one refresh`() = test {
        val client = client()
        val old = client.login().token
        passToTheEndOfTheToken()
        world.hold()
        val all = List(100) { async { client.accessToken() } }
        eventually { world.count("held") == 1L }
        assertInstanceOf(SessionState.Refreshing::class.java, client.state.value)
        world.release()
        val tokens = all.awaitAll().toSet()
        assertEquals(1, tokens.size)
        assertNotEquals(old, tokens.single())
        assertEquals(1, world.count("refreshes"))
        assertInstanceOf(SessionState.SignedIn::class.java, client.state.value)
    }

    @Test
    fun `a caller that is cancelled leaves at once and cancels no refresh`() = test {
        val client = client()
        client.login()
        passToTheEndOfTheToken()
        world.hold()
        val impatient = async { client.accessToken() }
        eventually { world.count("held") == 1L }
        val patient = async { client.accessToken() }
        impatient.cancelAndJoin()
        assertEquals(1, world.count("held"), "it left although the answer is still to come")
        world.release()
        assertEquals(client.state.first { it is SessionState.SignedIn && it.session.generation == 1L }.token, patient.await())
        assertEquals(1, client.session().generation)
        assertEquals(1, world.count("refreshes"))
    }

    @Test
    fun `a refresh outlives the scope of who asked for it, and is kept`() = test {
        val client = client()
        client.login()
        passToTheEndOfTheToken()
        world.hold()
        val screen = CoroutineScope(Dispatchers.Default + Job())
        val only = screen.launch { client.accessToken() }
        eventually { world.count("held") == 1L }
        screen.cancel()
        only.join()
        world.release()
        client.state.first { it is SessionState.SignedIn && it.session.generation == 1L }
        assertEquals(1, stored()?.generation)
        assertEquals(1, client.session().generation)
        assertEquals(1, world.count("refreshes"))
    }

    @Test
    fun `who waits for a client that is closed is told so, and not cancelled`() = test {
        val client = client()
        client.login()
        val waiting = waitsForARefresh(client)
        client.close()
        assertInstanceOf(SessionClientException.Offline::class.java, waiting.await().exceptionOrNull())
        refused<SessionClientException.Offline> { client.accessToken() }
        world.release()
    }

    @Test
    fun `one that is cancelled already asks nobody`() = test {
        val client = client()
        client.login()
        passToTheEndOfTheToken()
        val left = async {
            coroutineContext.cancel()
            client.accessToken()
        }
        left.join()
        assertInstanceOf(CancellationException::class.java, runCatching { left.await() }.exceptionOrNull())
        assertEquals(0, world.count("refreshes"))
    }

    @Test
    fun `a good token is handed out without asking`() = test {
        val client = client()
        val token = client.login().token
        pass(15.minutes)
        assertEquals(token, client.accessToken(14.minutes))
        assertEquals(0, world.count("refreshes"))
    }

    @Test
    fun `a token that is to last longer is refreshed, but not in its first half`() = test {
        val client = client()
        val token = client.login().token
        assertEquals(token, client.accessToken(60.minutes))
        pass(15.minutes + 1.seconds)
        assertNotEquals(token, client.accessToken(60.minutes))
        assertEquals(1, world.count("refreshes"))
    }

    @Test
    fun `a token that was refused is replaced once for all`() = test {
        val client = client()
        val refused = client.login().token
        val first = client.sessionReplacing(refused)
        assertEquals(first, client.sessionReplacing(refused))
        assertEquals(1, first.generation)
        assertEquals(1, world.count("refreshes"))
    }

    @Test
    fun `a token that lasts as long as its session is not refreshed for nothing`() = test {
        val client = client()
        client.login()
        repeat(24) {
            pass(30.minutes - 10.seconds)
            client.accessToken()
        }
        // 4 minutes before the absolute end of 12 hours: no refresh could give more.
        val session = client.session()
        assertEquals(session.endsAt, session.expiresAt)
        pass(200.seconds)
        val before = world.count("refreshes")
        assertEquals(session.token, client.accessToken(10.minutes))
        assertEquals(before, world.count("refreshes"))
    }

    private val SessionState.token: String
        get() = assertInstanceOf(SessionState.SignedIn::class.java, this).session.token
}
