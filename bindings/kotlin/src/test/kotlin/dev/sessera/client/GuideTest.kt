package dev.sessera.client

// [imports]
import dev.sessera.* // issue, code and httpStatus, too, are extensions of this package
import dev.sessera.client.*
import dev.sessera.okhttp.* // where your build has com.squareup.okhttp3:okhttp
import kotlin.time.Duration.Companion.seconds
import kotlinx.serialization.json.*
// [end]
import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpResponse.BodyHandlers
import java.nio.file.Path
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.launch
import okhttp3.OkHttpClient
import okhttp3.Request
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** What the documentation shows, between the marks that it names: docs/how-to/kotlin.md. */
class GuideTest : SessionClientCase() {
    @TempDir
    lateinit var folder: Path

    @Test
    fun `the example of a server that issues sessions works`() {
        val file = folder.resolve("sessions.db")
        // [issue]
        val sessions = Sessions(
            "https://app.example", "web", Keyring.generate(Algorithm.ED_DSA),
            policy = Policy(idleTimeout = 1800.seconds), store = SqliteStore(file),
        )
        val issued = sessions.issue("user-42", claims = buildJsonObject { put("role", "editor") })
        val session = sessions.verify(issued.token)
        println("${session.subject} is ${session.claims["role"]}")
        sessions.revokeSession(session.id)
        // [end]
        assertEquals("user-42", session.subject)
        assertEquals("revoked", (runCatching { sessions.verify(issued.token) }.exceptionOrNull() as SessionException).code)
        sessions.close()
    }

    @Test
    fun `the example of a server that only verifies works`() {
        val keyring = Keyring.generate(Algorithm.ED_DSA)
        val issuer = Sessions("https://app.example", "web", keyring, store = MemoryStore())
        val token = issuer.issue("user-42", claims = buildJsonObject { put("role", "editor") }).token
        val jwks = keyring.jwks()
        val logged = mutableListOf<String>()
        fun log(text: String) = logged.add(text)
        // [verify]
        // The issuer's public keys, from its /.well-known/jwks.json.
        val verifier = Sessions(
            "https://app.example", "web", Keyring.fromPublicJwks(jwks), policy = Policy(binding = BindingPolicy.off()),
        )

        fun answer(authorization: String?): Pair<Int, String> = try {
            val session = verifier.verify(authorization.orEmpty().removePrefix("Bearer "))
            200 to "Hello ${session.subject}"
        } catch (refused: SessionException) {
            // The code is for the log. Who asks learns no more than the status.
            log(refused.code)
            refused.httpStatus to ""
        }
        // [end]
        assertEquals(200 to "Hello user-42", answer("Bearer $token"))
        assertEquals(401 to "", answer("Bearer ${token}x"))
        assertEquals(401 to "", answer(null))
        assertEquals(listOf("malformed", "malformed"), logged)
    }

    @Test
    fun `the example of an app works`() = test {
        val baseUrl = world.url
        val file = folder.resolve("session")
        // [client]
        val client = SessionClient(baseUrl, FileStorage(file))
        client.signIn(buildJsonObject { put("subject", "user-42") })
        val token = client.accessToken(minTtl = 30.seconds)
        // [end]
        assertEquals(200, world.me(token))
        val shown = mutableListOf<String>()
        // [states]
        val watching = launch {
            client.state.collect { state ->
                when (state) {
                    is SessionState.SignedIn -> shown += "Welcome, ${state.session.subject}"
                    is SessionState.Refreshing -> shown += "…"
                    is SessionState.Offline -> shown += "No connection"
                    is SessionState.SignedOut -> shown += "Please sign in: ${state.reason}"
                }
            }
        }
        // [end]
        eventually { shown == listOf("Welcome, user-42") }
        watching.cancel()
        // [requests]
        val http = HttpClient.newHttpClient()
        val me = HttpRequest.newBuilder(URI("$baseUrl/me")).build()
        val answer = http.send(me, BodyHandlers.ofString(), client)

        // Or with OkHttp:
        val okhttp = OkHttpClient.Builder().addInterceptor(SessionInterceptor(client)).build()
        val body = okhttp.newCall(Request.Builder().url("$baseUrl/me").build()).execute().use { it.body.string() }
        // [end]
        assertEquals(200, answer.statusCode())
        assertTrue("user-42" in body)
        // [errors]
        suspend fun open(): String = try {
            client.accessToken()
            "home"
        } catch (offline: SessionClientException.Offline) {
            "offline" // The session is kept: try again later.
        } catch (locked: SessionClientException.StorageFailed) {
            "locked" // So is this one: the device was not unlocked yet, say.
        } catch (ended: SessionClientException) {
            "login" // Expired, Revoked, Reused, KeyLost, Unreadable, Refused, NotSignedIn.
        }
        // [end]
        assertEquals("home", open())
        client.signOut()
        assertEquals("login", open())
        client.close()
    }

    @Test
    fun `the example of a session that is bound to a key works`() = test {
        val baseUrl = world.url
        val file = folder.resolve("session")
        val proofKeys = MemoryProofKeyStore()
        // [bound]
        val client = SessionClient(baseUrl, FileStorage(file), transport = OkHttpTransport(), proofKeys = proofKeys)
        val session = client.signIn(buildJsonObject { put("subject", "user-42") })
        check(session.keyThumbprint == proofKeys.load()?.thumbprint())
        // [end]
        assertEquals(401, world.me(session.token))
        assertTrue(client.state.first() is SessionState.SignedIn)
        client.close()
    }

    // [storage]
    /** Keeps a session in a map, as a test would; a key store's own throws what it has to say. */
    class MapStorage(private val kept: MutableMap<String, String>, private val name: String) : SessionStorage {
        override fun load(): String? = kept[name]

        // Afterwards either the old or the new must be there, whatever happens meanwhile.
        override fun save(text: String) {
            kept[name] = text
        }

        override fun remove() {
            kept.remove(name)
        }
    }
    // [end]

    @Test
    fun `the example of a storage works`() = test {
        val kept = mutableMapOf<String, String>()
        client(MapStorage(kept, "session")).login()
        assertEquals("user-42", client(MapStorage(kept, "session")).session().subject)
        client(MapStorage(kept, "session")).signOut()
        assertTrue(kept.isEmpty())
    }
}
