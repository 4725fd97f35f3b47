package dev.sessera

import java.nio.file.Files
import java.nio.file.attribute.PosixFilePermission
import java.util.concurrent.CopyOnWriteArrayList
import kotlin.time.Duration.Companion.days
import kotlin.time.Duration.Companion.hours
import kotlin.time.Duration.Companion.minutes
import kotlin.time.Duration.Companion.seconds
import kotlin.time.Instant
import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.put
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

class LifeTest {
    private val clock = ManualClock(Instant.fromEpochSeconds(1_700_000_000))
    private val keyring = Keyring.generate(Algorithm.HS256)

    private fun sessions(
        observer: Observer? = null,
        listSessions: Boolean? = null,
        maxSessions: Int? = null,
        maxData: Int? = null,
        maxVisitorData: Int? = null,
    ) = Sessions(
        "https://app.example", "web", keyring, store = MemoryStore(), clock = clock, observer = observer,
        listSessions = listSessions, maxSessions = maxSessions, maxData = maxData, maxVisitorData = maxVisitorData,
    )

    private fun refusal(call: () -> Unit): String = assertThrows(SessionException::class.java, call).code

    @Test
    fun `a store has the quota and the access that it is given`() {
        val folder = Files.createTempDirectory("sessera")
        val file = folder.resolve("sessions.db")
        for (store in listOf(MemoryStore(quota = 7), SqliteStore(file, quota = 7, groupAccess = true))) {
            Sessions("https://app.example", "web", keyring, store = store).use { assertEquals(7uL, it.status().quota) }
        }
        assertTrue(PosixFilePermission.GROUP_WRITE in Files.getPosixFilePermissions(file))
        assertThrows(IllegalArgumentException::class.java) { MemoryStore(quota = -1) }
    }

    @Test
    fun `a renewal moves issuedAt and a rotation moves rotatedAt`() = sessions().use { sessions ->
        val first = sessions.issue("user-42")
        clock.advance(5.minutes)
        val renewed = sessions.renew(first.token).session
        assertEquals(clock.now, renewed.issuedAt)
        assertEquals(first.session.issuedAt, renewed.rotatedAt)
        assertFalse(renewed.renewDue)
        assertTrue(renewed.rotationDue)
        val rotated = sessions.rotate(first.token).session
        assertEquals(clock.now, rotated.rotatedAt)
        assertFalse(rotated.rotationDue)
    }

    @Test
    fun `a logout ends the session of an expired token`() = sessions().use { sessions ->
        val token = sessions.issue("user-42").token
        clock.advance(31.minutes)
        assertEquals("expired", refusal { sessions.verify(token) })
        assertEquals(RevocationState.STORED, sessions.end(token))
        assertEquals("revoked", refusal { sessions.verify(token) })
        assertNull(sessions.end(token))
    }

    @Test
    fun `a login ends the session of the token that it replaces`() = sessions().use { sessions ->
        val old = sessions.issue("user-42").token
        val new = sessions.issue("user-42", replaces = old).token
        assertEquals("revoked", refusal { sessions.verify(old) })
        assertEquals("user-42", sessions.verify(new).subject)
        val visitor = sessions.issueVisitor().token
        assertEquals("user-42", sessions.issue("user-42", replaces = visitor).session.subject)
    }

    @Test
    fun `each revocation returns how far it has come`() = sessions().use { sessions ->
        assertEquals(RevocationState.STORED, sessions.revokeSession(sessions.issue("user-42").session.id))
        assertEquals(RevocationState.STORED, sessions.revokeSubject("user-42"))
        assertEquals(RevocationState.STORED, sessions.revokeAll())
        assertEquals(RevocationState.STORED, sessions.revokeKey("other"))
        assertEquals(0UL, sessions.status().pending)
        assertTrue(sessions.status().quota > sessions.status().marks)
    }

