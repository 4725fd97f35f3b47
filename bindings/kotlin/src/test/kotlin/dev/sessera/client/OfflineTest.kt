package dev.sessera.client

import java.util.concurrent.CopyOnWriteArrayList
import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.async
import kotlinx.coroutines.launch
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertInstanceOf
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

class OfflineTest : SessionClientCase() {
    @Test
    fun `without a network the session is kept and tries are few and spread`() = test {
        val cable = Cable()
        val client = client(transport = cable)
        client.login()
        passToTheEndOfTheToken()
        cable.isCut = true
        refused<SessionClientException.Offline> { client.accessToken() }
        val kept = assertInstanceOf(SessionState.Offline::class.java, client.state.value).session
        assertEquals(3, clock.delays.size, "four tries")
        assertTrue(clock.delays.zip(listOf(250, 500, 1000)).all { (delay, most) -> delay <= most.milliseconds })
        // What the token still has is there for who asks for no more.
        assertEquals(kept.token, client.accessToken(5.seconds))
        cable.isCut = false
        val session = client.session()
        assertEquals(1, session.generation)
        assertEquals(SessionState.SignedIn(session), client.state.value)
    }

    @Test
    fun `pauses grow to their cap and are random`() {
        val policy = RetryPolicy(base = 250.milliseconds, cap = 1.seconds, jitter = { 1.0 })
        assertEquals(listOf(250.milliseconds, 500.milliseconds, 1.seconds, 1.seconds), (1..4).map(policy::delayAfter))
        for (late in listOf(32, 33, Int.MAX_VALUE)) assertEquals(1.seconds, policy.delayAfter(late))
        assertEquals(Duration.ZERO, RetryPolicy(jitter = { 0.0 }).delayAfter(3))
        assertTrue(List(50) { RetryPolicy().delayAfter(3) }.toSet().size > 1)
    }

    @Test
    fun `a server that asks for a short pause gets it`() = test {
        val client = client()
        client.login()
        passToTheEndOfTheToken()
        world.unavailable(2, 2)
        assertEquals(1, client.session().generation)
        assertEquals(listOf(2.seconds, 2.seconds), clock.delays)
    }

    @Test
    fun `a server that asks for a long pause is left alone`() = test {
        val client = client()
        client.login()
        passToTheEndOfTheToken()
        world.unavailable(1, 20)
        repeat(3) { refused<SessionClientException.Offline> { client.accessToken() } }
        assertEquals(1, world.count("refreshes"))
        pass(20.seconds)
        assertEquals(1, client.session().generation)
    }

    @Test
    fun `states tell what happens, in order`() = test {
        val client = client()
        val seen = CopyOnWriteArrayList<String>()
        val watching = launch { client.state.collect { seen += told(it) } }
        suspend fun next(state: String) = eventually { seen.lastOrNull() == state }
        next("signed out NotSignedIn")
        client.login()
        next("signed in 0")
        passToTheEndOfTheToken()
        world.hold()
        world.unavailable(1, 20)
        val first = async { refused<SessionClientException.Offline> { client.accessToken() } }
        next("refreshing 0")
        world.release()
        first.await()
        next("offline 0")
        pass(20.seconds)
        world.hold()
        val second = async { client.accessToken() }
        next("refreshing 0")
        world.release()
        second.await()
        next("signed in 1")
        client.signOut()
        next("signed out SignedOut")
        watching.cancel()
        assertEquals(
            listOf(
                "signed out NotSignedIn", "signed in 0", "refreshing 0", "offline 0", "refreshing 0", "signed in 1",
                "signed out SignedOut",
            ),
            seen,
        )
    }

    private fun told(state: SessionState): String = when (state) {
        is SessionState.SignedIn -> "signed in ${state.session.generation}"
        is SessionState.Refreshing -> "refreshing ${state.session.generation}"
        is SessionState.Offline -> "offline ${state.session.generation}"
        is SessionState.SignedOut -> "signed out ${state.reason}"
    }
}
