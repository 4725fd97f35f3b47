package dev.sessera.client.vectors

import dev.sessera.client.OfflineCause
import dev.sessera.client.RetryPolicy
import dev.sessera.client.Scheduling
import dev.sessera.client.SessionClient
import dev.sessera.client.SessionClientException
import dev.sessera.client.SessionClientSettings
import dev.sessera.client.SessionState
import dev.sessera.client.SignOutReason
import dev.sessera.client.TransportRequest
import java.net.URI
import java.util.Base64
import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds
import kotlin.time.Instant
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Job
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.launch
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonNull
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonObjectBuilder
import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import kotlinx.serialization.json.long
import kotlinx.serialization.json.put
import org.junit.jupiter.api.Assertions.assertAll
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.function.Executable

/** One case of `tests/vectors/client`, whose README explains it: events in, effects out. */
class ClientVector(case: JsonObject) {
    private val loop = EventLoop()
    private val calls = CoroutineScope(SupervisorJob() + loop)
    private val seen = Effects()
    private val faults = mutableListOf<Throwable>()

    private val time: VirtualTime
    private val transport: ScriptedTransport
    private val storage: ScriptedStorage
    private val keys: ScriptedKeys?
    private val settings: SessionClientSettings
    private val events: List<Members>
    private val expected: List<JsonObject>
    private var client: SessionClient
    private val pending = mutableMapOf<String, MutableList<Job>>()

    private var shownState: SessionState = SignedOutAtFirst
    private var shownText: String?
    private var shownStored = true

    init {
        val read = Members(case)
        read.text("name")
        val wall = Instant.fromEpochMilliseconds(read.long("wall") ?: T0)
        time = VirtualTime(loop, read.span("monotonic") ?: Duration.ZERO, wall)
        settings = settings(read.members("settings"))
        transport = ScriptedTransport(time, read.list("answers").map { it.jsonObject }, ::recordRequest)
        storage = ScriptedStorage(read.text("stored_text") ?: read.members("stored")?.let { storedSession(it).toString() })
        keys = read.members("keys")?.let { given -> ScriptedKeys(given.text("held")).also { given.end() } }
        events = read.list("events").map { Members(it.jsonObject) }
        expected = read.list("effects").map { it.jsonObject }
        read.end()
        shownText = storage.text
        client = start()
    }

    fun run() {
        for (event in events) {
            time.runUntil(event.span("at") ?: throw BadVector("an event has no `at`"), ::settle)
            take(event)
            event.end()
        }
        time.runUntil(null, ::settle)
        client.close()
        faults.firstOrNull()?.let { throw it }
        assertAll(
            Effects.kinds.map { kind ->
                Executable { assertEquals(pretty(expectedOf(kind)), pretty(seen.of(kind)), "effects of the kind `$kind`") }
            },
        )
        pending.forEach { (name, all) -> if (all.any { it.isActive }) throw BadVector("a call never ended: $name") }
        if (transport.left > 0) throw BadVector("${transport.left} answers were left over")
    }

    private fun start() =
        SessionClient(BASE, storage, time, transport, keys, settings, Scheduling(loop) { time.delay(it) })

    private fun take(event: Members) {
        when (val what = event.required("do")) {
            "access_token" -> {
                val minTtl = event.span("min_ttl") ?: 30.seconds
                call(event) { put("token", client.session(minTtl).token) }
            }
            "replace" -> {
                val refused = event.required("token")
                call(event) { put("token", client.sessionReplacing(refused).token) }
            }
            "sign_in" -> {
                val credentials = event.raw("credentials") ?: buildJsonObject { put("subject", "user-42") }
                call(event) { put("token", client.signIn(credentials).token) }
            }
            "sign_out" -> call(event) {
                client.signOut()
                put("done", true)
            }
            "authorize" -> {
                val (method, url) = (event.text("method") ?: "GET") to event.required("url")
                call(event) {
                    val headers = client.authorization(method, URI(url), client.session())
                    authorization(headers, method, url).forEach { (name, value) -> put(name, value) }
                }
            }
            "cancel" -> pending.remove(event.required("call")).orEmpty().forEach(Job::cancel)
            "restart" -> {
                client = start()
                shownState = SignedOutAtFirst
                shownStored = true
            }
            "sleep" -> time.sleep(event.span("for") ?: throw BadVector("no `for`"))
            "set_wall" -> time.wall = Instant.fromEpochMilliseconds(event.long("to") ?: throw BadVector("no `to`"))
            "storage" -> storage.failing = event.list("fails").map { it.jsonPrimitive.content }.toSet()
                .also { if (!setOf("load", "save", "remove").containsAll(it)) throw BadVector("no such methods: $it") }
            "store" -> storage.text = event.members("session")?.let { storedSession(it).toString() }
                .also { shownText = it }
            "keys" -> keys!!.become(event.required("are"))
            else -> throw BadVector("unknown event: $what")
        }
    }

