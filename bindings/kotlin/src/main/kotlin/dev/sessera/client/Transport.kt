package dev.sessera.client

import java.net.URI
import kotlin.time.Duration

/** Carries the client's own requests. It follows no redirects: a token must not go along to somewhere else. */
public fun interface Transport {
    /**
     * Sends a POST, and returns whatever was answered; throws when nothing was, and for a body of more than
     * [TransportResponse.LIMIT] bytes. It is cancelled when the request counts as lost.
     */
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

    public companion object {
        /** The longest body that is read, in bytes: a session takes some hundred. */
        public const val LIMIT: Int = 64 * 1024
    }
}
