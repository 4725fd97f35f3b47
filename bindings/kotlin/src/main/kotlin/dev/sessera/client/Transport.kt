package dev.sessera.client

import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest.BodyPublishers
import java.net.http.HttpRequest.newBuilder
import java.net.http.HttpResponse.BodyHandlers
import kotlin.time.Duration
import kotlin.time.toJavaDuration
import kotlinx.coroutines.future.await

/** Carries the client's own requests. It follows no redirects: a token must not go along to somewhere else. */
public fun interface Transport {
    /** Sends a POST, and returns whatever was answered; throws when nothing was. */
    public suspend fun post(request: TransportRequest): TransportResponse
}

/** A request: a POST of JSON, which counts as lost after [timeout]. */
public class TransportRequest(
    public val url: URI,
    public val headers: Map<String, String>,
    public val body: String,
    public val timeout: Duration,
)

/** An answer; the names of its headers in any case. */
public class TransportResponse(public val status: Int, headers: Map<String, String>, public val body: String) {
    private val headers = headers.mapKeys { (name, _) -> name.lowercase() }

    /** The value of this header; null when it is not there. */
    public fun header(name: String): String? = headers[name.lowercase()]
}

/** Over `java.net.http`, which Android does not have: there, OkHttp or another client carries the requests. */
public class JdkTransport(
    private val client: HttpClient = HttpClient.newBuilder().followRedirects(HttpClient.Redirect.NEVER).build(),
) : Transport {
    override suspend fun post(request: TransportRequest): TransportResponse {
        val carried = newBuilder(request.url).timeout(request.timeout.toJavaDuration())
            .POST(BodyPublishers.ofString(request.body))
        request.headers.forEach { (name, value) -> carried.header(name, value) }
        val answer = client.sendAsync(carried.build(), BodyHandlers.ofString()).await()
        return TransportResponse(
            answer.statusCode(), answer.headers().map().mapValues { (_, values) -> values.joinToString() }, answer.body(),
        )
    }
}