    @Test
    fun `an old token is a reuse once its successor was shown`() {
        val events = CopyOnWriteArrayList<Event>()
        val observer = object : Observer {
            override fun event(event: Event) {
                events += event
            }
        }
        sessions(observer).use { sessions ->
            val client = Client(ip = "203.0.113.7")
            val first = sessions.issue("user-42", client).token
            val second = sessions.rotate(first, client).token
            clock.advance(11.seconds)
            assertEquals(second, sessions.rotate(first, client).token)
            sessions.verify(second, client)
            assertEquals("user-42", sessions.verify(first, client.copy(waited = 2.seconds)).subject)
            assertEquals("reused", refusal { sessions.verify(first, Client(ip = "198.51.100.1")) })
            assertEquals("revoked", refusal { sessions.verify(second, client) })
        }
        val reuse = events.single { it.reuse != null }
        assertEquals("authn_token_reuse", reuse.kind)
        assertEquals(11.seconds, reuse.reuse?.replacedAgo)
        assertEquals(1UL, reuse.reuse?.generations)
        assertEquals(Verdict.DIFFERED, reuse.reuse?.binding?.ip)
    }

    @Test
    fun `a visitor's token is no session`() = sessions().use { sessions ->
        val visitor = sessions.issueVisitor(Claims(buildJsonObject { put("basket", "tea") }))
        assertEquals("wrong_type", refusal { sessions.verify(visitor.token) })
        assertEquals(visitor.session, sessions.verifyVisitor(visitor.token))
        assertEquals("~anonymous", sessions.verifyWithVisitors(visitor.token).subject)
        val user = sessions.issue("user-42")
        assertEquals("wrong_type", refusal { sessions.verifyVisitor(user.token) })
        assertEquals("user-42", sessions.verifyWithVisitors(user.token).subject)
        val same = sessions.renewVisitor(visitor.token)
        assertEquals(visitor.session.claims, same.session.claims)
        val changed = sessions.renewVisitor(visitor.token, Claims("{}"), Client())
        assertEquals(visitor.session.id, changed.session.id)
        assertNull(changed.session.claims["basket"])
        assertEquals(Claims("{}"), sessions.issueVisitor().session.claims)
        assertEquals(JsonPrimitive("tea"), visitor.session.claims["basket"])
    }

    @Test
    fun `session data has a limit, and visitors' data its own`() {
        sessions(maxData = 4, maxVisitorData = 2).use { sessions ->
            val (user, visitor) = sessions.issue("user-42").session to sessions.issueVisitor().session
            sessions.putData(user, ByteArray(4))
            assertEquals("too_large", refusal { sessions.putData(user, ByteArray(5)) })
            sessions.putData(visitor, ByteArray(2))
            assertEquals("too_large", refusal { sessions.putData(visitor, ByteArray(3)) })
        }
        assertThrows(IllegalArgumentException::class.java) { sessions(maxData = -1) }
    }

    @Test
    fun `a limit on sessions needs the list`() {
        sessions(maxSessions = 1).use { sessions ->
            val old = sessions.issue("user-42").token
            sessions.issue("user-42")
            assertEquals("revoked", refusal { sessions.verify(old) })
        }
        assertEquals("invalid_config", refusal { sessions(listSessions = false, maxSessions = 1) })
    }

    @Test
    fun `remembered users keep within the limit of a policy`() {
        val remembered = Policy().rememberedFor(30.days)
        assertEquals(30.days, remembered.idleTimeout)
        assertEquals(30.days, remembered.absoluteTimeout)
        assertEquals(12.hours, Policy.aal3().rememberLimit)
        assertEquals(12.hours, Policy.aal3().rememberedFor(30.days).absoluteTimeout)
        assertEquals(15.minutes, Policy.aal3().rememberedFor(30.days).idleTimeout)
        assertNull(Policy().rememberLimit)
    }

    @Test
    fun `a keyring finds its keys by name`() {
        assertTrue(keyring.has(keyring.keys().single().kid))
        assertFalse(keyring.has("other"))
    }

    @Test
    fun `missing randomness is an error of the server`() {
        val error = SessionException.RandomnessUnavailable("why")
        assertEquals("randomness_unavailable", error.code)
        assertEquals(503, error.httpStatus)
    }
}
