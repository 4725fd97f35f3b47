package dev.sessera

import java.util.concurrent.ConcurrentLinkedQueue
import kotlin.time.Duration

/**
 * Issues, verifies and ends the sessions of one issuer for one audience.
 *
 * It is made once and shared: every method may be called from any thread. Closing it frees what it holds at once; one
 * that is not closed is freed when nobody refers to it any more.
 *
 * ```
 * val sessions = Sessions("https://app.example", "web", Keyring.generate(Algorithm.ED_DSA), store = MemoryStore())
 * val issued = sessions.issue("user-42", claims = buildJsonObject { put("role", "editor") })
 * val session = sessions.verify(issued.token)
 * ```
 *
 * @param issuer who issues all tokens (`iss`).
 * @param audience whom all tokens are for (`aud`).
 * @param keyring the keys that sign and verify; of public keys only, for a service that only verifies.
 * @param policy the rules; what it does not name has the default.
 * @param store where revocations live. Without a store there is no rotation and no revocation.
 * @param clock for tests.
 * @param observer who is told of what happens.
 * @param sealed whether only servers that have the keyring's root can read the tokens.
 * @param rememberedTokens how many verified tokens are remembered, so that their signatures are not checked again;
 *   2048 if it is not given, 0 for none.
 * @param listSessions whether the store keeps a list of each subject's sessions, for [sessionsOf]. If it is not given,
 *   only where [listNetworks] or [maxSessions] needs the list; false together with one of those is an error.
 * @param listNetworks whether the list says which network a session was last seen in, which is personal data. Turns the
 *   list on.
 * @param maxSessions how many sessions a subject may have; a login beyond that ends the oldest. Turns the list on.
 * @param clockSkew how far the clock of each machine that writes to the store may be off; at most the leeway. If it is
 *   not given, the leeway for a store that machines share, and zero for a store of one host.
 * @param longestSession how long a session may last that any `Sessions` on this store issues, where several policies
 *   share a store.
 * @param maxData how many bytes of data the store keeps of one session at most; 1 MiB if it is not given.
 * @param maxVisitorData how many bytes of data the store keeps of one visitor at most; 64 KiB if it is not given.
 * @throws SessionException.InvalidConfig which names what can't work.
 */
public class Sessions(
    issuer: String,
    audience: String,
    keyring: Keyring,
    policy: Policy = Policy(),
    store: Store? = null,
    clock: Clock? = null,
    observer: Observer? = null,
    sealed: Boolean = false,
    rememberedTokens: Int? = null,
    listSessions: Boolean? = null,
    listNetworks: Boolean = false,
    maxSessions: Int? = null,
    clockSkew: Duration? = null,
    longestSession: Duration? = null,
    maxData: Int? = null,
    maxVisitorData: Int? = null,
) : NativeSessions(
    issuer, audience, keyring, policy, store, clock, observer, sealed, number(rememberedTokens), listSessions,
    listNetworks, number(maxSessions), clockSkew, longestSession, number(maxData), number(maxVisitorData),
) {
    /** As many as ever were in use at once. */
    private val lanes = ConcurrentLinkedQueue<Lane>()

    /**
     * Verifies a token: its signature, type, issuer, audience and absolute end, then revocations, then the idle limit
     * and other times, then binding.
     *
     * @throws SessionException of the first check that fails.
     */
    override fun verify(token: String, client: Client): Session {
        check(!uniffiIsDestroyed) { "these sessions were closed" }
        val lane = lanes.poll() ?: Lane(this)
        try {
            // What has no room there takes the common way.
            return lane.verify(token, client) ?: super.verify(token, client)
        } finally {
            lanes.offer(lane)
        }
    }

    override fun close() {
        super.close()
        generateSequence { lanes.poll() }.forEach(Lane::close)
    }
}

internal fun number(given: Int?): UInt? {
    require(given == null || given >= 0) { "a number of sessions, marks, tokens or bytes must not be negative" }
    return given?.toUInt()
}
