package dev.sessera.client

import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpResponse
import kotlinx.coroutines.future.await

/**
 * Sends a request with the session: with a token that is good, and once more with a new one when the server refuses it
 * all the same. A body is sent again then.
 *
 * @throws IllegalArgumentException for a URL of another server, and with a client that follows redirects, which could
 *   lead the token there.
 */
public suspend fun <T> HttpClient.send(
    request: HttpRequest,
    handler: HttpResponse.BodyHandler<T>,
    session: SessionClient,
): HttpResponse<T> {
    requireNoRedirects()
    val held = session.session()
    val answer = send(request, handler, session, held)
    if (answer.statusCode() != 401) return answer
    return send(request, handler, session, session.sessionReplacing(held.token))
}

private suspend fun <T> HttpClient.send(
    request: HttpRequest,
    handler: HttpResponse.BodyHandler<T>,
    client: SessionClient,
    session: SessionSnapshot,
): HttpResponse<T> {
    val shown = HttpRequest.newBuilder(request) { name, _ -> !name.equals("Authorization", ignoreCase = true) }
    client.authorization(request.method(), request.uri(), session).forEach { (name, value) -> shown.setHeader(name, value) }
    return sendAsync(shown.build(), handler).await()
}
