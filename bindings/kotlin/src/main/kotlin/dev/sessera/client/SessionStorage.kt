package dev.sessera.client

/** Where a session outlives the process. What it throws reaches the caller as [SessionClientException.StorageFailed]. */
public interface SessionStorage {
    /** What was saved last; null when nothing is there. */
    public fun load(): String?

    /** Saves in place of what was there: afterwards either the one or the other is there, whatever happens meanwhile. */
    public fun save(text: String)

    /** Removes what is there, if anything is. */
    public fun remove()
}

/** In memory: the session goes with the process. */
public class MemoryStorage : SessionStorage {
    @Volatile
    private var text: String? = null

    override fun load(): String? = text

    override fun save(text: String) {
        this.text = text
    }

    override fun remove() {
        text = null
    }
}
