package dev.sessera.client

import java.net.http.HttpClient
import java.net.http.HttpRequest.BodyPublishers
import java.net.http.HttpRequest.newBuilder
import java.net.http.HttpResponse.BodyHandlers
import kotlin.time.toJavaDuration
import kotlinx.coroutines.future.await

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

/** What carries the requests where nobody says what. */
internal fun defaultTransport(): Transport = JdkTransport()
