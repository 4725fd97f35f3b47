package dev.sessera.client

import java.io.BufferedReader
import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpResponse.BodyHandlers
import java.nio.file.Path
import java.util.concurrent.atomic.AtomicInteger
import kotlin.time.Duration
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import kotlinx.serialization.json.long
import kotlinx.serialization.json.put

/** The server of `tests/session_server`, one for all tests, and a world of it for each. */
object TestServer {
    private val worlds = AtomicInteger()
    private val process: Process
    private val port: String

    init {
        val root = Path.of(System.getProperty("sessera.root"))
        val python = System.getenv("SESSERA_PYTHON") ?: root.resolve(".venv/bin/python").toString()
        process = ProcessBuilder(python, root.resolve("tests/session_server/server.py").toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT).start()
        // It ends when its standard input does, and so with this process at the latest.
        Runtime.getRuntime().addShutdownHook(Thread { process.outputStream.close() })
        port = process.inputStream.bufferedReader().use(BufferedReader::readLine)
    }

    fun world(): World = World("http://127.0.0.1:$port/world-${worlds.incrementAndGet()}")
}

/** A world: keys, store, clock and faults of one test. */
class World(val url: String) {
    private val http = HttpClient.newHttpClient()

    fun moveClock(by: Duration) = control("clock", """{"by":${by.inWholeMilliseconds}}""")

    fun lose(times: Int) = control("lose", """{"times":$times}""")

    fun unavailable(times: Int, retryAfter: Int) =
        control("unavailable", """{"times":$times,"retry_after":$retryAfter}""")

    fun refuse(times: Int) = control("refuse", """{"times":$times}""")

    /** The next so many requests of this name (`login`, `refresh`, `me`) get this answer, and are not done. */
    fun forge(
        status: Int,
        body: String = "",
        to: String = "refresh",
        headers: Map<String, String> = mapOf("Content-Type" to "application/json"),
        times: Int = 1,
        repeat: Int = 1,
        pause: Duration = Duration.ZERO,
    ) = control(
        "forge",
        buildJsonObject {
            put("to", to)
            put("times", times)
            put("status", status)
            put("headers", JsonObject(headers.mapValues { (_, value) -> JsonPrimitive(value) }))
            put("body", body)
            put("repeat", repeat)
            put("pause", pause.inWholeMilliseconds)
        }.toString(),
    )

    fun hold() = control("hold", "{}")

    fun release() = control("release", "{}")

    fun revoke(subject: String) = control("revoke", """{"subject":"$subject"}""")

    /** What the app's own route answers to a token. */
    fun me(token: String): Int = http.send(
        HttpRequest.newBuilder(URI("$url/me")).header("Authorization", "Bearer $token").build(), BodyHandlers.discarding(),
    ).statusCode()

    /** Another origin, where no token belongs. It counts who comes there (`strayed`), and who shows one (`shown`). */
    val elsewhere: String get() = url.replace(Regex(":\\d+/"), ":${count("elsewhere")}/")

    fun count(what: String): Long = state().getValue(what).jsonPrimitive.long

    private fun state() = send(HttpRequest.newBuilder(URI("$url/test/state")))

    private fun control(what: String, body: String) {
        send(HttpRequest.newBuilder(URI("$url/test/$what")).header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body)))
    }

    private fun send(request: HttpRequest.Builder): JsonObject =
        Json.parseToJsonElement(http.send(request.build(), BodyHandlers.ofString()).body()).jsonObject
}
