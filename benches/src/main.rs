//! Sessera against its peers, in one run: `make bench`.

mod compare;

use std::hint::black_box;
use std::net::IpAddr;

use compare::{Contender, compare};
use jsonwebtoken::{DecodingKey, EncodingKey, Header, Validation};
use jwt_simple::prelude::{HS256Key, JWTClaims, MACLike as _, VerificationOptions};
use ring::signature::KeyPair as _;
use serde::{Deserialize, Serialize};
use sessera::{Algorithm, Client, Keyring, MemoryStore, NewSession, Sessions};

const ISSUER: &str = "https://app.example";
const AUDIENCE: &str = "web";
const ROUNDS: usize = 300;
const AGENT: &str =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";

/// What a peer decodes a session token into: the claims that Sessera reads, typed.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    iat: u64,
    nbf: u64,
    exp: u64,
    jti: String,
    sid: String,
    auth_time: u64,
    r#gen: u64,
    sat: u64,
    sxp: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fpr: Option<String>,
    roles: Vec<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Custom {
    sid: String,
    auth_time: u64,
    r#gen: u64,
    sat: u64,
    sxp: u64,
    fpr: Option<String>,
    roles: Vec<String>,
}

fn sessions(algorithm: Algorithm) -> Sessions {
    let sessions = Sessions::builder(ISSUER, AUDIENCE)
        .keyring(Keyring::generate(algorithm).unwrap())
        .store(MemoryStore::new())
        .build()
        .unwrap();
    mark(&sessions);
    sessions
}

/// The same keys and marks, and no memory of tokens: each is new.
fn forgetful(sessions: &Sessions) -> Sessions {
    let forgetful = Sessions::builder(ISSUER, AUDIENCE)
        .keyring(sessions.keyring())
        .store(MemoryStore::new())
        .remembered_tokens(0)
        .build()
        .unwrap();
    mark(&forgetful);
    forgetful
}

/// A thousand sessions and a thousand subjects that are revoked.
fn mark(sessions: &Sessions) {
    for user in 0..1000 {
        let other = sessions.issue(login(), &Client::new()).unwrap();
        sessions.revoke_session(&other.session.id).unwrap();
        sessions.revoke_subject(&format!("other-{user}")).unwrap();
    }
}

fn login() -> NewSession {
    NewSession::new("user-42").claim("roles", ["editor"])
}

fn client() -> Client {
    Client::new()
        .ip(IpAddr::from([203, 0, 113, 7]))
        .user_agent(AGENT)
        .device("Zm9yIGEgYmVuY2htYXJrIG9ubHksIDMyIGJ5dGVzISE")
}

fn claims_of(token: &str) -> Claims {
    let payload = token.split('.').nth(1).unwrap();
    let payload = base64::Engine::decode(&base64::prelude::BASE64_URL_SAFE_NO_PAD, payload).unwrap();
    serde_json::from_slice(&payload).unwrap()
}

fn header_of(token: &str) -> Header {
    jsonwebtoken::decode_header(token).unwrap()
}

fn validation(algorithm: jsonwebtoken::Algorithm) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[AUDIENCE]);
    validation.validate_nbf = true;
    validation
}

fn options() -> VerificationOptions {
    VerificationOptions {
        allowed_issuers: Some([ISSUER.to_owned()].into()),
        allowed_audiences: Some([AUDIENCE.to_owned()].into()),
        ..VerificationOptions::default()
    }
}

fn forged(token: &str) -> String {
    let flipped = if token.ends_with('A') { 'E' } else { 'A' };
    format!("{}{flipped}", &token[..token.len() - 1])
}

fn hs256() {
    let sessions = sessions(Algorithm::Hs256);
    let client = client();
    let issued = sessions.issue(login(), &client).unwrap();
    let token = issued.token.as_str();
    let secret = [7; 32];
    let decoded = claims_of(token);
    let peer_token =
        jsonwebtoken::encode(&header_of(token), &decoded, &EncodingKey::from_secret(&secret)).unwrap();
    let (key, rules) = (DecodingKey::from_secret(&secret), validation(jsonwebtoken::Algorithm::HS256));
    let simple = HS256Key::from_bytes(&secret);
    let options = options();
    let forgetful = forgetful(&sessions);
    compare(
        "HS256 verify",
        ROUNDS,
        vec![
            Contender::new("sessera: first sight, all checks", || forgetful.verify(token, &client).unwrap()),
            Contender::new("sessera: first sight, a claim typed too", || {
                forgetful.verify(token, &client).unwrap().claims.get::<Vec<String>>("roles").unwrap()
            }),
            Contender::new("sessera: seen before, all checks", || sessions.verify(token, &client).unwrap()),
            Contender::new("sessera: seen before, a claim typed too", || {
                sessions.verify(token, &client).unwrap().claims.get::<Vec<String>>("roles").unwrap()
            }),
            Contender::new("sessera: seen before, the client anew too", || {
                sessions.verify(token, &self::client()).unwrap()
            }),
            Contender::new("ring: the HMAC alone", {
                let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &secret);
                let message = token.rsplit_once('.').unwrap().0.as_bytes();
                let tag = ring::hmac::sign(&key, message);
                move || ring::hmac::verify(&key, message, tag.as_ref())
            }),
            Contender::new("jsonwebtoken: decode typed", || {
                jsonwebtoken::decode::<Claims>(&peer_token, &key, &rules).unwrap()
            }),
            Contender::new("jwt-simple: verify typed", || -> JWTClaims<Custom> {
                simple.verify_token(&peer_token, Some(options.clone())).unwrap()
            }),
        ],
    );
    let forgery = forged(token);
    let peer_forgery = forged(&peer_token);
    compare(
        "HS256 forged token",
        ROUNDS,
        vec![
            Contender::new("sessera", || sessions.verify(&forgery, &client).unwrap_err()),
            Contender::new("jsonwebtoken", || {
                jsonwebtoken::decode::<Claims>(&peer_forgery, &key, &rules).unwrap_err()
            }),
        ],
    );
    let encoding = EncodingKey::from_secret(&secret);
    let header = header_of(token);
    compare(
        "HS256 issue",
        ROUNDS,
        vec![
            Contender::new("sessera: with its client", || sessions.issue(login(), &client).unwrap()),
            Contender::new("sessera: no client", || sessions.issue(login(), &Client::new()).unwrap()),
            Contender::new("jsonwebtoken: encode", || {
                jsonwebtoken::encode(&header, &decoded, &encoding).unwrap()
            }),
        ],
    );
}

