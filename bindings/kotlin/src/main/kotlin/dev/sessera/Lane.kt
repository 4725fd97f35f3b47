package dev.sessera

import com.sun.jna.Memory
import com.sun.jna.Native
import com.sun.jna.Pointer
import java.nio.BufferOverflowException
import java.nio.ByteBuffer
import java.nio.ByteOrder

/**
 * A verify's own way across: memory that both sides see, and two calls with numbers alone.
 *
 * What the generated code does for a call (buffers made and freed on the other side, a structure read by reflection for
 * the call's outcome, one more for each object) costs several times what the verify itself does. For one thread at a
 * time.
 */
internal class Lane(sessions: NativeSessions) : AutoCloseable {
    private val slate = Slate(sessions)
    private val memory: ByteBuffer =
        Pointer(slate.address().toLong()).getByteBuffer(0, slate.capacity().toLong()).order(ByteOrder.BIG_ENDIAN)
    private val status = Memory(STATUS_BYTES)

    /** The slate's, which is not counted: the slate outlives this object. */
    private val handle = slate.uniffiCloneHandle().also { counted ->
        uniffiFree(counted)
    }

    /** The session; null for what has no room here. */
    fun verify(token: String, client: Client): Session? {
        memory.clear()
        try {
            // Bytes that no token has stay such: a character beyond Latin 1 becomes a question mark.
            val bytes = token.toByteArray(Charsets.ISO_8859_1)
            memory.putInt(bytes.size).put(bytes)
            if (client == UNKNOWN) memory.put(UNKNOWN_FACTS) else FfiConverterTypeClient.write(client, memory)
        } catch (_: BufferOverflowException) {
            return null
        }
        val length = call(memory.position())
        if (length == 0) return null
        memory.clear()
        if (length < 0) throw FfiConverterTypeSessionError.read(memory)
        return FfiConverterTypeSession.read(memory)
    }

    private fun call(length: Int): Int {
        status.setByte(0, 0)
        val counted = Crossing.uniffi_sessera_ffi_fn_clone_slate(handle, status)
        val outcome = Crossing.uniffi_sessera_ffi_fn_method_slate_verify(counted, length, status)
        if (status.getByte(0) != 0.toByte()) throw InternalException("the native verify failed")
        return outcome
    }

    override fun close() {
        slate.close()
    }

    private companion object {
        /** A byte in a place of eight, and a buffer of three words. */
        const val STATUS_BYTES = 32L

        val UNKNOWN = Client()

        /** A client without any fact, as the generated code writes it. */
        val UNKNOWN_FACTS: ByteArray = ByteBuffer.allocate(FfiConverterTypeClient.allocationSize(UNKNOWN).toInt())
            .also { FfiConverterTypeClient.write(UNKNOWN, it) }
            .array()

        fun uniffiFree(handle: Long) {
            val status = Memory(STATUS_BYTES).apply { clear() }
            Crossing.uniffi_sessera_ffi_fn_free_slate(handle, status)
        }
    }
}

/** The library's own functions, with the outcome of a call as plain memory. */
@Suppress("FunctionName")
internal object Crossing {
    init {
        val library = System.getProperty("uniffi.component.sessera.libraryOverride") ?: "sessera_ffi"
        Native.register(Crossing::class.java, library)
    }

    @JvmStatic
    external fun uniffi_sessera_ffi_fn_clone_slate(handle: Long, status: Pointer): Long

    @JvmStatic
    external fun uniffi_sessera_ffi_fn_free_slate(handle: Long, status: Pointer)

    @JvmStatic
    external fun uniffi_sessera_ffi_fn_method_slate_verify(handle: Long, length: Int, status: Pointer): Int
}
