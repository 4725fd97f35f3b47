package dev.sessera.client

import dev.sessera.SessionException
import java.net.URI
import kotlin.time.Duration
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Deferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.cancel
import kotlinx.coroutines.completeWith
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.flow.asStateFlow
import kotlinx.coroutines.launch
import kotlinx.coroutines.sync.Mutex
import kotlinx.coroutines.sync.withLock
import kotlinx.coroutines.withContext
import kotlinx.serialization.json.JsonObject

/**
 * The client's side of a session: keeps its token, and has it refreshed in time, once for all who ask.
 *
 * ```
 * val client = SessionClient("https://app.example", FileStorage(file))
 * client.signIn(buildJsonObject { put("subject", "user-42"); put("password", password) })
 * val token = client.accessToken(minTtl = 30.seconds)
 * ```
 *
 * The server rotates the token at each refresh: `POST session/login`, `session/refresh` and `session/logout` below the
 * base URL. Two copies of one session must not be used side by side, but several processes that share a storage may.
 *
 * What time it is, only the server says: its answers are measured against a clock of the device that runs on evenly. The
 * device's date may be hours off, and may be changed at any moment.
 *
 * @param baseUrl where the session's paths begin. `https`, except for tests.
 * @param storage where the session outlives the process.
 * @param clock the device's clocks.
 * @param transport carries the requests.
 * @param proofKeys where the key is that the session gets bound to (DPoP, RFC 9449); null: bound to none.
 */
