package dev.sessera.client

import dev.sessera.Algorithm
import dev.sessera.DpopKey

/**
 * Where the key is that sessions get bound to (DPoP, RFC 9449): the platform's key store, so that a stolen token is of no
 * use elsewhere.
 */
public interface ProofKeyStore {
    /** The key that was made; null when there is none, or no longer. Throws when it can't be told now. */
    public fun load(): DpopKey?

    /** Makes a new key in place of any other. */
    public fun make(): DpopKey
}

/** A key in memory: for tests, and for services whose sessions end with them. */
public class MemoryProofKeyStore(private val algorithm: Algorithm = Algorithm.ES256) : ProofKeyStore {
    @Volatile
    private var key: DpopKey? = null

    override fun load(): DpopKey? = key

    override fun make(): DpopKey = DpopKey.generate(algorithm).also { key = it }
}