fn asymmetric(algorithm: Algorithm) {
    let sessions = sessions(algorithm);
    let client = client();
    let issued = sessions.issue(login(), &client).unwrap();
    let token = issued.token.as_str();
    let (message, _) = token.rsplit_once('.').unwrap();
    let random = ring::rand::SystemRandom::new();
    let decoded = claims_of(token);
    let forgetful = forgetful(&sessions);
    let mut contenders = Vec::new();
    contenders.push(Contender::new("sessera: first sight", || forgetful.verify(token, &client).unwrap()));
    contenders.push(Contender::new("sessera: seen before", || sessions.verify(token, &client).unwrap()));
    if algorithm == Algorithm::EdDsa {
        let pkcs8 = ring::signature::Ed25519KeyPair::generate_pkcs8(&random).unwrap();
        let pair = ring::signature::Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).unwrap();
        let signature = pair.sign(message.as_bytes());
        let public = ring::signature::UnparsedPublicKey::new(
            &ring::signature::ED25519,
            pair.public_key().as_ref().to_vec(),
        );
        contenders.push(Contender::new("ring: the signature alone", move || {
            public.verify(message.as_bytes(), signature.as_ref()).unwrap();
        }));
        let encoding = EncodingKey::from_ed_der(pkcs8.as_ref());
        let peer = jsonwebtoken::encode(&header_of(token), &decoded, &encoding).unwrap();
        let key = DecodingKey::from_ed_der(pair.public_key().as_ref());
        let rules = validation(jsonwebtoken::Algorithm::EdDSA);
        contenders.push(Contender::new("jsonwebtoken: decode typed", move || {
            jsonwebtoken::decode::<Claims>(&peer, &key, &rules).unwrap()
        }));
    } else {
        let signing = &ring::signature::ECDSA_P256_SHA256_FIXED_SIGNING;
        let pkcs8 = ring::signature::EcdsaKeyPair::generate_pkcs8(signing, &random).unwrap();
        let pair = ring::signature::EcdsaKeyPair::from_pkcs8(signing, pkcs8.as_ref(), &random).unwrap();
        let signature = pair.sign(&random, message.as_bytes()).unwrap();
        let public = ring::signature::UnparsedPublicKey::new(
            &ring::signature::ECDSA_P256_SHA256_FIXED,
            pair.public_key().as_ref().to_vec(),
        );
        contenders.push(Contender::new("ring: the signature alone", move || {
            public.verify(message.as_bytes(), signature.as_ref()).unwrap();
        }));
        let encoding = EncodingKey::from_ec_der(pkcs8.as_ref());
        let peer = jsonwebtoken::encode(&header_of(token), &decoded, &encoding).unwrap();
        let key = DecodingKey::from_ec_der(pair.public_key().as_ref());
        let rules = validation(jsonwebtoken::Algorithm::ES256);
        contenders.push(Contender::new("jsonwebtoken: decode typed", move || {
            jsonwebtoken::decode::<Claims>(&peer, &key, &rules).unwrap()
        }));
    }
    compare(&format!("{algorithm} verify"), ROUNDS / 3, contenders);
}

/// A fixed number of calls, for `valgrind --tool=callgrind`: counts, unlike times, can be compared between
/// machines and days.
fn repeat(verb: &str, calls: u32) {
    let sessions = sessions(Algorithm::Hs256);
    let (forgetful, client, nobody) = (forgetful(&sessions), client(), Client::new());
    let issued = sessions.issue(login(), &client).unwrap();
    for _ in 0..calls {
        match verb {
            "verify" => drop(black_box(sessions.verify(&issued.token, &client))),
            "verify-anew" => drop(black_box(forgetful.verify(&issued.token, &client))),
            "issue" => drop(black_box(sessions.issue(login(), &client))),
            "issue-unbound" => drop(black_box(sessions.issue(login(), &nobody))),
            _ => panic!("verify, verify-anew, issue or issue-unbound"),
        }
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, verb, calls] = &arguments[..] {
        return repeat(verb, calls.parse().unwrap());
    }
    hs256();
    asymmetric(Algorithm::EdDsa);
    asymmetric(Algorithm::Es256);
}
