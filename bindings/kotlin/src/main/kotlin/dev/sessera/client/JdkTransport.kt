package dev.sessera.client

import java.io.ByteArrayOutputStream
import java.io.IOException
import java.net.http.HttpClient
import java.net.http.HttpRequest.BodyPublishers
import java.net.http.HttpRequest.newBuilder
import java.net.http.HttpResponse.BodySubscriber
import java.nio.ByteBuffer
import java.util.concurrent.CompletableFuture
import java.util.concurrent.CompletionStage
import java.util.concurrent.Flow
import kotlin.time.toJavaDuration
import kotlinx.coroutines.future.await

/**
 * Over `java.net.http`, which Android does not have: there, OkHttp carries the requests.
 *
 * @throws IllegalArgumentException for a [client] that follows redirects.
 */
public class JdkTransport(private val client: HttpClient = HttpClient.newHttpClient()) : Transport {
    init {
        client.requireNoRedirects()
    }

    override suspend fun post(request: TransportRequest): TransportResponse {
        val carried = newBuilder(request.url).timeout(request.timeout.toJavaDuration())
            .POST(BodyPublishers.ofString(request.body))
        request.headers.forEach { (name, value) -> carried.header(name, value) }
        val answer = client.sendAsync(carried.build()) { ShortBody() }.await()
        return TransportResponse(
            answer.statusCode(), answer.headers().map().mapValues { (_, values) -> values.joinToString() }, answer.body(),
        )
    }
}

/** Some versions of Java take `Authorization` along wherever a redirect leads. */
internal fun HttpClient.requireNoRedirects() =
    require(followRedirects() == HttpClient.Redirect.NEVER) { "a client that follows redirects takes the token along" }

/** What carries the requests where nobody says what. */
internal fun defaultTransport(): Transport = JdkTransport()

/** A body as text, and an error as soon as it is too long. */
private class ShortBody : BodySubscriber<String> {
    private val whole = CompletableFuture<String>()
    private val read = ByteArrayOutputStream()
    private lateinit var source: Flow.Subscription

    override fun getBody(): CompletionStage<String> = whole

    override fun onSubscribe(subscription: Flow.Subscription) {
        source = subscription
        source.request(1)
    }

    override fun onNext(parts: List<ByteBuffer>) {
        if (read.size() + parts.sumOf(ByteBuffer::remaining) > TransportResponse.LIMIT) {
            source.cancel()
            whole.completeExceptionally(IOException("the answer is too long"))
            return
        }
        for (part in parts) read.writeBytes(ByteArray(part.remaining()).also(part::get))
        source.request(1)
    }

    override fun onError(failed: Throwable) {
        whole.completeExceptionally(failed)
    }

    override fun onComplete() {
        try {
            whole.complete(read.toByteArray().decodeToString(throwOnInvalidSequence = true))
        } catch (failed: CharacterCodingException) {
            whole.completeExceptionally(failed)
        }
    }
}
