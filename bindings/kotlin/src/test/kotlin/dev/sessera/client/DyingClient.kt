package dev.sessera.client

import java.nio.file.Files
import java.nio.file.Path
import kotlinx.coroutines.runBlocking

/**
 * A process for the tests to kill: it refreshes a session of another one's file, and never comes to store it.
 *
 * Arguments: the base URL, and the file.
 */
object DyingClient {
    @JvmStatic
    fun main(arguments: Array<String>) {
        val (url, name) = arguments
        val file = Path.of(name)
        val storage = object : SessionStorage by FileStorage(file) {
            override fun save(text: String) {
                Files.writeString(file.resolveSibling("${file.fileName}.new"), text.take(text.length / 2))
                println("saving")
                Thread.sleep(Long.MAX_VALUE)
            }
        }
        runBlocking { SessionClient(url, storage).accessToken() }
    }
}
