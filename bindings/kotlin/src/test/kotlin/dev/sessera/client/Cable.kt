package dev.sessera.client

import java.io.IOException

/** The way to the real server, which can be cut, or end at a portal. Neither can be had with a server of our own. */
class Cable : Transport {
    private val real = JdkTransport()

    @Volatile
    var isCut = false

    @Volatile
    var portal: TransportResponse? = null

    /** The headers of what went to the server, newest last. */
    val sent = java.util.concurrent.CopyOnWriteArrayList<Map<String, String>>()

    override suspend fun post(request: TransportRequest): TransportResponse {
        if (isCut) throw IOException("the cable is cut")
        portal?.let { return it }
        sent += request.headers
        return real.post(request)
    }
}
