package dev.sessera.client

import dev.sessera.okhttp.OkHttpTransport

/** What carries the requests where nobody says what. */
internal fun defaultTransport(): Transport = OkHttpTransport()
