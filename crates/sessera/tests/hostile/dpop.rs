//! The checks of a DPoP proof, one by one as RFC 9449 §4.3 counts them, and what a proof means to a session.

use sessera::binding::{DpopKey, DpopSettings, DpopVerifier, ProofRequest};
use sessera::{
    Algorithm, BindingMode, BindingPolicy, Client, ManualClock, NewSession, Policy, Sessions,
    SessionsBuilder, Verdict,
};
use time::OffsetDateTime;

use crate::forge::{AUDIENCE, EDDSA, ES256, Forge, HS256, ISSUER, NOW, encode};

const URL: &str = "https://api.example/me";
const TOKEN: &str = "header.payload.signature";

fn at(seconds: u64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(i64::try_from(seconds).unwrap()).unwrap()
}

fn verifier() -> DpopVerifier {
    DpopVerifier::new(DpopSettings::default()).unwrap()
}

fn asked(proof: &str) -> ProofRequest<'_> {
    ProofRequest { proof, method: "GET", url: URL, access_token: Some(TOKEN), ..Default::default() }
}

/// The code that a fresh verifier ends with; `ok` for a proof that holds.
fn verdict(request: &ProofRequest<'_>) -> &'static str {
    verifier().verify(request, at(NOW)).map_or_else(|error| error.code(), |_| "ok")
}

#[track_caller]
fn refused(proof: &str, code: &str) {
    assert_eq!(verdict(&asked(proof)), code);
}

/// The public JWK of a forge, as raw members.
fn jwk(forge: Forge) -> String {
    let key = forge.public_key();
    match forge.algorithm() {
        Algorithm::EdDsa => format!(r#""kty":"OKP","crv":"Ed25519","x":"{}""#, encode(key)),
        _ => {
            format!(r#""kty":"EC","crv":"P-256","x":"{}","y":"{}""#, encode(&key[1..33]), encode(&key[33..]))
        }
    }
}

fn header(forge: Forge) -> String {
    let alg = forge.algorithm().name();
    format!(r#"{{"typ":"dpop+jwt","alg":"{alg}","jwk":{{{}}}}}"#, jwk(forge))
}

/// The claims of a good proof, as raw members.
fn claims() -> Vec<(&'static str, String)> {
    let hash = ring::digest::digest(&ring::digest::SHA256, TOKEN.as_bytes());
    vec![
        ("jti", "\"e1j3V_bKic8-LAEB\"".to_owned()),
        ("htm", "\"GET\"".to_owned()),
        ("htu", format!("{URL:?}")),
        ("iat", NOW.to_string()),
        ("ath", format!("{:?}", encode(hash))),
    ]
}

fn write(claims: &[(&str, String)]) -> String {
    let members: Vec<_> = claims.iter().map(|(name, raw)| format!("{name:?}:{raw}")).collect();
    format!("{{{}}}", members.join(","))
}

/// A good proof but for one claim, whose raw value is given.
fn with_claim(name: &str, raw: &str) -> String {
    let mut claims = claims();
    let claim = claims.iter_mut().find(|(other, _)| *other == name).unwrap();
    claim.1 = raw.into();
    EDDSA.token(header(EDDSA), write(&claims))
}

fn with_header(header: &str) -> String {
    EDDSA.token(header, write(&claims()))
}

#[test]
fn the_proofs_of_this_file_are_good_before_they_are_spoiled() {
    for forge in [EDDSA, ES256] {
        refused(&forge.token(header(forge), write(&claims())), "ok");
    }
}

/// §4.3, 1: whoever joins several headers as HTTP allows gets no proof out of them.
#[test]
fn two_headers_joined_are_no_proof() {
    let proof = with_header(&header(EDDSA));
    for joined in [format!("{proof},{proof}"), format!("{proof}, {proof}"), format!("{proof} {proof}")] {
        refused(&joined, "malformed");
    }
}

/// §4.3, 2.
#[test]
fn a_value_that_is_not_one_well_formed_jwt_is_refused() {
    let proof = with_header(&header(EDDSA));
    for text in [String::new(), "..".into(), format!("{proof}."), format!("DPoP {proof}"), proof[1..].into()]
    {
        refused(&text, "malformed");
    }
    for payload in ["[]", "null", "\"jti\"", "{", "{}{}"] {
        refused(&EDDSA.token(header(EDDSA), payload), "malformed");
    }
}

/// §4.3, 3.
#[test]
fn every_required_claim_must_be_there() {
    for (missing, _) in claims() {
        let rest: Vec<_> = claims().into_iter().filter(|(name, _)| *name != missing).collect();
        refused(&EDDSA.token(header(EDDSA), write(&rest)), "invalid_claim");
    }
}

/// §4.3, 4.
#[test]
fn typ_must_be_that_of_a_proof() {
    for typ in ["session+jwt", "JWT", "at+jwt", "DPoP+JWT", ""] {
        refused(&with_header(&header(EDDSA).replace("dpop+jwt", typ)), "wrong_type");
    }
    refused(&with_header(&header(EDDSA).replace(r#""typ":"dpop+jwt","#, "")), "wrong_type");
}

/// §4.3, 5.
#[test]
fn alg_must_be_one_of_the_two_asymmetric_ones() {
    for alg in ["none", "NONE", "HS256", "RS256", "PS256", "ES512", "eddsa", ""] {
        refused(&with_header(&header(EDDSA).replace("EdDSA", alg)), "unsupported_algorithm");
    }
    // The public key as a MAC's secret.
    let header = header(EDDSA).replace("EdDSA", "HS256");
    let message = format!("{}.{}", encode(header), encode(write(&claims())));
    let mac = crate::forge::hmac_sha256(&EDDSA.public_key(), message.as_bytes());
    refused(&format!("{message}.{}", encode(mac)), "unsupported_algorithm");
}

/// §4.3, 6.
#[test]
fn the_signature_must_be_of_the_key_in_the_header() {
    let payload = write(&claims());
    let other = DpopKey::generate(Algorithm::EdDsa).unwrap();
    let theirs = other.proof("GET", URL, Some(TOKEN), None, at(NOW)).unwrap();
    let their_header = theirs.split('.').next().unwrap();
    refused(&EDDSA.signed(&format!("{their_header}.{}", encode(&payload))), "bad_signature");
    let unsigned = format!("{}.{}", encode(header(EDDSA)), encode(&payload));
    refused(&format!("{unsigned}."), "bad_signature");
    refused(&format!("{unsigned}.{}", encode([0; 64])), "bad_signature");
}

/// §4.3, 7.
#[test]
fn a_private_key_in_the_header_is_refused() {
    // A name is no part of a key, and shows that the member alone makes the difference.
    for (forge, member, code) in [
        (EDDSA, "d", "malformed"),
        (ES256, "d", "malformed"),
        (EDDSA, "k", "malformed"),
        (ES256, "p", "malformed"),
        (EDDSA, "kid", "ok"),
        (ES256, "kid", "ok"),
    ] {
        let header = header(forge).replace("}}", &format!(r#","{member}":"{}"}}}}"#, encode([7; 32])));
        refused(&forge.token(header, write(&claims())), code);
    }
    refused(&with_header(r#"{"typ":"dpop+jwt","alg":"EdDSA","jwk":{"kty":"oct","k":"AAAA"}}"#), "malformed");
}

/// §4.3, 8.
#[test]
fn htm_must_be_the_method() {
    for method in [r#""POST""#, r#""get""#, r#""GET ""#, r#""""#, "[\"GET\"]", "null"] {
        refused(&with_claim("htm", method), "invalid_claim");
    }
}

/// §4.3, 9: without query and fragment.
#[test]
fn htu_must_be_the_url() {
    for url in [
        "http://api.example/me",
        "https://api.example/me/",
        "https://api.example/Me",
        "https://api.example:8443/me",
        "https://evil.example/me",
        "https://api.example@evil.example/me",
        "https://evil.example/?https://api.example/me",
        "//api.example/me",
        "/me",
        "",
    ] {
        refused(&with_claim("htu", &format!("{url:?}")), "invalid_claim");
    }
    for url in ["https://api.example/me?a=b", "https://api.example/me#c", "HTTPS://API.example:443/me"] {
        refused(&with_claim("htu", &format!("{url:?}")), "ok");
    }
    let proof = with_header(&header(EDDSA));
    assert_eq!(verdict(&ProofRequest { url: "https://api.example/me?x=y#z", ..asked(&proof) }), "ok");
}

/// §4.3, 10.
#[test]
fn a_nonce_that_was_given_out_must_be_there() {
    let without = with_header(&header(EDDSA));
    let mut claims = claims();
    claims.push(("nonce", "\"n-0S6\"".to_owned()));
    let with = EDDSA.token(header(EDDSA), write(&claims));
    let verdict = |proof, nonce| verdict(&ProofRequest { nonce: Some(nonce), ..asked(proof) });
    assert_eq!(verdict(&with, "n-0S6"), "ok");
    assert_eq!(verdict(&with, "n-0S7"), "invalid_claim");
    assert_eq!(verdict(&without, "n-0S6"), "invalid_claim");
    assert_eq!(verdict(&without, ""), "invalid_claim", "an empty nonce is one too");
}

/// §4.3, 11.
#[test]
fn iat_must_be_of_the_last_minute() {
    for (iat, code) in [
        (NOW - 61, "expired"),
        (NOW - 60, "ok"),
        (NOW + 5, "ok"),
        (NOW + 6, "not_yet_valid"),
        (0, "expired"),
        ((1 << 53) - 1, "not_yet_valid"),
        (1 << 53, "invalid_claim"),
    ] {
        refused(&with_claim("iat", &iat.to_string()), code);
    }
    for fraction in ["0", "999"] {
        refused(&with_claim("iat", &format!("{NOW}.{fraction}")), "ok");
    }
    refused(&with_claim("iat", "1.5"), "expired");
    for iat in ["-1", "\"1700000000\"", "\"1700000000.5\"", "null", "true", "[1]"] {
        refused(&with_claim("iat", iat), "invalid_claim");
    }
}

/// §4.3, 12 a.
#[test]
fn ath_must_name_the_token_beside_the_proof() {
    let proof = with_header(&header(EDDSA));
    for token in ["", "header.payload.signaturf", "other"] {
        let request = ProofRequest { access_token: Some(token), ..asked(&proof) };
        assert_eq!(verdict(&request), "invalid_claim");
    }
    refused(&with_claim("ath", &format!("{TOKEN:?}")), "invalid_claim");
}

/// §4.3, 12 b.
#[test]
fn the_key_must_be_the_one_that_the_token_is_bound_to() {
    let proof = with_header(&header(EDDSA));
    let bound_to = |thumbprint| verdict(&ProofRequest { thumbprint: Some(thumbprint), ..asked(&proof) });
    // The thumbprint of RFC 8037 §A.3.
    assert_eq!(bound_to("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"), "ok");
    assert_eq!(bound_to("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4"), "binding_mismatch");
    assert_eq!(bound_to(""), "binding_mismatch");
}

/// §11.1.
#[test]
fn a_proof_is_good_once_and_its_jti_once_for_its_key() {
    let verifier = verifier();
    let verify =
        |proof: &str| verifier.verify(&asked(proof), at(NOW)).map_or_else(|error| error.code(), |_| "ok");
    let proof = with_header(&header(EDDSA));
    assert_eq!(verify(&proof), "ok");
    assert_eq!(verify(&proof), "reused");
    // Another proof with the jti of the first.
    assert_eq!(verify(&with_claim("iat", &(NOW - 1).to_string())), "reused");
    // Another client that chose the same jti.
    assert_eq!(verify(&ES256.token(header(ES256), write(&claims()))), "ok");
}

#[test]
fn a_session_token_is_no_proof() {
    for forge in [EDDSA, ES256, HS256] {
        assert_ne!(verdict(&asked(&forge.good())), "ok");
    }
}

fn sessions() -> SessionsBuilder {
    Sessions::builder(ISSUER, AUDIENCE).keyring(HS256.keyring()).clock(ManualClock::at_unix(NOW))
}

#[test]
fn a_session_of_a_proof_key_is_refused_without_its_proof() {
    let sessions = sessions().build().unwrap();
    let [mine, theirs] = [Algorithm::EdDsa, Algorithm::Es256].map(|alg| DpopKey::generate(alg).unwrap());
    let login = mine.proof("POST", "https://api.example/login", None, None, at(NOW)).unwrap();
    let request = ProofRequest {
        proof: &login,
        method: "POST",
        url: "https://api.example/login",
        ..Default::default()
    };
    let proved = verifier().verify(&request, at(NOW)).unwrap();
    let issued = sessions.issue(NewSession::new("user-42"), &Client::new().key(proved.thumbprint)).unwrap();

    let shown_with = |key: &DpopKey| {
        let proof = key.proof("GET", URL, Some(&issued.token), None, at(NOW)).unwrap();
        let request = ProofRequest { access_token: Some(&issued.token), ..asked(&proof) };
        let held = verifier().verify(&request, at(NOW)).unwrap();
        sessions.verify(&issued.token, &Client::new().key(held.thumbprint))
    };
    assert_eq!(shown_with(&mine).unwrap().binding.key, Verdict::Matched);
    assert_eq!(shown_with(&theirs).unwrap_err().code(), "binding_mismatch");
    let stolen = sessions.verify(&issued.token, &Client::new());
    assert_eq!(stolen.unwrap_err().code(), "binding_mismatch");
}

#[test]
fn a_proof_for_another_token_of_the_same_key_is_refused() {
    let sessions = sessions().build().unwrap();
    let key = DpopKey::generate(Algorithm::EdDsa).unwrap();
    let client = Client::new().key(key.thumbprint());
    let [one, other] = ["user-42", "user-43"]
        .map(|subject| sessions.issue(NewSession::new(subject), &client).unwrap().token);
    let proof = key.proof("GET", URL, Some(&one), None, at(NOW)).unwrap();
    assert_eq!(verdict(&ProofRequest { access_token: Some(&other), ..asked(&proof) }), "invalid_claim");
    assert_eq!(verdict(&ProofRequest { access_token: Some(&one), ..asked(&proof) }), "ok");
}

#[test]
fn a_session_that_no_key_was_shown_for_is_not_bound_by_one_shown_later() {
    let sessions = sessions().build().unwrap();
    let issued = sessions.issue(NewSession::new("user-42"), &Client::new()).unwrap();
    let shown = sessions.verify(&issued.token, &Client::new().key("any")).unwrap();
    assert_eq!(shown.binding.key, Verdict::Unbound);
}

#[test]
fn where_the_key_is_off_no_thumbprint_is_written() {
    let off = BindingPolicy { key: BindingMode::Off, ..BindingPolicy::default() };
    let sessions = sessions().policy(Policy { binding: off, ..Policy::default() }).build().unwrap();
    let issued = sessions.issue(NewSession::new("user-42"), &Client::new().key("thumbprint")).unwrap();
    let payload = crate::forge::decode(issued.token.split('.').nth(1).unwrap());
    assert!(!String::from_utf8(payload).unwrap().contains("cnf"));
}
