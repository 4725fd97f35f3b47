package dev.sessera.android

import android.content.pm.PackageManager
import android.content.Context
import android.os.Build
import android.security.keystore.KeyGenParameterSpec
import android.security.keystore.KeyPermanentlyInvalidatedException
import android.security.keystore.KeyProperties
import android.util.Base64
import dev.sessera.DpopKey
import dev.sessera.ProofKeyException
import dev.sessera.ProofSigner
import dev.sessera.client.ProofKeyStore
import java.math.BigInteger
import java.security.InvalidKeyException
import java.security.KeyPairGenerator
import java.security.PrivateKey
import java.security.Signature
import java.security.SignatureException
import java.security.interfaces.ECPublicKey
import java.security.spec.ECGenParameterSpec

/**
 * The key that sessions are bound to, in the Android Keystore: in a chip of its own (StrongBox) where there is one.
 *
 * Not run by this repository's tests: they have no Android.
 */
public class KeystoreProofKeys(private val context: Context) : ProofKeyStore {
    override fun load(): DpopKey? {
        val entry = keystore()
        val private = entry.getKey(ALIAS, null) as? PrivateKey ?: return null
        val public = entry.getCertificate(ALIAS)?.publicKey as? ECPublicKey ?: return null
        return DpopKey.kept(jwk(public), KeystoreSigner(private))
    }

    override fun make(): DpopKey {
        val strongBox = Build.VERSION.SDK_INT >= Build.VERSION_CODES.P &&
            context.packageManager.hasSystemFeature(PackageManager.FEATURE_STRONGBOX_KEYSTORE)
        KeyPairGenerator.getInstance(KeyProperties.KEY_ALGORITHM_EC, PROVIDER).run {
            val spec = KeyGenParameterSpec.Builder(ALIAS, KeyProperties.PURPOSE_SIGN)
                .setAlgorithmParameterSpec(ECGenParameterSpec("secp256r1"))
                .setDigests(KeyProperties.DIGEST_SHA256)
            if (strongBox) spec.setIsStrongBoxBacked(true)
            initialize(spec.build())
            generateKeyPair()
        }
        return checkNotNull(load()) { "the Android Keystore lost the key that it had just made" }
    }

    private companion object {
        const val ALIAS = "dev.sessera.proof"

        fun jwk(key: ECPublicKey): String =
            """{"kty":"EC","crv":"P-256","x":"${coordinate(key.w.affineX)}","y":"${coordinate(key.w.affineY)}"}"""

        fun coordinate(number: BigInteger): String {
            val bytes = number.toByteArray().takeLast(32).toByteArray()
            val flags = Base64.URL_SAFE or Base64.NO_PADDING or Base64.NO_WRAP
            return Base64.encodeToString(ByteArray(32 - bytes.size) + bytes, flags)
        }
    }
}

private class KeystoreSigner(private val key: PrivateKey) : ProofSigner {
    override fun sign(message: ByteArray): ByteArray = try {
        Signature.getInstance("SHA256withECDSA").run {
            initSign(key)
            update(message)
            sign()
        }
    } catch (_: KeyPermanentlyInvalidatedException) {
        throw ProofKeyException.Lost()
    } catch (_: InvalidKeyException) {
        throw ProofKeyException.Unavailable()
    } catch (_: SignatureException) {
        throw ProofKeyException.Unavailable()
    }
}