public class SessionClient(
    baseUrl: String,
    storage: SessionStorage,
    private val clock: DeviceClock = SystemDeviceClock,
    transport: Transport = defaultTransport(),
    proofKeys: ProofKeyStore? = null,
    private val settings: SessionClientSettings = SessionClientSettings(),
) : AutoCloseable {
    private val serverClock = ServerClock()
    private val wire = Wire(baseUrl, transport, clock, serverClock, settings.requestTimeout)
    private val keeper = Keeper(storage, proofKeys)
    private val states = MutableStateFlow<SessionState>(SessionState.SignedOut(SignOutReason.NotSignedIn))

    /** Of its own: a refresh outlives whoever asked for it first. */
    private val scope = CoroutineScope(SupervisorJob() + Dispatchers.IO)

    /** Guards all that follows, and the keeper. Nothing waits for the server while it is held. */
    private val mutex = Mutex()
    private var refresh: CompletableDeferred<SessionSnapshot>? = null

    /** Goes up at each sign-in and sign-out: what was begun before must not undo it. */
    private var epoch = 0

    /** No question before: the server asked for silence until then. On the monotonic clock. */
    private var silentUntil: Duration? = null

    /** How it stands. Before the first call nothing has been read from the storage, which counts as signed out. */
    public val state: StateFlow<SessionState> = states.asStateFlow()

    /**
     * Whether the storage holds what is held here. A refreshed session that could not be stored is used all the same, and
     * each later call tries to store it again; a process that ends before that may find its session `reused`.
     */
    public val isStored: Boolean get() = keeper.isStored

    /**
     * A token that is good for [minTtl] or longer, by the server's clock; refreshed first if need be.
     *
     * However many ask at once, the server is asked once. A caller that is cancelled leaves, and the refresh goes on for
     * the others and for later. A token is not refreshed in the first half of its life, whatever [minTtl] says, nor when
     * its session has no longer to live than it has. After the start of a process the first call refreshes: only then is
     * the time known.
     *
     * @throws SessionClientException
     */
    public suspend fun accessToken(minTtl: Duration = 30.seconds): String = session(minTtl).token

    /** The same, with all that is known about the session. */
    public suspend fun session(minTtl: Duration = 30.seconds): SessionSnapshot {
        val pending = guarded {
            val held = loaded()
            val now = serverClock.latest(clock.monotonic())
            if (now != null && held.lasts(minTtl, now)) return@guarded held to null
            held to refreshing()
        }
        return pending.second?.await() ?: pending.first
    }

    /**
     * The session after a token that the server refused although it looked good here. If another call has replaced that
     * token already, this is what it got; else the session is refreshed.
     */
    public suspend fun sessionReplacing(refused: String): SessionSnapshot {
        val pending = guarded {
            val held = loaded()
            held to if (held.token == refused) refreshing() else null
        }
        return pending.second?.await() ?: pending.first
    }

    /**
     * Signs in: `POST session/login` with these credentials. The session that was there before is left, not ended.
     *
     * @throws SessionClientException
     */
    public suspend fun signIn(credentials: JsonObject): SessionSnapshot {
        val key = guarded { keeper.keyForLogin() }
        return when (val answer = wire.ask("session/login", held = null, key, credentials.toString())) {
            is Answer.Session -> guarded {
                val snapshot = answer.told.snapshot(key)
                keeper.begin(snapshot)
                leaveBehind(SessionClientException.NotSignedIn())
                states.value = SessionState.SignedIn(snapshot)
                snapshot
            }
            is Answer.Refused -> throw SessionClientException.Refused(answer.code)
            is Answer.Nothing -> throw SessionClientException.Offline(answer.why, answer.cause)
            Answer.Done -> throw SessionClientException.Offline("the answer is not the server's (204)")
            Answer.KeyLost -> throw SessionClientException.KeyLost()
        }
    }

    /**
     * Signs out: forgets the session here at once, then has the server end it.
     *
     * @throws SessionClientException.Offline if the server could not be told. It is signed out here all the same.
     * @throws SessionClientException.StorageFailed if the session could not be removed from the storage.
     */
    public suspend fun signOut() {
        val (held, key) = guarded {
            val held = try {
                loaded()
            } catch (failed: SessionClientException.StorageFailed) {
                throw failed
            } catch (_: SessionClientException) {
                return@guarded null // Nobody is signed in.
            }
            val key = runCatching { keeper.keyOf(held) }.getOrNull()
            end(SignOutReason.SignedOut)
            held to key
        } ?: return
        // A refusal is as good: then the session has ended already. Who leaves meanwhile has signed out all the same.
        val answer = withContext(NonCancellable) { wire.ask("session/logout", held, key) }
        if (answer is Answer.Nothing) throw SessionClientException.Offline(answer.why, answer.cause)
    }

    /**
     * The headers that show the session to its server in a request of this [method] to [url]: `Authorization`, and a
     * proof where the session is bound to a key.
     *
     * @throws IllegalArgumentException for the URL of somebody else, who must not see the token.
     * @throws SessionClientException if the key can't be used.
     */
    public suspend fun authorization(method: String, url: URI, session: SessionSnapshot): Map<String, String> {
        require(wire.isOwn(url)) { "this is not a URL of the session's server" }
        val key = guarded { keeper.keyOf(session) } ?: return mapOf("Authorization" to "Bearer ${session.token}")
        val proof = try {
            key.proof(method, url.toString(), session.token, null, wire.now())
        } catch (_: SessionException.InvalidKey) {
            throw SessionClientException.KeyLost()
        } catch (locked: SessionException) {
            throw SessionClientException.Offline("the key can't be used now", locked)
        }
        return mapOf("Authorization" to "DPoP ${session.token}", "DPoP" to proof)
    }

    /** Whether the server at this URL may see the token. */
    public fun isOwn(url: URI): Boolean = wire.isOwn(url)

    /**
     * Ends what it does in the background; who waits for that gets [SessionClientException.Offline]. The session stays in
     * the storage.
     */
    override fun close() {
        scope.cancel()
    }

    /** On a thread that may wait for a disk. */
    private suspend fun <T> guarded(work: suspend () -> T): T =
        withContext(Dispatchers.IO) { mutex.withLock { work() } }

    /** The refresh that is on its way, or a new one. */
    private fun refreshing(): Deferred<SessionSnapshot> {
        refresh?.takeIf { it.isActive }?.let { return it }
        val began = epoch
        val landing = CompletableDeferred<SessionSnapshot>().also { refresh = it }
        scope.launch {
            landing.completeWith(runCatching { refresh(began) }.onFailure { if (it is CancellationException) throw it })
        }.invokeOnCompletion {
            // Whoever waits was not cancelled: this client was.
            landing.completeExceptionally(SessionClientException.Offline("the session client is closed"))
        }
        return landing
    }

    private suspend fun refresh(began: Int): SessionSnapshot {
        val (held, key) = guarded {
            still(began)
            val held = loaded()
            val newer = keeper.newerInStorage()
            val now = serverClock.latest(clock.monotonic())
            if (newer != null && now != null && newer.isYoung(now)) {
                // Another process of the app was quicker.
                states.value = SessionState.SignedIn(newer)
                return@guarded newer to null
            }
            val current = newer ?: held
            val key = try {
                keeper.keyOf(current)
            } catch (lost: SessionClientException.KeyLost) {
                runCatching { end(SignOutReason.KeyLost) }
                throw lost
            }
            if (silentUntil?.let { clock.monotonic() < it } == true) {
                throw SessionClientException.Offline("the server asked for silence")
            }
            states.value = SessionState.Refreshing(current)
            current to Key(key)
        }
        return if (key == null) held else tries(began, held, key)
    }

    /** A key, or that there is none. */
    private class Key(val value: dev.sessera.DpopKey?)

    private suspend fun tries(began: Int, held: SessionSnapshot, key: Key): SessionSnapshot {
        var attempt = 1
        while (true) {
            val answer = wire.ask("session/refresh", held, key.value)
            val pause = guarded {
                still(began)
                val nothing = when (answer) {
                    is Answer.Session -> {
                        val snapshot = answer.told.snapshot(key.value)
                        keeper.replace(snapshot)
                        states.value = SessionState.SignedIn(snapshot)
                        return@guarded null
                    }
                    is Answer.Refused -> throw ended(reasonOf(answer.code))
                    Answer.KeyLost -> throw ended(SignOutReason.KeyLost)
                    Answer.Done -> Answer.Nothing("the answer is not the server's (204)")
                    is Answer.Nothing -> answer
                }
                pauseAfter(attempt, nothing) ?: run {
                    states.value = SessionState.Offline(held)
                    throw SessionClientException.Offline(nothing.why, nothing.cause)
                }
            }
            if (pause == null) return guarded { loaded() }
            clock.delay(pause)
            guarded { still(began) }
            attempt += 1
        }
    }

    /** How long to wait for the next try; null when there is none. */
    private fun pauseAfter(attempt: Int, nothing: Answer.Nothing): Duration? {
        val asked = nothing.retryAfter
        if (asked != null && asked > settings.retry.cap) {
            silentUntil = clock.monotonic() + asked
            return null
        }
        return if (attempt < settings.retry.attempts) asked ?: settings.retry.delayAfter(attempt) else null
    }

    /** Nobody signed in or out meanwhile. */
    private fun still(began: Int) {
        if (began != epoch) throw SessionClientException.NotSignedIn()
    }

    private fun loaded(): SessionSnapshot {
        val known = keeper.held != null
        return try {
            keeper.load().also { if (!known) states.value = SessionState.SignedIn(it) }
        } catch (failed: SessionClientException) {
            keeper.ended?.let { states.value = SessionState.SignedOut(it) }
            throw failed
        }
    }

    /** A dead session that could not be removed from the storage would only be refused again. */
    private fun ended(reason: SignOutReason): SessionClientException {
        runCatching { end(reason) }
        return reason.toException()
    }

    private fun end(reason: SignOutReason) {
        states.value = SessionState.SignedOut(reason)
        try {
            keeper.end(reason)
        } finally {
            leaveBehind(reason.toException())
        }
    }

    /** What is on its way belongs to a session that is gone: nobody waits for it any more. */
    private fun leaveBehind(why: SessionClientException) {
        epoch += 1
        refresh?.completeExceptionally(why)
        refresh = null
    }
}
