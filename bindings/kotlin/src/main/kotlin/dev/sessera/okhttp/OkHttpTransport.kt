package dev.sessera.okhttp

import dev.sessera.client.Transport
import dev.sessera.client.TransportRequest
import dev.sessera.client.TransportResponse
import java.io.IOException
import kotlin.coroutines.resume
import kotlin.coroutines.resumeWithException
import kotlin.time.toJavaDuration
import kotlinx.coroutines.suspendCancellableCoroutine
import okhttp3.Call
import okhttp3.Callback
import okhttp3.OkHttpClient
import okhttp3.Request
import okhttp3.RequestBody.Companion.toRequestBody
import okhttp3.Response

/** Carries the session client's requests over OkHttp, which Android has. */
public class OkHttpTransport(client: OkHttpClient = OkHttpClient()) : Transport {
    private val client = client.newBuilder().followRedirects(false).build()

    override suspend fun post(request: TransportRequest): TransportResponse {
        val carried = Request.Builder().url(request.url.toString()).post(request.body.encodeToByteArray().toRequestBody())
        request.headers.forEach { (name, value) -> carried.header(name, value) }
        val timed = client.newBuilder().callTimeout(request.timeout.toJavaDuration()).build()
        return suspendCancellableCoroutine { waiting ->
            val call = timed.newCall(carried.build())
            waiting.invokeOnCancellation { call.cancel() }
            call.enqueue(object : Callback {
                override fun onFailure(call: Call, e: IOException) = waiting.resumeWithException(e)

                // A body can end too early, which OkHttp would only log here.
                override fun onResponse(call: Call, response: Response) = try {
                    waiting.resume(response.use(::whole))
                } catch (failed: IOException) {
                    waiting.resumeWithException(failed)
                }
            })
        }
    }

    private fun whole(response: Response): TransportResponse {
        if (response.body.source().request(TransportResponse.LIMIT + 1L)) throw IOException("the answer is too long")
        // A header that is there twice is one with both values, as with java.net.http.
        val headers = response.headers.toMultimap().mapValues { (_, values) -> values.joinToString() }
        return TransportResponse(response.code, headers, response.body.bytes().decodeToString(throwOnInvalidSequence = true))
    }
}
