package dev.sessera.client

import java.nio.file.Files
import java.nio.file.Path
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.runBlocking

/**
 * A process for the tests to kill: a session client over a file that another one signed in.
 *
 * Arguments: the base URL, the file, and where it waits for its end:
 * `before-save` with the refreshed session in hand, before anything of it is on the disk; `in-save` with half of it
 * written; `never` refreshes on and on, with a line for each.
 */
object DyingClient {
    @JvmStatic
    fun main(arguments: Array<String>) {
        val (url, name, death) = arguments
        val file = Path.of(name)
        val files = FileStorage(file)
        val storage = object : SessionStorage by files {
            override fun save(text: String) {
                if (death == "never") return files.save(text)
                if (death == "in-save") Files.writeString(file.resolveSibling("${file.fileName}.new"), text.take(text.length / 2))
                println("saving")
                Thread.sleep(Long.MAX_VALUE)
            }
        }
        // However busy the machine is, what it asked for is not lost.
        val client = SessionClient(url, storage, settings = SessionClientSettings(requestTimeout = 60.seconds))
        runBlocking {
            var token = client.accessToken()
            while (true) {
                println("refreshed")
                token = client.sessionReplacing(token).token
            }
        }
    }
}
