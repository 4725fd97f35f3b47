package dev.sessera.client

import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.minutes
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Deferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.delay
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.put
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.Assertions.assertInstanceOf
import org.junit.jupiter.api.Assertions.fail

/** A real server, whose clock and faults a test decides, a device's clock, and clients over one storage. */
abstract class SessionClientCase {
    protected val world = TestServer.world()
    protected val clock = TestClock()
    protected val storage = MemoryStorage()
    private val clients = mutableListOf<SessionClient>()

    /**
     * A client as after a start of the app: it has only what is in the storage. No request counts as lost because a machine
     * is busy: where a test wants one to, it says so.
     */
    protected fun client(
        storage: SessionStorage = this.storage,
        clock: DeviceClock = this.clock,
        proofKeys: ProofKeyStore? = null,
        transport: Transport = JdkTransport(),
        requestTimeout: Duration = 10.minutes,
    ) = SessionClient(
        world.url, storage, clock, transport, proofKeys, SessionClientSettings(requestTimeout = requestTimeout),
    ).also { clients += it }

    @AfterEach
    fun close() = clients.forEach(SessionClient::close)

    protected suspend fun SessionClient.login(subject: String = "user-42") =
        signIn(buildJsonObject { put("subject", subject) })

    protected suspend inline fun <reified E : SessionClientException> refused(call: suspend () -> Unit): E {
        try {
            call()
        } catch (error: SessionClientException) {
            return assertInstanceOf(E::class.java, error)
        }
        return fail("it was not refused")
    }

    /** Time passes at the server and on the device. */
    protected fun pass(time: Duration) {
        world.moveClock(time)
        clock.advance(time)
    }

    /** To where a token of 30 minutes has 10 seconds left. */
    protected fun passToTheEndOfTheToken() = pass(30.minutes - 10.seconds)

    /** Somebody who waits for a refresh that the server holds back until it is told to release it. */
    protected suspend fun CoroutineScope.waitsForARefresh(client: SessionClient): Deferred<Result<String>> {
        passToTheEndOfTheToken()
        world.hold()
        val waiting = async { runCatching { client.accessToken() } }
        eventually { world.count("held") == 1L }
        return waiting
    }

    /** The session in the storage. */
    protected fun stored(): SessionSnapshot? = storage.load()?.let(SessionSnapshot::ofText)

    protected suspend fun eventually(condition: () -> Boolean) =
        withTimeout(60.seconds) { while (!condition()) delay(5.milliseconds) }

    /** Whoever is started in it is cancelled with it when it fails. */
    protected fun test(body: suspend CoroutineScope.() -> Unit) = runBlocking(Dispatchers.Default, body)
}
