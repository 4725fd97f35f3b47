package dev.sessera.bench

import com.auth0.jwt.JWT
import com.nimbusds.jose.crypto.ECDSAVerifier
import com.nimbusds.jose.crypto.Ed25519Verifier
import com.nimbusds.jose.crypto.MACVerifier
import com.nimbusds.jose.jwk.JWKSet
import com.nimbusds.jose.proc.SecurityContext
import com.nimbusds.jwt.JWTClaimsSet
import com.nimbusds.jwt.SignedJWT
import com.nimbusds.jwt.proc.DefaultJWTClaimsVerifier
import dev.sessera.Algorithm
import dev.sessera.Keyring
import dev.sessera.MemoryStore
import dev.sessera.NativeSessions
import dev.sessera.Policy
import dev.sessera.Sessions
import dev.sessera.isSafeMethod
import dev.sessera.issue
import java.lang.management.ManagementFactory
import java.util.Locale
import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.put
import com.auth0.jwt.algorithms.Algorithm as Auth0
import org.junit.jupiter.api.Test

private const val ISSUER = "https://app.example"
private const val AUDIENCE = "web"

/**
 * A verify here and with nimbus-jose-jwt and java-jwt, in one process and turn by turn: `make bench-kotlin`. It is no
 * test by its name, so only who asks for it runs it.
 */
class VerifyBench {
    private val rows = mutableListOf<Row>()

    private class Row(val name: String, val run: () -> Any?) {
        var best = Double.MAX_VALUE
    }

    @Test
    fun bench() {
        crossing()
        Algorithm.entries.filter { it != Algorithm.RS256 }.forEach(::verifies)
        // All are compiled before any is measured.
        rows.forEach { measure(it, 500_000_000) }
        repeat(9) { rows.forEach { row -> row.best = minOf(row.best, measure(row, 100_000_000)) } }
        rows.forEach { println(String.format(Locale.ROOT, "%-46s %9.2f µs", it.name, it.best / 1000)) }
    }

    private fun add(name: String, run: () -> Any?) {
        rows += Row(name, run)
    }

    /** Nanoseconds of this thread's own time a call: a machine that others use too says little by the clock. */
    private fun measure(row: Row, nanos: Long): Double {
        val own = ManagementFactory.getThreadMXBean()
        var calls = 0L
        val began = own.currentThreadCpuTime
        var passed: Long
        do {
            repeat(32) { row.run() }
            calls += 32
            passed = own.currentThreadCpuTime - began
        } while (passed < nanos)
        return passed.toDouble() / calls
    }

    private fun crossing() {
        val sessions = Sessions(ISSUER, AUDIENCE, Keyring.generate(Algorithm.HS256))
        add("crossing, generated: a number back") { sessions.hasStore() }
        add("crossing, generated: a text there") { isSafeMethod("GET") }
    }

    private fun verifies(algorithm: Algorithm) {
        val keyring = Keyring.generate(algorithm)
        val sessions = Sessions(ISSUER, AUDIENCE, keyring, store = MemoryStore())
        val forgetful = Sessions(ISSUER, AUDIENCE, keyring, store = MemoryStore(), rememberedTokens = 0)
        val generated = NativeSessions(ISSUER, AUDIENCE, keyring, Policy(), dev.sessera.MemoryStore())
        val token = sessions.issue("user-42", claims = buildJsonObject { put("role", "editor") }).token
        add("$algorithm  sessera, seen before") { sessions.verify(token) }
        add("$algorithm  sessera, at first sight") { forgetful.verify(token) }
        add("$algorithm  sessera, generated call, seen before") { generated.verify(token) }

        val key = JWKSet.parse(keyring.privateJwks()).keys.single()
        val verifier = when (algorithm) {
            Algorithm.ED_DSA -> Ed25519Verifier(key.toOctetKeyPair().toPublicJWK())
            Algorithm.ES256 -> ECDSAVerifier(key.toECKey().toECPublicKey())
            else -> MACVerifier(key.toOctetSequenceKey().toByteArray())
        }
        val claims = DefaultJWTClaimsVerifier<SecurityContext>(
            AUDIENCE, JWTClaimsSet.Builder().issuer(ISSUER).build(), setOf("exp", "sub"),
        )
        add("$algorithm  nimbus-jose-jwt") {
            val jwt = SignedJWT.parse(token)
            check(jwt.verify(verifier))
            jwt.jwtClaimsSet.also { claims.verify(it, null) }
        }
        val auth0 = when (algorithm) {
            Algorithm.ES256 -> Auth0.ECDSA256(key.toECKey().toECPublicKey(), null)
            Algorithm.HS256 -> Auth0.HMAC256(key.toOctetSequenceKey().toByteArray())
            else -> return // It has no EdDSA.
        }
        val java = JWT.require(auth0).withIssuer(ISSUER).withAudience(AUDIENCE).build()
        add("$algorithm  java-jwt") { java.verify(token) }
    }
}
