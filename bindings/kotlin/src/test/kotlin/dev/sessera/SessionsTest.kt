package dev.sessera

import java.nio.file.Path
import java.security.KeyPairGenerator
import java.security.Signature
import java.security.interfaces.ECPublicKey
import java.security.spec.ECGenParameterSpec
import java.util.Base64
import java.util.concurrent.CopyOnWriteArrayList
import kotlin.concurrent.thread
import kotlin.time.Duration.Companion.minutes
import kotlin.time.Duration.Companion.seconds
import kotlinx.serialization.Serializable
import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.jsonPrimitive
import kotlinx.serialization.json.put
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNotEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

@Serializable
private data class Rights(val roles: List<String>)

class SessionsTest {
    private fun sessions(store: Store? = MemoryStore(), clock: Clock? = null, observer: Observer? = null) =
        Sessions("https://app.example", "web", Keyring.generate(Algorithm.ED_DSA), store = store, clock = clock, observer = observer)

    private fun refusal(call: () -> Unit): String = assertThrows(SessionException::class.java, call).code

    @Test
    fun `a session lives from its login to its revocation`() = sessions().use { sessions ->
        val issued = sessions.issue("user-42", claims = buildJsonObject { put("role", "editor") }, amr = listOf("pwd"))
        val session = sessions.verify(issued.token)
        assertEquals("user-42", session.subject)
        assertEquals(listOf("pwd"), session.amr)
        assertEquals("editor", session.claims["role"]?.jsonPrimitive?.content)
        val rotated = sessions.rotate(issued.token)
        assertEquals(1UL, rotated.session.generation)
        sessions.revokeSession(session.id)
        assertEquals("revoked", refusal { sessions.verify(rotated.token) })
    }

    @Test
    fun `claims are read as a class of the application`() {
        sessions().use { sessions ->
            val login = NewSession("user-42", Claims.of(Rights(listOf("editor", "é \u0000 😀"))))
            val session = sessions.verify(sessions.issue(login).token)
            assertEquals(Rights(listOf("editor", "é \u0000 😀")), session.claims.decode<Rights>())
        }
    }

    @Test
    fun `a verify says the same by either way across`() = sessions().use { sessions ->
        val client = Client(ip = "203.0.113.7", userAgent = "Mozilla/5.0 Firefox/140.0", device = newDeviceSecret())
        val token = sessions.issue(NewSession("üser"), client).token
        val native: NativeSessions = sessions
        for (shown in listOf(client, Client(), client.copy(ip = "198.51.100.1"), client.copy(device = "é"), client.copy(waited = 3.seconds))) {
            val one = runCatching { sessions.verify(token, shown) }
            val other = runCatching { native.verifyLive(token, shown) }
            assertEquals(other.getOrNull(), one.getOrNull())
            assertEquals((other.exceptionOrNull() as SessionException?)?.code, (one.exceptionOrNull() as SessionException?)?.code)
        }
    }

    @Test
    fun `any text is refused and none is trouble`() = sessions().use { sessions ->
        val token = sessions.issue("user-42").token
        val texts = listOf("", "a", "é", "😀", "\u0000", token + "é", token.replace('.', '·'), token.dropLast(2), token.repeat(3))
        for (text in texts) assertNotEquals("", refusal { sessions.verify(text) })
        assertEquals("too_large", refusal { sessions.verify("a".repeat(5_000)) })
        // More than there is room for on the way across.
        assertEquals("too_large", refusal { sessions.verify("a".repeat(100_000)) })
        assertEquals("user-42", sessions.verify(token, Client(userAgent = "x".repeat(100_000))).subject)
    }

    @Test
    fun `threads that verify at once get each their own answer`() = sessions().use { sessions ->
        val tokens = List(8) { sessions.issue("user-$it").token }
        val wrong = CopyOnWriteArrayList<String>()
        tokens.mapIndexed { nth, token ->
            thread { repeat(500) { sessions.verify(token).subject.let { if (it != "user-$nth") wrong += it } } }
        }.forEach(Thread::join)
        assertEquals(emptyList<String>(), wrong)
    }

    @Test
    fun `what is closed verifies nothing, and can be closed again`() {
        val sessions = sessions()
        val token = sessions.issue("user-42").token
        sessions.verify(token)
        sessions.close()
        sessions.close()
        assertThrows(IllegalStateException::class.java) { sessions.verify(token) }
    }

    @Test
    fun `public keys alone verify`() {
        val keyring = Keyring.generate(Algorithm.ES256)
        val issued = Sessions("https://app.example", "web", keyring).use { it.issue("user-42") }
        val policy = Policy(binding = BindingPolicy.off())
        Sessions("https://app.example", "web", Keyring.fromPublicJwks(keyring.jwks()), policy).use { verifier ->
            assertEquals("user-42", verifier.verify(issued.token).subject)
            assertEquals("invalid_key", refusal { verifier.issue("user-42") })
        }
    }