    /** Begins a call, whose end is an effect. */
    private fun call(event: Members, work: suspend JsonObjectBuilder.() -> Unit) {
        val name = event.required("call")
        val client = client
        repeat(event.int("times") ?: 1) {
            pending.getOrPut(name) { mutableListOf() } += calls.launch {
                val outcome = try {
                    JsonObject(buildJsonObject { collect(this, work) })
                } catch (_: CancellationException) {
                    buildJsonObject { put("cancelled", true) }
                } catch (refused: SessionClientException) {
                    errorOf(refused)
                } catch (_: IllegalArgumentException) {
                    buildJsonObject { put("error", "foreign_request") }
                } catch (fault: Throwable) {
                    faults += fault
                    return@launch
                }
                seen.add("call", time.now, buildJsonObject { put("call", name) }, outcome)
            }
        }
    }

    private fun recordRequest(request: TransportRequest) {
        val path = request.url.toString().removePrefix("$BASE/session/")
        val key = request.headers["DPoP"]
        val sent = buildJsonObject {
            put("sent", path)
            request.headers["Authorization"]?.let { shown ->
                val (scheme, token) = shown.split(" ")
                assertEquals(if (key == null) "Bearer" else "DPoP", scheme)
                put("token", token)
            }
            if (path == "login") put("credentials", Json.parseToJsonElement(request.body))
            else assertEquals("{}", request.body)
        }
        assertEquals("application/json", request.headers["Content-Type"])
        seen.add("sent", time.now, sent, proof(key, "POST", request.url.toString()))
    }

    /** After the client has done all that it can do now. */
    private fun settle() {
        val state = client.state.value
        if (told(state) != told(shownState)) seen.add("state", time.now, told(state))
        shownState = state
        if (storage.text != shownText) {
            val content = storage.text?.let(Json::parseToJsonElement) ?: JsonNull
            seen.add("stored", time.now, JsonObject(mapOf("stored" to content)))
        }
        shownText = storage.text
        if (client.isStored != shownStored) {
            seen.add("is_stored", time.now, buildJsonObject { put("is_stored", client.isStored) })
        }
        shownStored = client.isStored
    }

    private fun expectedOf(kind: String): List<JsonObject> = Effects.sorted(
        kind,
        expected.filter { Effects.kindOf(it) == kind }.map { effect ->
            val session = (effect["stored"] as? JsonObject) ?: return@map effect
            JsonObject(effect + ("stored" to storedSession(Members(session))))
        },
    )

    companion object {
        const val BASE = "https://app.example/api"
        const val T0 = 1_700_000_000_000
        private val SignedOutAtFirst = SessionState.SignedOut(SignOutReason.NotSignedIn)

        private fun pretty(effects: List<JsonObject>) = effects.joinToString("\n") { effect ->
            sortedMembers(effect).toString()
        }

        private fun sortedMembers(value: JsonElement): JsonElement =
            if (value is JsonObject) JsonObject(value.toSortedMap().mapValues { sortedMembers(it.value) }) else value

        private suspend fun collect(into: JsonObjectBuilder, work: suspend JsonObjectBuilder.() -> Unit) = into.work()
    }
}

/** Effects in the order in which they came, kind by kind. */
private class Effects {
    private val all = mutableListOf<JsonObject>()

    fun add(kind: String, at: Duration, vararg parts: JsonObject) {
        val effect = buildJsonObject {
            put("at", at.inWholeMilliseconds)
            for (part in parts) part.forEach { (name, value) -> put(name, value) }
        }
        check(kindOf(effect) == kind)
        all += effect
    }

    fun of(kind: String): List<JsonObject> = sorted(kind, all.filter { kindOf(it) == kind })

