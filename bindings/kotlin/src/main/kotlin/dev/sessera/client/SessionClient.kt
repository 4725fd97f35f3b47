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
 * The client's side of a session: keeps its token, and refreshes it in time, once for all callers.
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
public class SessionClient internal constructor(
    baseUrl: String,
    storage: SessionStorage,
    private val clock: DeviceClock,
    transport: Transport,
    proofKeys: ProofKeyStore?,
    private val settings: SessionClientSettings,
    private val scheduling: Scheduling,
) : AutoCloseable {
    public constructor(
        baseUrl: String,
        storage: SessionStorage,
        clock: DeviceClock = SystemDeviceClock,
        transport: Transport = defaultTransport(),
        proofKeys: ProofKeyStore? = null,
        settings: SessionClientSettings = SessionClientSettings(),
    ) : this(baseUrl, storage, clock, transport, proofKeys, settings, Scheduling())

    private val serverClock = ServerClock()
    private val wire = Wire(baseUrl, transport, clock, serverClock, settings.requestTimeout, scheduling.timer)
    private val keeper = Keeper(storage, proofKeys)
    private val states = MutableStateFlow<SessionState>(SessionState.SignedOut(SignOutReason.NotSignedIn))

    /** A scope of its own: a refresh outlives the caller that began it. */
    private val scope = CoroutineScope(SupervisorJob() + scheduling.dispatcher)

    /** Guards all that follows, and the keeper. Nothing waits for the server while it is held. */
    private val mutex = Mutex()
    private var refresh: CompletableDeferred<SessionSnapshot>? = null

    /** Goes up at each sign-in and sign-out: what was begun before must not undo it. */
    private var epoch = 0

    /** No refresh is sent before: the server asked for a pause until then. On the monotonic clock. */
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
     * Signs in: `POST session/login` with these credentials. The session that was there before is left, not ended. A caller
     * that is cancelled before the answer is there signs nobody in. A key that no longer signs is replaced by a new one.
     *
     * @throws SessionClientException
     */
    public suspend fun signIn(credentials: JsonObject): SessionSnapshot {
        var key = guarded { keeper.keyForLogin() }
        var answer = wire.ask("session/login", held = null, key, credentials.toString())
        if (answer is Answer.KeyLost) {
            key = guarded { keeper.newKey() }
            answer = wire.ask("session/login", held = null, key, credentials.toString())
        }
        return when (answer) {
            is Answer.Session -> guarded {
                val snapshot = answer.told.snapshot(key)
                keeper.begin(snapshot)
                silentUntil = null
                states.value = SessionState.SignedIn(snapshot)
                leaveBehind(SessionClientException.NotSignedIn())
                snapshot
            }
            is Answer.Refused -> throw SessionClientException.Refused(answer.code)
            Answer.KeyLost -> throw SessionClientException.KeyLost()
            else -> throw offline(answer)
        }
    }

    /**
     * Signs out: forgets the session here at once, then has the server end it. A caller that is cancelled signs out all the
     * same. Where the session's key can't sign, the request goes without a proof.
     *
     * @throws SessionClientException.Offline if the server could not be reached. The client is signed out all the same.
     * @throws SessionClientException.Refused if the server refused for another reason than that the session has ended. The
     *   client is signed out all the same.
     * @throws SessionClientException.StorageFailed if the session could not be removed from the storage. The server has
     *   been asked to end it.
     */
    public suspend fun signOut(): Unit = withContext(NonCancellable) {
        var failed: SessionClientException? = null
        val (held, key) = guarded {
            val held = heldOrNull() ?: return@guarded null
            val key = runCatching { keeper.keyOf(held) }.getOrNull()
            try {
                end(SignOutReason.SignedOut)
            } catch (storage: SessionClientException) {
                failed = storage
            }
            held to key
        } ?: return@withContext
        var answer = wire.ask("session/logout", held, key)
        if (key != null && (answer is Answer.KeyLost || answer is Answer.Nothing && answer.cause == OfflineCause.Proof)) {
            answer = wire.ask("session/logout", held, key = null)
        }
        failed?.let { throw it }
        when {
            answer is Answer.Done -> Unit
            answer !is Answer.Refused -> throw offline(answer)
            // The session had ended already.
            reasonOf(answer.code).isEnd -> Unit
            else -> throw SessionClientException.Refused(answer.code)
        }
    }

    /**
     * The headers that show the session to its server in a request of this [method] to [url]: `Authorization`, and a
     * proof where the session is bound to a key.
     *
     * @throws IllegalArgumentException for the URL of another server, which must not see the token.
     * @throws SessionClientException.KeyLost if the key is gone, or refuses to sign for good.
     * @throws SessionClientException.Offline if the key can't be used now.
     */
    public suspend fun authorization(method: String, url: URI, session: SessionSnapshot): Map<String, String> {
        require(wire.isOwn(url)) { "this is not a URL of the session's server" }
        val key = guarded { keeper.keyOf(session) } ?: return mapOf("Authorization" to "Bearer ${session.token}")
        val proof = try {
            key.proof(method, url.toString(), session.token, null, wire.now())
        } catch (_: SessionException.InvalidKey) {
            throw SessionClientException.KeyLost()
        } catch (locked: Exception) {
            throw SessionClientException.Offline("the key can't be used now", locked, OfflineCause.Proof)
        }
        return mapOf("Authorization" to "DPoP ${session.token}", "DPoP" to proof)
    }

    /** Whether the server at this URL may see the token. */
    public fun isOwn(url: URI): Boolean = wire.isOwn(url)

    /**
     * Ends the refresh in the background; its callers get [SessionClientException.Offline]. The session stays in the storage.
     */
    override fun close() {
        scope.cancel()
    }

    /** On a thread that may wait for a disk. */
    private suspend fun <T> guarded(work: suspend () -> T): T =
        withContext(scheduling.dispatcher) { mutex.withLock { work() } }

    /** The refresh that is on its way, or a new one. */
    private fun refreshing(): Deferred<SessionSnapshot> {
        refresh?.takeIf { it.isActive }?.let { return it }
        val began = epoch
        val landing = CompletableDeferred<SessionSnapshot>().also { refresh = it }
        scope.launch {
            landing.completeWith(runCatching { refresh(began) }.onFailure { if (it is CancellationException) throw it })
        }.invokeOnCompletion {
            // The callers were not cancelled: this client was closed.
            landing.completeExceptionally(
                SessionClientException.Offline("the session client is closed", why = OfflineCause.Closed),
            )
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
                throw SessionClientException.Offline("the server asked for a pause")
            }
            states.value = SessionState.Refreshing(current)
            current to Key(key)
        }
        return if (key == null) held else tries(began, held, key)
    }

    /** A key, or that there is none. */
    private class Key(val value: dev.sessera.DpopKey?)

    private suspend fun tries(began: Int, held: SessionSnapshot, key: Key): SessionSnapshot {
        val window = SendWindow(settings.grace - settings.graceMargin)
        var attempt = 1
        var last: Answer = Answer.TooLate
        while (true) {
            val answer = wire.ask("session/refresh", held, key.value, window = window)
            if (answer !is Answer.TooLate) last = answer
            val step = guarded {
                still(began)
                when (answer) {
                    is Answer.Session -> Step.Ended(continued(answer.told.snapshot(key.value)))
                    is Answer.Refused -> throw ended(reasonOf(answer.code))
                    Answer.KeyLost -> throw ended(SignOutReason.KeyLost)
                    is Answer.Nothing, Answer.Done -> pauseAfter(attempt, answer, window)?.let(Step::Pause)
                    Answer.TooLate -> null
                } ?: run {
                    states.value = SessionState.Offline(held)
                    throw offline(last)
                }
            }
            when (step) {
                is Step.Ended -> return step.session
                is Step.Pause -> clock.delay(step.span)
            }
            guarded { still(began) }
            attempt += 1
        }
    }

    /** What follows a try. */
    private sealed interface Step {
        class Ended(val session: SessionSnapshot) : Step

        class Pause(val span: Duration) : Step
    }

    private fun continued(snapshot: SessionSnapshot): SessionSnapshot {
        keeper.replace(snapshot)
        silentUntil = null
        states.value = SessionState.SignedIn(snapshot)
        return snapshot
    }

    /** How long to wait for the next try; null when there is none. */
    private fun pauseAfter(attempt: Int, answer: Answer, window: SendWindow): Duration? {
        val asked = (answer as? Answer.Nothing)?.retryAfter
        val pause = maxOf(asked ?: Duration.ZERO, settings.retry.delayAfter(attempt))
        val isShort = asked == null || asked <= settings.retry.cap
        if (isShort && attempt < settings.retry.attempts && window.admits(clock.monotonic() + pause)) return pause
        if (asked != null) silentUntil = clock.monotonic() + asked
        return null
    }

    /** The error for an answer that is no session. */
    private fun offline(answer: Answer): SessionClientException = when (answer) {
        is Answer.Nothing -> SessionClientException.Offline(answer.message, answer.error, answer.cause)
        Answer.TooLate -> SessionClientException.Offline("the refresh took too long", why = OfflineCause.Unavailable)
        Answer.Done -> foreign(204)
        else -> foreign(200)
    }

    private fun foreign(status: Int) = SessionClientException.Offline(
        "the answer is not the server's ($status)", why = OfflineCause.ForeignAnswer(status),
    )

    /** Nobody signed in or out meanwhile. */
    private fun still(began: Int) {
        if (began != epoch) throw SessionClientException.NotSignedIn()
    }

    /** The session; null if nobody is signed in. */
    private fun heldOrNull(): SessionSnapshot? = try {
        loaded()
    } catch (failed: SessionClientException.StorageFailed) {
        throw failed
    } catch (_: SessionClientException) {
        null
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

    /** The refresh on its way belongs to a session that is gone: its callers stop waiting for it. */
    private fun leaveBehind(why: SessionClientException) {
        epoch += 1
        refresh?.completeExceptionally(why)
        refresh = null
    }
}
