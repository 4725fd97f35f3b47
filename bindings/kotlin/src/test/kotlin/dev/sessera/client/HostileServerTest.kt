package dev.sessera.client

import dev.sessera.okhttp.OkHttpTransport
import java.io.PrintWriter
import java.io.StringWriter
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.minutes
import kotlin.time.Duration.Companion.seconds
import okhttp3.OkHttpClient
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNotEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** Answers that the server would not give: they end no session, spoil none, and hold nobody up. */
class HostileServerTest : SessionClientCase() {
    private val transports = mapOf(
        "java.net.http" to JdkTransport(),
        // It tries again by itself where a connection breaks, which would use up what a test prepared.
        "OkHttp" to OkHttpTransport(OkHttpClient.Builder().retryOnConnectionFailure(false).build()),
    )

    /** A session, as the server would tell it, with something else in it. */
    private fun told(held: SessionSnapshot, vararg changed: Pair<String, String>): String {
        val members = mapOf(
            "token" to "\"${held.token}\"", "subject" to "\"${held.subject}\"", "session" to "\"${held.session}\"",
            "generation" to "${held.generation + 1}", "expires_at" to "${held.expiresAt.toEpochMilliseconds()}",
            "ends_at" to "${held.endsAt.toEpochMilliseconds()}", "now" to "${held.receivedAt.toEpochMilliseconds()}",
        ) + changed
        return members.filterValues { it.isNotEmpty() }.entries.joinToString(",", "{", "}") { (name, value) -> "\"$name\":$value" }
    }

    /** Refreshes get this answer, and the session is as it was. Neither the error nor its causes tell the token. */
    private suspend fun harmless(
        case: String, status: Int, type: String = "application/json", repeat: Int = 1,
        transport: Transport = transports.values.first(), body: (SessionSnapshot) -> String,
    ) {
        storage.remove()
        val client = client(transport = transport)
        val held = client.login()
        passToTheEndOfTheToken()
        world.forge(status, body(held), headers = mapOf("Content-Type" to type), times = 4, repeat = repeat)
        val error = refused<SessionClientException.Offline> { client.accessToken() }
        val printed = StringWriter().also { error.printStackTrace(PrintWriter(it)) }.toString()
        assertFalse(held.token in printed, "$case: $printed")
        assertTrue(client.state.value is SessionState.Offline, case)
        assertEquals(held, stored(), case)
        world.forge(status, times = 0)
        assertEquals(held.generation + 1, client.session().generation, case)
    }

    @Test
    fun `an answer that is not in the server's words ends no session`() = test {
        val deep = "[".repeat(30_000)
        val bodies = listOf(
            "nothing" to "", "no JSON" to "\u0000\u0001\uFFFF", "not an object" to "[]", "null" to "null",
            "an empty object" to "{}", "deep" to deep,
        )
        val changes = listOf(
            "no token" to ("token" to ""), "a null token" to ("token" to "null"), "a list as token" to ("token" to "[1]"),
            "an empty token" to ("token" to "\"\""), "a token with lines" to ("token" to "\"a\\r\\nX-Evil: b\""),
            "a token of other letters" to ("token" to "\"t\u00f6ken\""),
            "a token too long" to ("token" to "\"${"a".repeat(8193)}\""),
            "a generation too large" to ("generation" to "1e999"),
            "an instant too large" to ("expires_at" to "99999999999999999999999999"),
            "deep in what is unknown" to ("x" to deep),
        )
        for ((case, body) in bodies) harmless(case, 200) { body }
        for ((case, change) in changes) harmless(case, 200) { told(it, change) }
        harmless("cut short", 200) { told(it).dropLast(1) }
        harmless("and more", 200) { told(it) + "}" }
        harmless("another type", 200, type = "text/html") { told(it) }
        harmless("a portal's refusal", 401, type = "text/html; charset=utf-8") { """{"code":"revoked"}""" }
        for (body in listOf("", "{}", "<html>", """{"code":null}""", """{"code":""}""")) harmless("401 $body", 401) { body }
        for (status in listOf(201, 204, 206, 300, 302, 304, 400, 404, 418, 500, 502)) harmless("$status", status) { told(it) }
    }

    @Test
    fun `a code that repeats the token is not told on`() = test {
        val client = client()
        val held = client.login()
        for (code in listOf(held.token, "revoked ${held.token}", "a".repeat(65))) {
            passToTheEndOfTheToken()
            world.forge(401, """{"code":"$code"}""", times = 4)
            val error = refused<SessionClientException.Offline> { client.accessToken() }
            assertFalse(code in error.toString())
            world.forge(401, times = 0)
            client.session()
        }
    }

    @Test
    fun `an answer about another session is not taken for this one`() = test {
        val client = client()
        client.login()
        pass(1.minutes)
        val held = client.sessionReplacing(client.session().token)
        for (changed in listOf("session" to "\"other\"", "subject" to "\"mallory\"", "generation" to "0")) {
            passToTheEndOfTheToken()
            val before = client.session(0.seconds)
            world.forge(200, told(before, changed), times = 4)
            refused<SessionClientException.Offline> { client.accessToken() }
            assertEquals(before, stored(), "$changed")
            world.forge(200, times = 0)
            assertEquals(before.generation + 1, client.session().generation)
        }
        assertEquals(held.session, stored()?.session)
    }

    @Test
    fun `an absurd date ends nothing but what the answer ends`() = test {
        for (date in listOf("Fri, 31 Dec 9999 23:59:59 GMT", "Thu, 01 Jan 1970 00:00:00 GMT", "yesterday", "")) {
            for (keys in listOf(null, MemoryProofKeyStore())) {
                val client = client(MemoryStorage(), proofKeys = keys)
                client.login()
                val headers = mapOf("Content-Type" to "application/json", "Date" to date)
                world.forge(401, """{"code":"revoked"}""", headers = headers, times = 2)
                refused<SessionClientException.Revoked> { client.sessionReplacing(client.session().token) }
                world.forge(401, times = 0)
                val token = client.login().token
                assertEquals(token, client.accessToken(), date)
                passToTheEndOfTheToken()
                assertNotEquals(token, client.accessToken(), date)
            }
        }
    }

    @Test
    fun `a body without end is cut off`() = test {
        for ((name, transport) in transports) {
            harmless("$name: 64 MB", 200, repeat = 1024, transport = transport) { "a".repeat(65_536) }
            harmless("$name: too much, and a session", 200, transport = transport) {
                " ".repeat(TransportResponse.LIMIT) + told(it)
            }
        }
    }

    @Test
    fun `an answer that comes byte by byte counts as lost in time`() = test {
        for ((name, transport) in transports) {
            val session = client().login()
            world.forge(200, "{", times = 4, repeat = 100_000, pause = 50.milliseconds)
            val client = client(transport = transport, requestTimeout = 500.milliseconds)
            refused<SessionClientException.Offline> { client.sessionReplacing(session.token) }
            world.forge(200, times = 0)
            assertEquals(session, stored(), name)
        }
    }

    @Test
    fun `a pause that the server asks for has an end`() = test {
        val client = client()
        client.login()
        for (asked in listOf("99999999999999999999", "9223372036854775807", "-5", "soon", "1.5", "")) {
            passToTheEndOfTheToken()
            val before = client.session(0.seconds).generation
            world.forge(503, headers = mapOf("Retry-After" to asked), times = 4)
            refused<SessionClientException.Offline> { client.accessToken() }
            world.forge(503, times = 0)
            clock.advance(60.minutes)
            assertEquals(before + 1, client.session().generation, asked)
        }
    }
}