    companion object {
        val kinds = listOf("sent", "call", "state", "stored", "is_stored")

        fun kindOf(effect: JsonObject): String =
            kinds.singleOrNull { it in effect } ?: throw BadVector("unknown effect: $effect")

        /** Calls that end at the same time have no order, and equal ends are counted. */
        fun sorted(kind: String, effects: List<JsonObject>): List<JsonObject> {
            if (kind != "call") return effects
            return effects.groupingBy { JsonObject(it - "times") }
                .fold(0L) { count, effect -> count + (effect["times"]?.jsonPrimitive?.long ?: 1) }
                .map { (effect, count) ->
                    if (count == 1L) effect else JsonObject(effect + ("times" to JsonPrimitive(count)))
                }
                .sortedWith(compareBy({ it.getValue("at").jsonPrimitive.long }, { it.toString() }))
        }
    }
}

private fun settings(stated: Members?): SessionClientSettings {
    val jitter = stated?.double("jitter") ?: 1.0
    val defaults = RetryPolicy()
    val retry = RetryPolicy(
        stated?.int("attempts") ?: defaults.attempts, stated?.span("base") ?: defaults.base,
        stated?.span("cap") ?: defaults.cap, { jitter },
    )
    val others = SessionClientSettings()
    return SessionClientSettings(
        retry, stated?.span("request_timeout") ?: others.requestTimeout, stated?.span("grace") ?: others.grace,
        stated?.span("grace_margin") ?: others.graceMargin,
    ).also { stated?.end() }
}

private fun told(state: SessionState): JsonObject = buildJsonObject {
    when (state) {
        is SessionState.SignedIn -> put("state", "signed_in").also { put("generation", state.session.generation) }
        is SessionState.Refreshing -> put("state", "refreshing").also { put("generation", state.session.generation) }
        is SessionState.Offline -> put("state", "offline").also { put("generation", state.session.generation) }
        is SessionState.SignedOut -> {
            put("state", "signed_out")
            when (val reason = state.reason) {
                SignOutReason.NotSignedIn -> put("reason", "not_signed_in")
                SignOutReason.SignedOut -> put("reason", "signed_out")
                SignOutReason.Expired -> put("reason", "expired")
                SignOutReason.Revoked -> put("reason", "revoked")
                SignOutReason.Reused -> put("reason", "reused")
                SignOutReason.KeyLost -> put("reason", "key_lost")
                SignOutReason.Unreadable -> put("reason", "unreadable")
                is SignOutReason.Refused -> put("reason", "refused").also { put("code", reason.code) }
            }
        }
    }
}

private fun errorOf(error: SessionClientException): JsonObject = buildJsonObject {
    if (error is SessionClientException.Refused) {
        put("error", "refused")
        put("code", error.code)
        return@buildJsonObject
    }
    put("error", error.code)
    if (error !is SessionClientException.Offline) return@buildJsonObject
    when (val why = error.why) {
        OfflineCause.Transport -> put("why", "transport")
        OfflineCause.Unavailable -> put("why", "unavailable")
        OfflineCause.Proof -> put("why", "proof")
        OfflineCause.Closed -> put("why", "closed")
        is OfflineCause.ForeignAnswer -> put("why", "foreign_answer").also { put("status", why.status) }
    }
}

private fun authorization(headers: Map<String, String>, method: String, url: String): JsonObject = JsonObject(
    mapOf("authorization" to JsonPrimitive(headers.getValue("Authorization"))) + proof(headers["DPoP"], method, url),
)

/** The key of a proof and its time; nothing without a proof. What it is about is checked here. */
private fun proof(header: String?, method: String, url: String): JsonObject {
    if (header == null) return JsonObject(emptyMap())
    val (head, payload) = header.split(".").take(2).map { part ->
        Json.parseToJsonElement(Base64.getUrlDecoder().decode(part).decodeToString()).jsonObject
    }
    assertEquals(method, payload.getValue("htm").jsonPrimitive.content)
    assertEquals(url, payload.getValue("htu").jsonPrimitive.content)
    val x = head.getValue("jwk").jsonObject.getValue("x").jsonPrimitive.content
    return buildJsonObject {
        put("key", keyOfPublicPart(x))
        put("proof_at", payload.getValue("iat").jsonPrimitive.long)
    }
}
