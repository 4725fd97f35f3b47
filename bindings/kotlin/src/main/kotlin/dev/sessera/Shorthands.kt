package dev.sessera

import java.nio.file.Path
import java.util.concurrent.atomic.AtomicLong
import kotlin.time.Duration
import kotlin.time.Instant
import kotlinx.serialization.json.JsonObject

/**
 * A store in the memory of one process: for tests, and for servers that may forget revocations when they restart.
 *
 * @param quota how many marks of sessions and subjects it holds at most; 4,000,000 if it is not given.
 */
@Suppress("FunctionName")
public fun MemoryStore(quota: Int? = null): Store = Store.memory(number(quota))

/**
 * A store in one SQLite file, which all processes of a host share.
 *
 * @param busyTimeout how long a write waits for those of other processes; 5 s if it is not given.
 * @param quota how many marks of sessions and subjects a process holds at most; 4,000,000 if it is not given.
 * @param groupAccess whether the group of the file may read and write it, for another process of the host.
 * @throws SessionException.StoreUnavailable when the file can't be opened.
 */
@Suppress("FunctionName")
public fun SqliteStore(
    path: Path,
    busyTimeout: Duration? = null,
    quota: Int? = null,
    groupAccess: Boolean = false,
): Store = Store.sqlite(path.toString(), busyTimeout, number(quota), groupAccess)

/** NIST SP 800-63B-4 authentication assurance level 1: a login lasts at most 30 days. */
public fun Policy.Companion.aal1(): Policy = policyAal1()

/** NIST SP 800-63B-4 authentication assurance level 2: at most 24 hours, and 1 hour without use. */
public fun Policy.Companion.aal2(): Policy = policyAal2()

/** NIST SP 800-63B-4 authentication assurance level 3: at most 12 hours, and 15 minutes without use. */
public fun Policy.Companion.aal3(): Policy = policyAal3()

/** How long after its issue a token is due to be renewed. */
public val Policy.renewInterval: Duration get() = policyRenewInterval(this)

/**
 * These rules for users who asked to be remembered for so long: their sessions last that long and have no idle timeout.
 * Where a [Policy.rememberLimit] is set, they last no longer than that, and keep the idle timeout.
 */
public fun Policy.rememberedFor(rememberFor: Duration): Policy = policyRememberedFor(this, rememberFor)

/** Binds nothing and looks at nothing. */
public fun BindingPolicy.Companion.off(): BindingPolicy = bindingOff()

/** The JOSE name, as in a header's `alg`. */
public val Algorithm.joseName: String get() = algorithmName(this)

/**
 * As [NativeSessions.issue], of a login with these claims.
 *
 * @param replaces the token that the request came with: its session is ended, as by [NativeSessions.end].
 */
public fun NativeSessions.issue(
    subject: String,
    client: Client = Client(),
    claims: JsonObject? = null,
    acr: String? = null,
    amr: List<String> = emptyList(),
    replaces: String? = null,
): Issued = issue(NewSession(subject, claims?.let(::Claims), acr, amr, replaces), client)

/** A clock that stands still until it is told to move: for tests. */
public class ManualClock(now: Instant = Instant.fromEpochMilliseconds(0)) : Clock {
    private val millis = AtomicLong(now.toEpochMilliseconds())

    /** The time that it shows. */
    public var now: Instant
        get() = Instant.fromEpochMilliseconds(millis.get())
        set(value) = millis.set(value.toEpochMilliseconds())

    /** Moves it forward. */
    public fun advance(by: Duration) {
        millis.addAndGet(by.inWholeMilliseconds)
    }

    override fun unixMillis(): ULong = millis.get().coerceAtLeast(0).toULong()
}
