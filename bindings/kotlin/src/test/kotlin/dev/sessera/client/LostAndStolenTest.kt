package dev.sessera.client

import kotlin.time.Duration.Companion.minutes
import kotlin.time.Duration.Companion.seconds
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertInstanceOf
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Test

class LostAndStolenTest : SessionClientCase() {
    @Test
    fun `a lost answer within the grace signs nobody out`() = test {
        val client = client()
        client.login()
        passToTheEndOfTheToken()
        world.lose(2)
        val session = client.session()
        assertEquals(1, session.generation, "all three tries led to one successor")
        assertEquals(3, world.count("refreshes"))
        assertEquals(2, clock.delays.size)
        assertEquals(SessionState.SignedIn(session), client.state.value)
    }

    @Test
    fun `when all answers are lost the next call within the grace recovers`() = test {
        val client = client()
        client.login()
        passToTheEndOfTheToken()
        world.lose(4)
        refused<SessionClientException.Offline> { client.accessToken() }
        assertInstanceOf(SessionState.Offline::class.java, client.state.value)
        pass(9.seconds)
        assertEquals(1, client.session().generation)
    }

    @Test
    fun `a token that a thief used first signs out with reused`() = test {
        val client = client()
        client.login()
        val stolen = MemoryStorage().apply { save(storage.load()!!) }
        val thief = client(stolen)
        pass(29.minutes)
        assertEquals(200, world.me(thief.accessToken()))
        pass(1.minutes)
        refused<SessionClientException.Reused> { client.accessToken() }
        assertEquals(SessionState.SignedOut(SignOutReason.Reused), client.state.value)
        assertNull(storage.load())
        // And it stays so, without asking again.
        val before = world.count("refreshes")
        refused<SessionClientException.Reused> { client.accessToken() }
        assertEquals(before, world.count("refreshes"))
        // The thief's is worth nothing any more, and the owner signs in again.
        refused<SessionClientException.Revoked> { thief.sessionReplacing(thief.session().token) }
        client.login()
        assertEquals("user-42", client.session().subject)
    }

    @Test
    fun `a session that ended at the server signs out with its reason`() = test {
        val client = client()
        client.login()
        world.revoke("user-42")
        refused<SessionClientException.Revoked> { client.sessionReplacing(client.session().token) }
        assertEquals(SessionState.SignedOut(SignOutReason.Revoked), client.state.value)
        client.login()
        pass(31.minutes)
        refused<SessionClientException.Expired> { client.accessToken() }
        assertEquals(SessionState.SignedOut(SignOutReason.Expired), client.state.value)
        refused<SessionClientException.Expired> { client.accessToken() }
    }

    @Test
    fun `credentials that are refused say what the server says`() = test {
        val client = client()
        val error = refused<SessionClientException.Refused> { client.login("") }
        assertEquals("invalid_claim", error.code)
        assertEquals(SessionState.SignedOut(SignOutReason.NotSignedIn), client.state.value)
    }
}
