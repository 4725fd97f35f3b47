package dev.sessera

import com.nimbusds.jose.JOSEObjectType
import com.nimbusds.jose.JWSAlgorithm
import com.nimbusds.jose.jwk.AsymmetricJWK
import com.nimbusds.jose.jwk.Curve
import com.nimbusds.jose.jwk.ECKey
import com.nimbusds.jose.jwk.JWK
import com.nimbusds.jose.jwk.JWKSet
import com.nimbusds.jose.jwk.KeyUse
import com.nimbusds.jose.jwk.gen.ECKeyGenerator
import com.nimbusds.jose.jwk.gen.OctetKeyPairGenerator
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator
import com.nimbusds.jose.jwk.source.ImmutableJWKSet
import com.nimbusds.jose.proc.DefaultJOSEObjectTypeVerifier
import com.nimbusds.jose.proc.JWSVerificationKeySelector
import com.nimbusds.jose.proc.SecurityContext
import com.nimbusds.jose.util.Base64URL
import com.nimbusds.jwt.proc.DefaultJWTProcessor
import com.nimbusds.oauth2.sdk.dpop.DefaultDPoPProofFactory
import com.nimbusds.oauth2.sdk.token.DPoPAccessToken
import java.net.URI
import java.security.MessageDigest
import java.time.Instant as JavaInstant
import java.util.Base64
import java.util.Date
import java.util.UUID
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import org.springframework.security.oauth2.jose.jws.SignatureAlgorithm
import org.springframework.security.oauth2.jwt.JwsHeader
import org.springframework.security.oauth2.jwt.JwtClaimsSet
import org.springframework.security.oauth2.jwt.JwtEncoderParameters
import org.springframework.security.oauth2.jwt.NimbusJwtEncoder

private const val URL = "https://api.example/me"
private const val TOKEN = "header.payload.signature"

/** Keys, tokens and proofs of Nimbus and Spring Security. */
class OtherLibrariesTest {
    private val now = Date(System.currentTimeMillis() / 1000 * 1000)

    private fun verified(proof: String): String =
        DpopVerifier(DpopSettings()).use { it.verify(ProofRequest(proof, "GET", URL, TOKEN)).thumbprint }

    private fun <K> proofByNimbus(key: K, algorithm: JWSAlgorithm): String where K : JWK, K : AsymmetricJWK =
        DefaultDPoPProofFactory(key, algorithm).createDPoPJWT("GET", URI(URL), DPoPAccessToken(TOKEN)).serialize()

    /** A key with all that Nimbus writes beside it. */
    private fun ecKey(): ECKey {
        val made = ECKeyGenerator(Curve.P_256).keyID("device").keyUse(KeyUse.SIGNATURE).algorithm(JWSAlgorithm.ES256)
            .issueTime(now).notBeforeTime(now).expirationTime(Date(now.time + 60_000)).generate()
        val certificate = Base64URL.encode(MessageDigest.getInstance("SHA-256").digest(byteArrayOf(1)))
        return ECKey.Builder(made).x509CertSHA256Thumbprint(certificate).build()
    }

    @Test
    fun `a proof of Nimbus is accepted with all members of its key`() {
        val key = ecKey()
        val proof = proofByNimbus(key, JWSAlgorithm.ES256)
        val header = String(Base64.getUrlDecoder().decode(proof.substringBefore('.')))
        for (member in listOf("kid", "iat", "exp", "x5t#S256")) assertTrue("\"$member\"" in header, header)
        assertEquals(key.computeThumbprint().toString(), verified(proof))
    }

    @Test
    fun `a proof of Nimbus with Ed25519 is accepted`() {
        val key = OctetKeyPairGenerator(Curve.Ed25519).issueTime(now).generate()
        assertEquals(key.computeThumbprint().toString(), verified(proofByNimbus(key, JWSAlgorithm.EdDSA)))
    }

    @Test
    fun `a proof of Nimbus with RSA is unsupported`() {
        val proof = proofByNimbus(RSAKeyGenerator(2048).generate(), JWSAlgorithm.RS256)
        assertEquals("unsupported_algorithm", assertThrows<SessionException> { verified(proof) }.code)
    }

    /** As Spring Security's reference makes a proof; its encoder names the key in the header by itself. */
    @Test
    fun `a proof of Spring Security has kid in its header`() {
        val key = ecKey()
        val header = JwsHeader.with(SignatureAlgorithm.ES256).type("dpop+jwt").jwk(key.toPublicJWK().toJSONObject()).build()
        val hash = MessageDigest.getInstance("SHA-256").digest(TOKEN.toByteArray())
        val claims = JwtClaimsSet.builder().issuedAt(JavaInstant.now()).claim("htm", "GET").claim("htu", URL)
            .claim("ath", Base64.getUrlEncoder().withoutPadding().encodeToString(hash)).id(UUID.randomUUID().toString()).build()
        val encoder = NimbusJwtEncoder(ImmutableJWKSet(JWKSet(key)))
        val proof = encoder.encode(JwtEncoderParameters.from(header, claims))
        assertEquals("device", proof.headers["kid"])
        assertEquals(key.computeThumbprint().toString(), verified(proof.tokenValue))
    }

    @Test
    fun `other keys of a public set are skipped`() {
        val used = ecKey()
        val keys = listOf(
            RSAKeyGenerator(2048).keyID("enc").keyUse(KeyUse.ENCRYPTION).generate(),
            ECKeyGenerator(Curve.P_384).keyID("es384").algorithm(JWSAlgorithm.ES384).generate(),
            OctetKeyPairGenerator(Curve.X25519).keyID("x25519").generate(),
            ECKeyGenerator(Curve.P_256).keyID("no-alg").generate(),
            used,
        )
        val set = JWKSet(keys)
        Keyring.fromPublicJwks(set.toPublicJWKSet().toString()).use { keyring ->
            assertTrue(keyring.has("device"))
            assertEquals(listOf("enc", "es384", "x25519", "no-alg"), keyring.skipped().map { it.kid })
            assertEquals("no \"alg\"; for signatures of this key add \"alg\":\"ES256\"", keyring.skipped().last().reason)
        }
        val private = assertThrows<SessionException> { Keyring.fromPublicJwks(set.toString(false)) }
        assertEquals("invalid_key", private.code)
    }

    @Test
    fun `Nimbus verifies an ES256 token with our public set`() {
        Keyring.generate(Algorithm.ES256).use { keyring ->
            Sessions("https://app.example", "web", keyring).use { sessions ->
                val token = sessions.issue(NewSession("user-42")).token
                val processor = DefaultJWTProcessor<SecurityContext>()
                processor.jwsTypeVerifier = DefaultJOSEObjectTypeVerifier(JOSEObjectType("session+jwt"))
                processor.jwsKeySelector =
                    JWSVerificationKeySelector(JWSAlgorithm.ES256, ImmutableJWKSet(JWKSet.parse(keyring.jwks())))
                assertEquals("user-42", processor.process(token, null).subject)
            }
        }
    }
}
