// What libraries for JavaScript write and read. The standard input holds {url, accessToken, jwks, issuer, audience};
// the standard output gets {proofs, keys, session} as JSON.
import { generateProof } from 'dpop'
import { SignJWT, calculateJwkThumbprint, createLocalJWKSet, exportJWK, generateKeyPair, jwtVerify } from 'jose'
import * as oauth from 'oauth4webapi'

const chunks = []
for await (const chunk of process.stdin) chunks.push(chunk)
const { url, accessToken, jwks, issuer, audience } = JSON.parse(Buffer.concat(chunks))
const now = Math.floor(Date.now() / 1000)

const pairs = {}
for (const alg of ['ES256', 'Ed25519', 'RS256', 'PS256']) {
  pairs[alg] = await generateKeyPair(alg, { extractable: true })
}

/** A proof that jose signs, with members of an application's own in its header, its key and its claims. */
async function proofByJose(alg, { header = {}, members = {}, claims = {} }) {
  const { privateKey, publicKey } = pairs[alg]
  const jwk = { ...(await exportJWK(publicKey)), ...members }
  const ath = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(accessToken))
  const payload = {
    jti: crypto.randomUUID(),
    htm: 'GET',
    htu: url,
    iat: now,
    ath: Buffer.from(ath).toString('base64url'),
    ...claims,
  }
  const signed = new SignJWT(payload).setProtectedHeader({ typ: 'dpop+jwt', alg, jwk, ...header })
  return signed.sign(privateKey)
}

/** The proof that oauth4webapi puts into a request of its own. */
async function proofByOauth4webapi(alg) {
  const client = { client_id: 'test' }
  const handle = oauth.DPoP(client, pairs[alg])
  let proof
  await oauth.protectedResourceRequest(accessToken, 'GET', new URL(url), undefined, null, {
    DPoP: handle,
    [oauth.customFetch]: async (_, { headers }) => {
      proof = headers.dpop
      return new Response()
    },
  })
  return proof
}

const proofs = {}
for (const alg of Object.keys(pairs)) {
  proofs[`dpop ${alg}`] = await generateProof(pairs[alg], url, 'GET', undefined, accessToken)
}
proofs['oauth4webapi ES256'] = await proofByOauth4webapi('ES256')
proofs['oauth4webapi Ed25519'] = await proofByOauth4webapi('Ed25519')
proofs['jose kid'] = await proofByJose('ES256', { header: { kid: 'a key of the device' } })
proofs['jose alg in the key'] = await proofByJose('Ed25519', { members: { alg: 'Ed25519', use: 'sig' } })
proofs['jose fractional iat'] = await proofByJose('ES256', { claims: { iat: Date.now() / 1000 } })
proofs['jose private key'] = await proofByJose('ES256', { members: await exportJWK(pairs.ES256.privateKey) })

// As WebCrypto exports keys, and as jose does.
const subtle = {}
for (const alg of ['ES256', 'Ed25519', 'RS256']) {
  subtle[alg] = await crypto.subtle.exportKey('jwk', pairs[alg].publicKey)
}
const encryption = await generateKeyPair('RSA-OAEP-256', { extractable: true })
const keys = {
  ed25519: subtle.Ed25519,
  es256: { ...(await exportJWK(pairs.ES256.publicKey)), alg: 'ES256', use: 'sig' },
  without_alg: subtle.ES256,
  rs256: subtle.RS256,
  encryption: { ...(await exportJWK(encryption.publicKey)), alg: 'RSA-OAEP-256', use: 'enc' },
}
const thumbprints = {}
for (const [name, key] of Object.entries(keys)) {
  thumbprints[name] = await calculateJwkThumbprint(key)
}

const options = { issuer, audience, typ: 'session+jwt', algorithms: ['EdDSA', 'ES256'] }
const { payload: session } = await jwtVerify(accessToken, createLocalJWKSet(jwks), options)

console.log(JSON.stringify({ proofs, keys, thumbprints, session }))
