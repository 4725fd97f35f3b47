package dev.sessera.android

import android.content.Context
import android.security.keystore.KeyGenParameterSpec
import android.security.keystore.KeyProperties
import android.util.Base64
import dev.sessera.client.FileStorage
import dev.sessera.client.SessionStorage
import java.io.File
import java.security.KeyStore
import java.security.UnrecoverableKeyException
import javax.crypto.AEADBadTagException
import javax.crypto.Cipher
import javax.crypto.KeyGenerator
import javax.crypto.SecretKey
import javax.crypto.spec.GCMParameterSpec

/**
 * In a file that is never backed up, encrypted by a key of the Android Keystore.
 *
 * Not run by this repository's tests: they have no Android.
 *
 * @param name tells several sessions of one app apart.
 */
public class KeystoreStorage(context: Context, private val name: String = "session") : SessionStorage {
    private val file = FileStorage(
        File(context.noBackupFilesDir, "sessera").apply { mkdirs() }.toPath().resolve(name),
    )

    override fun load(): String? {
        val text = file.load() ?: return null
        val sealed = Base64.decode(text, Base64.NO_WRAP)
        if (sealed.size < NONCE_BYTES) return ""
        return try {
            val cipher = Cipher.getInstance(TRANSFORMATION)
            cipher.init(Cipher.DECRYPT_MODE, existing() ?: return "", GCMParameterSpec(TAG_BITS, sealed, 0, NONCE_BYTES))
            cipher.doFinal(sealed, NONCE_BYTES, sealed.size - NONCE_BYTES).decodeToString()
        } catch (_: AEADBadTagException) {
            "" // Of another key: no session any more, and no fault that passes.
        }
    }

    override fun save(text: String) {
        val cipher = Cipher.getInstance(TRANSFORMATION)
        cipher.init(Cipher.ENCRYPT_MODE, existing() ?: made())
        file.save(Base64.encodeToString(cipher.iv + cipher.doFinal(text.encodeToByteArray()), Base64.NO_WRAP))
    }

    override fun remove(): Unit = file.remove()

    private fun existing(): SecretKey? = try {
        keystore().getKey("$ALIAS.$name", null) as SecretKey?
    } catch (_: UnrecoverableKeyException) {
        null
    }

    private fun made(): SecretKey = KeyGenerator.getInstance(KeyProperties.KEY_ALGORITHM_AES, PROVIDER).run {
        val purposes = KeyProperties.PURPOSE_ENCRYPT or KeyProperties.PURPOSE_DECRYPT
        init(
            KeyGenParameterSpec.Builder("$ALIAS.$name", purposes)
                .setBlockModes(KeyProperties.BLOCK_MODE_GCM)
                .setEncryptionPaddings(KeyProperties.ENCRYPTION_PADDING_NONE)
                .setKeySize(256)
                .build(),
        )
        generateKey()
    }

    private companion object {
        const val ALIAS = "dev.sessera.storage"
        const val TRANSFORMATION = "AES/GCM/NoPadding"
        const val NONCE_BYTES = 12
        const val TAG_BITS = 128
    }
}

internal const val PROVIDER = "AndroidKeyStore"

internal fun keystore(): KeyStore = KeyStore.getInstance(PROVIDER).apply { load(null) }
