package dev.sessera.okhttp

import dev.sessera.client.SessionClient
import dev.sessera.client.SessionClientException
import dev.sessera.client.SessionSnapshot
import java.io.IOException
import kotlinx.coroutines.runBlocking
import okhttp3.Interceptor
import okhttp3.Request
import okhttp3.Response

/**
 * Sends the requests of an OkHttp client to the session's server with the session: with a token that is good, and once
 * more with a new one when the server refuses it all the same. Requests to other servers pass as they are.
 *
 * What the session client throws arrives as the cause of an `IOException`, which is all that OkHttp lets through.
 */
public class SessionInterceptor(private val client: SessionClient) : Interceptor {
    override fun intercept(chain: Interceptor.Chain): Response {
        val request = chain.request()
        if (!client.isOwn(request.url.toUri())) return chain.proceed(request)
        val held = asking { client.session() }
        val answer = chain.proceed(shown(request, held))
        if (answer.code != 401 || request.body?.isOneShot() == true) return answer
        answer.close()
        return chain.proceed(shown(request, asking { client.sessionReplacing(held.token) }))
    }

    private fun shown(request: Request, session: SessionSnapshot): Request {
        val headers = asking { client.authorization(request.method, request.url.toUri(), session) }
        return request.newBuilder().apply { headers.forEach { (name, value) -> header(name, value) } }.build()
    }

    /** OkHttp's threads may wait. */
    private fun <T> asking(work: suspend () -> T): T = try {
        runBlocking { work() }
    } catch (failed: SessionClientException) {
        throw IOException(failed.message, failed)
    }
}