    @Test
    fun `defaults are those of the core, and presets its presets`() = sessions().use { sessions ->
        assertEquals(30.minutes, sessions.policy().idleTimeout)
        assertEquals(5.minutes, sessions.policy().renewInterval)
        assertEquals(15.minutes, Policy.aal3().idleTimeout)
        assertEquals(BindingMode.OFF, BindingPolicy.off().device)
    }

    @Test
    fun `a clock and an observer of the application are asked and told`() {
        val events = CopyOnWriteArrayList<Event>()
        val clock = ManualClock(kotlin.time.Instant.fromEpochSeconds(1_700_000_000))
        val observer = object : Observer {
            override fun event(event: Event) {
                events += event
            }
        }
        sessions(clock = clock, observer = observer).use { sessions ->
            val issued = sessions.issue("user-42")
            assertEquals(clock.now, issued.session.issuedAt)
            clock.advance(31.minutes)
            assertEquals("expired", refusal { sessions.verify(issued.token) })
        }
        assertEquals(listOf("session_created", "session_use_after_expire"), events.map { it.kind })
        assertEquals("expired", events.last().reason)
    }

    @Test
    fun `an observer that throws fails no verb, and a clock that throws lets nobody in`() {
        val observer = object : Observer {
            override fun event(event: Event): Unit = error("full")
        }
        sessions(observer = observer).use { assertEquals("user-42", it.issue("user-42").session.subject) }
        var broken = false
        val clock = object : Clock {
            override fun unixMillis(): ULong = if (broken) error("broken") else 1_700_000_000_000UL
        }
        sessions(store = null, clock = clock).use { sessions ->
            val token = sessions.issue("user-42").token
            broken = true
            assertEquals("ended", refusal { sessions.verify(token) })
        }
    }

    @Test
    fun `no description shows a secret`() = sessions().use { sessions ->
        val client = Client(device = "top-secret", key = "thumbprint")
        assertFalse("top-secret" in client.toString())
        val issued = sessions.issue("user-42", claims = buildJsonObject { put("card", "4111") })
        assertFalse(issued.token in issued.toString())
        assertFalse("4111" in issued.session.toString())
    }

    @Test
    fun `a store in a file is shared, listed and outlives`(@TempDir folder: Path) {
        val keyring = Keyring.generate(Algorithm.HS256)
        fun open() = Sessions(
            "https://app.example", "web", keyring, store = SqliteStore(folder.resolve("sessions.db")), listSessions = true,
        )
        val token = open().use { sessions ->
            val issued = sessions.issue("user-42")
            sessions.putData(issued.session, byteArrayOf(1, 2, 3))
            issued.token
        }
        open().use { sessions ->
            val session = sessions.verify(token)
            assertEquals(listOf<Byte>(1, 2, 3), sessions.data(session)?.toList())
            assertEquals(listOf(session.id), sessions.sessionsOf("user-42").map { it.id })
            assertTrue(sessions.recheck(session) > 29.minutes)
            sessions.revokeSubject("user-42")
            assertNull(sessions.data(session))
            assertEquals("revoked", refusal { sessions.verifyLive(token) })
        }
    }

    @Test
    fun `a key file that was rotated is noticed`(@TempDir folder: Path) {
        val path = folder.resolve("keys.json").toString()
        val keyring = Keyring.generate(Algorithm.ED_DSA).apply { save(path) }
        KeyringFile(path).use { file ->
            assertNull(file.reloadIfChanged())
            keyring.rotate()
            keyring.save(path)
            assertEquals(2, file.reloadIfChanged()?.keys()?.size)
        }
    }

    @Test
    fun `a proof is made with a key that stays in its key store`() {
        val pair = KeyPairGenerator.getInstance("EC").apply { initialize(ECGenParameterSpec("secp256r1")) }.generateKeyPair()
        val point = (pair.public as ECPublicKey).w
        fun coordinate(number: java.math.BigInteger): String {
            val bytes = number.toByteArray().takeLast(32).toByteArray()
            return Base64.getUrlEncoder().withoutPadding().encodeToString(ByteArray(32 - bytes.size) + bytes)
        }
        val jwk = """{"kty":"EC","crv":"P-256","x":"${coordinate(point.affineX)}","y":"${coordinate(point.affineY)}"}"""
        var error: ProofKeyException? = null
        val key = DpopKey.kept(jwk, object : ProofSigner {
            override fun sign(message: ByteArray): ByteArray {
                error?.let { throw it }
                return Signature.getInstance("SHA256withECDSA").run {
                    initSign(pair.private)
                    update(message)
                    sign()
                }
            }
        })
        val request = ProofRequest(key.proof("GET", "https://app.example/me", "a.b.c"), "GET", "https://app.example/me", "a.b.c")
        DpopVerifier(DpopSettings(maxAge = 30.seconds)).use { verifier ->
            assertEquals(key.thumbprint(), verifier.verify(request).thumbprint)
            assertEquals("reused", refusal { verifier.verify(request) })
        }
        error = ProofKeyException.Lost()
        assertEquals("invalid_key", refusal { key.proof("GET", "https://app.example/me") })
        error = ProofKeyException.Unavailable()
        assertEquals("store_unavailable", refusal { key.proof("GET", "https://app.example/me") })
    }
}
