package dev.sessera.client

import dev.sessera.okhttp.OkHttpTransport
import dev.sessera.okhttp.SessionInterceptor
import java.io.IOException
import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpResponse.BodyHandlers
import okhttp3.OkHttpClient
import okhttp3.Request
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertInstanceOf
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Test

/** An app's own requests, over `java.net.http` and OkHttp. */
class RequestTest : SessionClientCase() {
    private val http = HttpClient.newHttpClient()
    private val me get() = URI("${world.url}/me")

    /** The status of the answer. */
    private fun interface Sends {
        suspend fun status(client: SessionClient, url: URI): Int
    }

    private val ways = mapOf(
        "java.net.http" to Sends { client, url ->
            http.send(HttpRequest.newBuilder(url).build(), BodyHandlers.discarding(), client).statusCode()
        },
        "OkHttp" to Sends { client, url ->
            val okhttp = OkHttpClient.Builder().addInterceptor(SessionInterceptor(client)).build()
            okhttp.newCall(Request.Builder().url(url.toString()).build()).execute().use { it.code }
        },
    )

    @Test
    fun `a request goes with a good token, and once more with a new one after a refusal`() = test {
        val client = client(proofKeys = MemoryProofKeyStore())
        client.login()
        var refreshes = 0L
        for ((way, sends) in ways) {
            assertEquals(200, sends.status(client, me), way)
            assertEquals(refreshes, world.count("refreshes"), way)
            world.refuse(1)
            assertEquals(200, sends.status(client, me), way)
            assertEquals(refreshes + 1, world.count("refreshes"), way)
            world.refuse(2)
            assertEquals(401, sends.status(client, me), "$way: and not again and again")
            refreshes += 2
            assertEquals(refreshes, world.count("refreshes"), way)
        }
    }

    @Test
    fun `a revoked session is found out by a request`() = test {
        for ((way, sends) in ways) {
            val client = client()
            client.login()
            world.revoke("user-42")
            val error = runCatching { sends.status(client, me) }.exceptionOrNull()
            // OkHttp lets nothing through but an IOException.
            val cause = if (way == "OkHttp") assertInstanceOf(IOException::class.java, error).cause else error
            assertInstanceOf(SessionClientException.Revoked::class.java, cause, way)
            assertEquals(SessionState.SignedOut(SignOutReason.Revoked), client.state.value)
        }
    }

    @Test
    fun `the token goes to its server only`() = test {
        val client = client()
        val session = client.login()
        val port = me.port
        val foreign = listOf(
            "https://127.0.0.1:$port/x", "http://127.0.0.1:${port + 1}/x", "http://127.0.0.1/x", "http://localhost:$port/x",
            "http://127.0.0.1.evil.example:$port/x", "http://127.0.0.1:$port@evil.example/x",
        )
        for (url in foreign) {
            assertThrows(IllegalArgumentException::class.java, { test { client.authorization("GET", URI(url), session) } }, url)
        }
        assertThrows(IllegalArgumentException::class.java) {
            test { ways.getValue("java.net.http").status(client, URI(world.elsewhere)) }
        }
        // What OkHttp sends elsewhere goes without.
        assertEquals(200, ways.getValue("OkHttp").status(client, URI(world.elsewhere)))
        assertEquals(1, world.count("strayed"))
        assertEquals(0, world.count("shown"))
        assertEquals("Bearer ${session.token}", client.authorization("GET", URI("${world.url}/any/where"), session)["Authorization"])
    }

    @Test
    fun `no redirect takes the token along`() = test {
        val client = client()
        val session = client.login()
        for (status in listOf(301, 302, 303, 307, 308)) {
            world.forge(status, to = "me", headers = mapOf("Location" to "${world.elsewhere}/x"), times = 2)
            for ((way, sends) in ways) sends.status(client, me).let { if (way != "OkHttp") assertEquals(status, it) }
            world.forge(status, headers = mapOf("Location" to "${world.elsewhere}/x"), times = 4)
            refused<SessionClientException.Offline> { client.sessionReplacing(session.token) }
            world.forge(status, headers = mapOf("Location" to "${world.elsewhere}/x"), times = 4)
            refused<SessionClientException.Offline> { client(transport = OkHttpTransport()).sessionReplacing(session.token) }
        }
        // An interceptor's OkHttp follows, and leaves the token behind. The session client's own requests go nowhere.
        assertEquals(5, world.count("strayed"))
        assertEquals(0, world.count("shown"))
        // Not every version of Java leaves it behind.
        val follows = HttpClient.newBuilder().followRedirects(HttpClient.Redirect.NORMAL).build()
        assertThrows(IllegalArgumentException::class.java) { JdkTransport(follows) }
        assertThrows(IllegalArgumentException::class.java) {
            test { follows.send(HttpRequest.newBuilder(me).build(), BodyHandlers.discarding(), client) }
        }
    }
}
