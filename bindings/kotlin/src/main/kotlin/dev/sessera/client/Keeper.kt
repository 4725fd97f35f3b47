package dev.sessera.client

import dev.sessera.DpopKey

/** What is held here and what is in the storage, and that the two become the same. One coroutine at a time. */
internal class Keeper(private val storage: SessionStorage, private val proofKeys: ProofKeyStore?) {
    var held: SessionSnapshot? = null
        private set

    /** Why there is no session any more. */
    var ended: SignOutReason? = null
        private set

    @Volatile
    var isStored: Boolean = true
        private set

    /** The session, from the storage at the first time. */
    fun load(): SessionSnapshot {
        ended?.let { throw it.toException() }
        held?.let { known ->
            if (!isStored) store(known)
            return known
        }
        val text = reaching { storage.load() } ?: throw SessionClientException.NotSignedIn()
        val stored = SessionSnapshot.ofText(text)
        if (stored == null) {
            ended = SignOutReason.Unreadable
            throw SessionClientException.Unreadable()
        }
        held = stored
        return stored
    }

    /** A session that began. What can't be stored does not begin. */
    fun begin(snapshot: SessionSnapshot) {
        reaching { storage.save(snapshot.toText()) }
        held = snapshot
        ended = null
        isStored = true
    }

    /** The session went on: that the storage fails is no reason to lose it. */
    fun replace(snapshot: SessionSnapshot) {
        held = snapshot
        store(snapshot)
    }

    fun end(reason: SignOutReason) {
        held = null
        ended = reason
        isStored = true
        reaching { storage.remove() }
    }

    /** What another process that shares the storage put there since. */
    fun newerInStorage(): SessionSnapshot? {
        val known = held ?: return null
        if (!isStored) return null
        val stored = runCatching { storage.load() }.getOrNull()?.let(SessionSnapshot::ofText) ?: return null
        if (stored.session == known.session && stored.generation <= known.generation) return null
        held = stored
        return stored
    }

    /** The key that the session is bound to; null if it is bound to none. */
    fun keyOf(snapshot: SessionSnapshot): DpopKey? {
        val thumbprint = snapshot.keyThumbprint ?: return null
        return reaching { proofKeys?.load() }?.takeIf { it.thumbprint() == thumbprint }
            ?: throw SessionClientException.KeyLost()
    }

    fun keyForLogin(): DpopKey? = proofKeys?.let { keys -> reaching { keys.load() ?: keys.make() } }

    /** A new key in place of one that no longer signs. */
    fun newKey(): DpopKey? = proofKeys?.let { keys -> reaching { keys.make() } }

    private fun store(snapshot: SessionSnapshot) {
        isStored = runCatching { storage.save(snapshot.toText()) }.isSuccess
    }

    private inline fun <T> reaching(work: () -> T): T = try {
        work()
    } catch (failed: Exception) {
        throw SessionClientException.StorageFailed(failed)
    }
}
