package dev.sessera.client

import dev.sessera.Algorithm
import dev.sessera.DpopKey
import dev.sessera.ProofKeyException
import dev.sessera.ProofSigner
import kotlin.time.Duration.Companion.hours
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNotEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Test

/** A session client whose session is bound to a key. */
class BoundClientTest : SessionClientCase() {
    private val keys = Keys()

    private fun bound(transport: Transport = JdkTransport(), clock: DeviceClock = this.clock) =
        client(proofKeys = keys, transport = transport, clock = clock)

    @Test
    fun `a session is bound to the key from its start, and of no use without it`() = test {
        val client = bound()
        assertEquals(client.login().keyThumbprint, keys.load()?.thumbprint())
        passToTheEndOfTheToken()
        val session = client.session()
        assertEquals(1, session.generation)
        assertEquals(401, world.me(session.token))
        val stolen = MemoryStorage().apply { save(storage.load()!!.replace(Regex(""","key":"[^"]*""""), "")) }
        assertEquals("binding_mismatch", refused<SessionClientException.Refused> { client(stolen).accessToken() }.code)
        assertEquals(2, client.sessionReplacing(session.token).generation, "and did no harm")
    }

    @Test
    fun `every request has a proof of its own`() = test {
        val cable = Cable()
        val client = bound(cable)
        client.login()
        passToTheEndOfTheToken()
        world.lose(2)
        client.session()
        client.signOut()
        // A login, three tries of a refresh, a sign-out.
        val proofs = cable.sent.map { it["DPoP"] }
        assertEquals(5, proofs.size)
        assertEquals(5, proofs.filterNotNull().toSet().size)
        assertEquals(1, world.count("logouts"))
    }

    @Test
    fun `a device whose date is hours off asks once more, and then knows the time`() = test {
        for (off in listOf(-3.hours, 3.hours)) {
            storage.remove()
            val device = TestClock(off)
            val (logins, refreshes) = world.count("logins") to world.count("refreshes")
            bound(clock = device).login()
            assertEquals(logins + 2, world.count("logins"), "$off: once for the time, and once with it")
            val restarted = bound(clock = device)
            val session = restarted.session()
            assertEquals(1, session.generation)
            assertEquals(refreshes + 2, world.count("refreshes"), "$off")
            restarted.sessionReplacing(session.token)
            assertEquals(refreshes + 3, world.count("refreshes"), "$off: from then on it is known")
        }
    }

    @Test
    fun `a lost key signs out with that, and a login makes another`() = test {
        val client = bound()
        client.login()
        keys.lose()
        passToTheEndOfTheToken()
        refused<SessionClientException.KeyLost> { client.accessToken() }
        assertEquals(SessionState.SignedOut(SignOutReason.KeyLost), client.state.value)
        assertNull(storage.load())
        assertEquals(client.login().keyThumbprint, keys.load()?.thumbprint())
    }

    @Test
    fun `another key is a lost one`() = test {
        bound().login()
        keys.make()
        refused<SessionClientException.KeyLost> { bound().accessToken() }
    }

    @Test
    fun `a sign-out is proven too`() = test {
        val client = bound()
        val session = client.login()
        val shown = client.authorization("GET", java.net.URI("${world.url}/me"), session)
        client.signOut()
        assertEquals(1, world.count("logouts"))
        val answer = JdkTransport().post(shownAt("${world.url}/session/refresh", shown))
        assertEquals(401, answer.status)
        assertNotEquals(200, world.me(session.token))
    }

    @Test
    fun `a key that cannot be used now ends no session, and one that is lost does`() = test {
        val client = bound()
        client.login()
        passToTheEndOfTheToken()
        val session = SessionSnapshot.ofText(storage.load()!!)!!
        val me = java.net.URI("${world.url}/me")
        keys.refuses = ProofKeyException.Unavailable()
        refused<SessionClientException.Offline> { client.accessToken() }
        refused<SessionClientException.Offline> { client.authorization("GET", me, session) }
        keys.refuses = null
        assertEquals(1, client.session().generation)
        keys.refuses = ProofKeyException.Lost()
        refused<SessionClientException.KeyLost> { client.authorization("GET", me, client.session()) }
        refused<SessionClientException.KeyLost> { client.sessionReplacing(client.session().token) }
        assertEquals(SessionState.SignedOut(SignOutReason.KeyLost), client.state.value)
    }

    private fun shownAt(url: String, headers: Map<String, String>) =
        TransportRequest(java.net.URI(url), headers, "{}", SessionClientSettings().requestTimeout)

    /** Keys that sign when they like, as those of a platform's key store. */
    private class Keys : ProofKeyStore {
        private var key: DpopKey? = null

        @Volatile
        var refuses: ProofKeyException? = null

        fun lose() {
            key = null
        }

        override fun load(): DpopKey? = key

        override fun make(): DpopKey {
            val pair = java.security.KeyPairGenerator.getInstance("Ed25519").generateKeyPair()
            // The last 32 bytes of the encoding are the key itself.
            val public = java.util.Base64.getUrlEncoder().withoutPadding().encodeToString(pair.public.encoded.takeLast(32).toByteArray())
            val signer = object : ProofSigner {
                override fun sign(message: ByteArray): ByteArray {
                    refuses?.let { throw it }
                    return java.security.Signature.getInstance("Ed25519").run {
                        initSign(pair.private)
                        update(message)
                        sign()
                    }
                }
            }
            return DpopKey.kept("""{"kty":"OKP","crv":"Ed25519","x":"$public"}""", signer).also { key = it }
        }
    }
}
