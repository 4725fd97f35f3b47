package dev.sessera.client.vectors

import dev.sessera.DpopKey
import dev.sessera.ProofKeyException
import dev.sessera.ProofSigner
import dev.sessera.client.ProofKeyStore
import dev.sessera.client.SessionStorage
import dev.sessera.client.Transport
import dev.sessera.client.TransportRequest
import dev.sessera.client.TransportResponse
import java.io.IOException
import java.security.KeyFactory
import java.security.Signature
import java.security.spec.PKCS8EncodedKeySpec
import java.util.HexFormat
import kotlin.time.Duration
import kotlinx.coroutines.awaitCancellation
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.contentOrNull
import kotlinx.serialization.json.jsonPrimitive
import kotlinx.serialization.json.put

/** Answers requests with what the vector has prepared, one after another. */
class ScriptedTransport(
    private val time: VirtualTime,
    answers: List<JsonObject>,
    private val sent: (TransportRequest) -> Unit,
) : Transport {
    private val prepared = ArrayDeque(answers)

    val left: Int get() = prepared.size

    override suspend fun post(request: TransportRequest): TransportResponse {
        sent(request)
        val answer = Members(prepared.removeFirstOrNull() ?: throw BadVector("a request has no answer: ${request.url}"))
        val after = answer.span("after") ?: Duration.ZERO
        val never = answer.flag("never") == true
        val fails = answer.flag("fails") == true
        val session = answer.members("session")?.let(::sessionAnswer)
        val code = answer.text("code")
        val body = session?.toString() ?: code?.let { """{"code":"$it"}""" } ?: answer.text("body").orEmpty()
        val status = answer.int("status") ?: if (code != null) 401 else 200
        val headers = mapOf<String, String?>("Content-Type" to "application/json") +
            answer.raw("headers").orEmpty().mapValues { (_, value) -> value.jsonPrimitive.contentOrNull }
        answer.end()
        if (never) awaitCancellation()
        if (after.isPositive()) time.delay(after)
        if (fails) throw IOException("the network is away")
        return TransportResponse(status, headers.mapNotNull { (name, value) -> value?.let { name to it } }.toMap(), body)
    }
}

/** The body of an answer with a session. */
private fun sessionAnswer(told: Members): JsonObject = buildJsonObject {
    val now = told.long("now") ?: throw BadVector("a session has no `now`")
    put("token", told.required("token"))
    sessionFacts(told, now)
    put("now", now)
    told.end()
}

/** A session as it is stored. */
fun storedSession(told: Members): JsonObject = buildJsonObject {
    val received = told.long("received_at") ?: throw BadVector("a stored session has no `received_at`")
    put("v", 1)
    put("token", told.required("token"))
    sessionFacts(told, received)
    put("received_at", received)
    told.text("key")?.let { put("key", keyNamed(it).thumbprint()) }
    told.end()
}

private fun kotlinx.serialization.json.JsonObjectBuilder.sessionFacts(told: Members, given: Long) {
    put("subject", told.text("subject") ?: "user-42")
    put("session", told.text("session") ?: "s1")
    put("generation", told.long("generation") ?: 0)
    put("expires_at", told.long("expires_at") ?: (given + 1_800_000))
    put("ends_at", told.long("ends_at") ?: 1_700_043_200_000)
}

/** A storage in memory whose methods fail when the vector says so. */
class ScriptedStorage(var text: String?) : SessionStorage {
    var failing: Set<String> = emptySet()

    private fun reach(method: String) {
        if (method in failing) throw IOException("the storage is out of reach")
    }

    override fun load(): String? {
        reach("load")
        return text
    }

    override fun save(text: String) {
        reach("save")
        this.text = text
    }

    override fun remove() {
        reach("remove")
        text = null
    }
}

/** The keys of RFC 8032, section 7.1: public part, and private part in hexadecimal. */
private val keyPairs = mapOf(
    "A" to ("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" to
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"),
    "B" to ("PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw" to
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"),
)

fun keyNamed(name: String, beforeSigning: () -> Unit = {}): DpopKey {
    val (x, seed) = keyPairs[name] ?: throw BadVector("there is no such key: $name")
    val encoded = HexFormat.of().parseHex("302e020100300506032b657004220420$seed")
    val private = KeyFactory.getInstance("Ed25519").generatePrivate(PKCS8EncodedKeySpec(encoded))
    val signer = object : ProofSigner {
        override fun sign(message: ByteArray): ByteArray {
            beforeSigning()
            return Signature.getInstance("Ed25519").run {
                initSign(private)
                update(message)
                sign()
            }
        }
    }
    return DpopKey.kept("""{"kty":"OKP","crv":"Ed25519","x":"$x"}""", signer)
}

fun keyOfPublicPart(x: String): String = keyPairs.entries.first { it.value.first == x }.key

/** A key store as a platform's: its keys can be locked, lost or gone. */
class ScriptedKeys(private var held: String?) : ProofKeyStore {
    /** `usable`, `unavailable`, `lost`, `gone` or `unreachable`; of the key that is there. */
    private var state = "usable"

    fun become(new: String) {
        if (new !in setOf("usable", "unavailable", "lost", "gone", "unreachable")) throw BadVector("keys can't be $new")
        if (new == "gone") held = null
        state = new
    }

    override fun load(): DpopKey? {
        if (state == "unreachable") throw IOException("the key store is out of reach")
        return held?.let { keyNamed(it, ::sign) }
    }

    override fun make(): DpopKey {
        held = if (held == null && state != "gone") "A" else "B"
        state = "usable"
        return keyNamed(held!!, ::sign)
    }

    private fun sign() {
        if (state == "unavailable") throw ProofKeyException.Unavailable()
        if (state == "lost") throw ProofKeyException.Lost()
    }
}
