package dev.sessera

import java.nio.file.Path
import kotlin.io.path.listDirectoryEntries
import kotlin.io.path.nameWithoutExtension
import kotlin.io.path.readText
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds
import kotlin.time.Instant
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.add
import kotlinx.serialization.json.boolean
import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.contentOrNull
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import kotlinx.serialization.json.long
import kotlinx.serialization.json.put
import kotlinx.serialization.json.putJsonArray
import kotlinx.serialization.json.putJsonObject
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.DynamicTest
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.TestFactory

/** The vectors that every language runs: `tests/vectors/README.md` explains them. */
class VectorsTest {
    @TestFactory
    fun `every vector holds`(): List<DynamicTest> = files().flatMap { (name, file) ->
        file.array("cases").map { case ->
            DynamicTest.dynamicTest("$name: ${case.jsonObject.text("name")}") { run(file, case.jsonObject) }
        }
    }

    @Test
    fun `there are vectors for every call`() {
        val called = files().flatMap { (_, file) -> file.array("cases") }
            .flatMap { it.jsonObject.array("steps") }.map { it.jsonObject.text("do") }.toSet()
        assertEquals(calls.keys, called)
        assertTrue(files().size >= 10)
    }

    private fun run(file: JsonObject, case: JsonObject) {
        val clock = ManualClock()
        val store = if (case["store"]?.jsonPrimitive?.boolean == false) null else MemoryStore()
        Sessions(
            file.text("issuer")!!, file.text("audience")!!, Keyring.fromJwks(file.text("keys")!!),
            policy(case["policy"]?.jsonObject), store, clock, sealed = case["sealed"]?.jsonPrimitive?.boolean == true,
        ).use { sessions ->
            for ((nth, element) in case.array("steps").withIndex()) {
                val step = element.jsonObject
                clock.now = Instant.fromEpochMilliseconds(step["now"]?.jsonPrimitive?.long ?: 0)
                val ledTo = try {
                    calls.getValue(step.text("do")!!)(sessions, Step(step))
                } catch (error: SessionException) {
                    buildJsonObject { put("code", error.code) }
                }
                val expected = step.getValue("expect").jsonObject
                assertEquals(expected, comparable(ledTo, expected), "step ${nth + 1}")
            }
        }
    }

    /** What is random is not stated, and where only the outcome counts, no session is. */
    private fun comparable(ledTo: JsonObject, expected: JsonObject): JsonObject {
        val told = ledTo.filterKeys { it in expected || it !in setOf("token", "session") }.toMutableMap()
        val session = told["session"]?.jsonObject
        if (session != null && "id" !in expected.getValue("session").jsonObject) told["session"] = JsonObject(session - "id")
        return JsonObject(told)
    }
}

private class Step(private val step: JsonObject) {
    val token = step.text("token").orEmpty()
    val now = step["now"]?.jsonPrimitive?.long?.let(Instant::fromEpochMilliseconds)
    private val with = step["with"]?.jsonObject ?: JsonObject(emptyMap())
    val client = step["client"]?.jsonObject.let { facts ->
        val waited = facts?.get("waited")?.jsonPrimitive?.long?.milliseconds
        Client(facts?.text("ip"), facts?.text("user_agent"), facts?.text("device"), facts?.text("key"), waited)
    }
    val claims = with["claims"]?.let { Claims(it.toString()) }
    val amr = texts("amr")

    fun text(name: String): String = with.text(name).orEmpty()

    fun textOrNull(name: String): String? = with.text(name)

    fun texts(name: String): List<String> = with[name]?.jsonArray?.map { it.jsonPrimitive.content }.orEmpty()

    val trustedHops = with["trusted_hops"]?.jsonPrimitive?.long?.toUInt() ?: 0u

    val maxAge = with["max_age"]?.jsonPrimitive?.long?.seconds
}

private val calls: Map<String, (Sessions, Step) -> JsonObject> = mapOf(
    "issue" to { sessions, step ->
        told(sessions.issue(NewSession(step.text("subject"), step.claims, step.textOrNull("acr"), step.amr), step.client))
    },
    "verify" to { sessions, step ->
        buildJsonObject { put("session", facts(sessions.verify(step.token, step.client))) }
    },
    "renew" to { sessions, step ->
        val claims = step.claims
        told(
            if (claims == null) sessions.renew(step.token, step.client)
            else sessions.renewWith(step.token, claims, step.client),
        )
    },
    "rotate" to { sessions, step -> told(sessions.rotate(step.token, step.client)) },
    "elevate" to { sessions, step ->
        told(sessions.elevate(step.token, Elevation(step.claims, step.textOrNull("acr"), step.amr), step.client))
    },
    "end" to { sessions, step -> textOrNothing(sessions.end(step.token)?.name?.lowercase()) },
    "issue_visitor" to { sessions, step -> told(sessions.issueVisitor(step.claims, step.client)) },
    "verify_visitor" to { sessions, step ->
        buildJsonObject { put("session", facts(sessions.verifyVisitor(step.token, step.client))) }
    },
    "renew_visitor" to { sessions, step -> told(sessions.renewVisitor(step.token, step.claims, step.client)) },
    "revoke_session" to { sessions, step -> nothing { sessions.revokeSession(step.text("id")) } },
    "revoke_subject" to { sessions, step -> nothing { sessions.revokeSubject(step.text("subject")) } },
    "revoke_all" to { sessions, _ -> nothing { sessions.revokeAll() } },
    "revoke_key" to { sessions, step -> nothing { sessions.revokeKey(step.text("id")) } },
    "revoke_others" to { sessions, step -> told(sessions.revokeOthers(step.token, step.client)) },
    "open_jws" to { sessions, step ->
        text(jwsVerify(step.token, step.text("typ"), sessions.keyring(), step.now).decodeToString())
    },
    "open_jwe" to { sessions, step ->
        text(jweOpen(step.token, step.text("typ"), sessions.keyring()).decodeToString())
    },
    "require" to { sessions, step ->
        val session = sessions.verify(step.token, step.client)
        nothing { sessions.require(session, StepUp(step.maxAge, step.texts("acrs"), step.amr)) }
    },
    "check_csrf" to { sessions, step ->
        val session = sessions.verify(step.token, step.client)
        val request = FetchMetadata(
            step.text("method"), step.textOrNull("sec_fetch_site"), step.textOrNull("origin"),
            step.texts("own_origins"), step.texts("trusted_origins"),
        )
        nothing { sessions.checkCsrf(session, request, step.textOrNull("csrf")) }
    },
    "read_cookie" to { _, step -> textOrNothing(Cookie().read(listOf(step.text("text")))) },
    "set_cookie" to { _, step -> text(Cookie().setCookie(step.text("text"))) },
    "client_address" to { _, step ->
        clientAddress(step.text("peer"), step.texts("forwarded_for"), step.trustedHops)
            ?.let(::text) ?: JsonObject(emptyMap())
    },
    "load_keys" to { _, step -> skipped(Keyring.fromJwks(step.text("text"))) },
    "load_public_keys" to { _, step -> skipped(Keyring.fromPublicJwks(step.text("text"))) },
    "load_pem" to { _, step -> text(Keyring.fromPem(null, step.text("text")).keys().single().kid) },
    "verify_proof" to { _, step ->
        val request = ProofRequest(step.text("text"), step.text("method"), step.text("url"), step.token)
        text(DpopVerifier(DpopSettings()).verify(request, step.now).thumbprint)
    },
)

private fun skipped(keyring: Keyring): JsonObject = buildJsonObject {
    val kids = keyring.skipped().map { it.kid }
    if (kids.isNotEmpty()) putJsonArray("skipped") { kids.forEach { add(it) } }
}

private fun policy(stated: JsonObject?): Policy {
    fun seconds(name: String) = stated?.get(name)?.jsonPrimitive?.long?.seconds
    val modes = stated?.get("binding")?.jsonObject
    fun mode(fact: String) = modes?.text(fact)?.let { BindingMode.valueOf(it.uppercase()) }
    return Policy(
        idleTimeout = seconds("idle_timeout"),
        absoluteTimeout = seconds("absolute_timeout"),
        renewAfter = seconds("renew_after"),
        grace = seconds("grace"),
        leeway = seconds("leeway"),
        onReuse = stated?.text("on_reuse")?.let { OnReuse.valueOf(it.uppercase()) },
        binding = BindingPolicy(mode("device"), mode("user_agent"), mode("ip"), mode("key")),
    )
}

private fun told(issued: Issued) = buildJsonObject {
    put("token", issued.token)
    put("session", facts(issued.session))
}

private fun facts(session: Session) = buildJsonObject {
    put("subject", session.subject)
    put("id", session.id)
    put("generation", session.generation.toLong())
    put("issued_at", session.issuedAt.toEpochMilliseconds())
    put("rotated_at", session.rotatedAt.toEpochMilliseconds())
    put("started_at", session.startedAt.toEpochMilliseconds())
    put("authenticated_at", session.authenticatedAt.toEpochMilliseconds())
    put("expires_at", session.expiresAt.toEpochMilliseconds())
    put("ends_at", session.endsAt.toEpochMilliseconds())
    put("acr", session.acr)
    putJsonArray("amr") { session.amr.forEach { add(it) } }
    put("claims", session.claims.values)
    put("superseded", session.superseded)
    put("renew_due", session.renewDue)
    put("rotation_due", session.rotationDue)
    putJsonObject("binding") {
        put("device", session.binding.device.name.lowercase())
        put("user_agent", session.binding.userAgent.name.lowercase())
        put("ip", session.binding.ip.name.lowercase())
        put("key", session.binding.key.name.lowercase())
    }
}

private fun nothing(call: () -> Unit): JsonObject {
    call()
    return JsonObject(emptyMap())
}

private fun text(text: String) = buildJsonObject { put("text", text) }

private fun textOrNothing(text: String?): JsonObject = text?.let(::text) ?: JsonObject(emptyMap())

private fun JsonObject.text(name: String): String? = this[name]?.jsonPrimitive?.contentOrNull

private fun JsonObject.array(name: String): List<JsonElement> = getValue(name).jsonArray

private fun files(): List<Pair<String, JsonObject>> =
    Path.of(System.getProperty("sessera.root"), "tests/vectors").listDirectoryEntries("*.json").sorted()
        .map { it.nameWithoutExtension to Json.parseToJsonElement(it.readText()).jsonObject }
