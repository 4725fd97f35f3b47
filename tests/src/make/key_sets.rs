use time::OffsetDateTime;

use super::Result;
use super::rings::Ring;
use super::steps::{bare, case};
use crate::format::{Arguments, Case, Expect, Step, Verb};

fn load(text: &str) -> Step {
    bare(Verb::LoadKeys).with(Arguments { text: Some(text.to_owned()), ..Arguments::default() })
}

fn load_public(text: &str) -> Step {
    Step { verb: Verb::LoadPublicKeys, ..load(text) }
}

/// The name of a key in PEM, which is its thumbprint.
fn load_pem(text: &str, kid: &str) -> Step {
    Step { verb: Verb::LoadPem, ..load(text) }.text(kid)
}

fn refused_pem(text: &str) -> Step {
    Step { verb: Verb::LoadPem, ..load(text) }.code("invalid_key")
}

/// Keys that a public set may hold beside those that are used here. Each is named by what it is.
const FOREIGN: [(&str, &str); 9] = [
    ("encryption", r#""kty":"RSA","alg":"RSA-OAEP","use":"enc","n":"AQAB","e":"AQAB""#),
    ("ps256", r#""kty":"RSA","alg":"PS256","n":"AQAB","e":"AQAB""#),
    ("rs256", r#""kty":"RSA","alg":"RS256","n":"AQAB","e":"AQAB""#),
    ("es384", r#""kty":"EC","alg":"ES384","crv":"P-384","x":"AAAA","y":"AAAA""#),
    ("x25519", r#""kty":"OKP","alg":"ECDH-ES","crv":"X25519","x":"AAAA""#),
    ("ed448", r#""kty":"OKP","alg":"EdDSA","crv":"Ed448","x":"AAAA""#),
    ("ml-dsa", r#""kty":"AKP","alg":"ML-DSA-44","pub":"AAAA""#),
    ("no-alg", r#""kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo""#),
    (
        "key/1",
        r#""kty":"OKP","crv":"Ed25519","alg":"EdDSA","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo""#,
    ),
];

/// These keys, as the members of a set.
fn foreign() -> Vec<String> {
    FOREIGN.iter().map(|(kid, members)| format!(r#"{{"kid":"{kid}",{members}}}"#)).collect()
}

fn set(keys: &[String]) -> String {
    format!(r#"{{"keys":[{}]}}"#, keys.join(","))
}

/// Base64url of this many zero bytes, three by three.
fn zeros(triples: usize) -> String {
    "AAAA".repeat(triples)
}

pub(super) fn cases() -> Result<Vec<Case>> {
    let (hs256, eddsa, es256) = (Ring::hs256()?, Ring::eddsa()?, Ring::es256()?);
    let (mac, okp, ec) = (hs256.jwks(), eddsa.jwks(), es256.jwks());
    let key =
        |text: &str| text[text.find('[').map_or(0, |at| at + 1)..text.find(']').unwrap_or(0)].to_owned();
    let oct = |k: &str| format!(r#"{{"kty":"oct","alg":"HS256","kid":"m","k":"{k}"}}"#);
    let ed25519 = |x: &str| format!(r#"{{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","x":"{x}"}}"#);
    let p256 = |x: &str| format!(r#"{{"kty":"EC","crv":"P-256","alg":"ES256","x":"{x}","y":"{x}"}}"#);
    let refused = |text: &str| load(text).code("invalid_key");
    let both = |a: &str, b: &str| format!(r#"{{"keys":[{},{}]}}"#, key(a), key(b));
    let mut cases = foreign_cases(&key(&eddsa.keyring().jwks()), &key(okp), &key(mac));
    cases.extend(pem_cases(&eddsa, &es256)?);
    cases.extend([
        case(
            "private_keys_are_loaded",
            [load(mac), load(okp), load(ec), load(&key(mac)), load(&both(okp, ec))],
        ),
        case(
            "public_keys_are_loaded_for_verifying",
            [
                load_public(&eddsa.keyring().jwks()),
                load_public(&es256.keyring().jwks()),
                load(&eddsa.keyring().jwks()),
            ],
        ),
        case(
            "a_secret_where_a_public_key_is_due_is_refused",
            [mac, okp, ec].map(|text| load_public(text).code("invalid_key")),
        ),
        case(
            "a_short_mac_key_is_refused",
            [
                refused(&oct("")),
                refused(&oct("AA")),
                refused(&oct(&format!("{}AA", zeros(10)))),
                load(&oct(&format!("{}AAA", zeros(10)))),
            ],
        ),
        case(
            "a_key_without_its_algorithm_is_refused",
            [
                refused(&mac.replace(r#""alg":"HS256","#, "")),
                refused(&mac.replace("HS256", "HS512")),
                refused(&mac.replace("HS256", "none")),
                refused(&okp.replace("EdDSA", "ES256")),
                refused(&ec.replace("ES256", "EdDSA")),
            ],
        ),
        case("a_repeated_name_is_refused", [refused(&both(okp, okp))]),
        case("a_mac_key_beside_a_public_key_is_refused", [refused(&both(mac, okp)), refused(&both(ec, mac))]),
        case(
            "an_ill_formed_name_is_refused",
            ["", "a b", "../x", "a\\u0000", "é"]
                .map(|kid| refused(&mac.replace(r#""kid":"vectors""#, &format!(r#""kid":"{kid}""#)))),
        ),
        case(
            "a_small_order_point_is_refused",
            [
                refused(&ed25519("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")),
                refused(&ed25519("AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")),
                refused(&ed25519("7P_______________________________________38")),
                refused(&ed25519("JuiVj8KyJ7BFw_SJ8u-Y8NXfrAXTxjM5sTgCiG1T_AU")),
            ],
        ),
        case(
            "a_point_in_a_second_spelling_is_refused",
            [refused(&ed25519("7v_______________________________________38"))],
        ),
        case(
            "a_point_off_the_curve_is_refused",
            [
                refused(&p256("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")),
                refused(&p256("BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc")),
            ],
        ),
        case(
            "a_private_part_of_another_key_is_refused",
            [refused(&okp.replace("nWGxne", "nWGxnf")), refused(&ec.replace("ya-p2E", "ya-p2F"))],
        ),
        case(
            "an_rsa_key_is_refused_unless_it_is_asked_for",
            [refused(r#"{"kty":"RSA","alg":"RS256","kid":"r","n":"AQAB","e":"AQAB"}"#)],
        ),
        case(
            "a_key_set_is_strict_json",
            [
                refused(""),
                refused("{}"),
                refused("[]"),
                refused(r#"{"keys":[]}"#),
                refused(&mac.replacen('{', "{\"root\":\"\",", 1)),
                refused(&mac.replace(']', ",]")),
                refused(&format!("\u{FEFF}{mac}")),
            ],
        ),
    ]);
    Ok(cases)
}

/// Sets of other parties. `public` and `private` are one key of ours.
fn foreign_cases(public: &str, private: &str, mac: &str) -> Vec<Case> {
    let skipping = |step: Step| {
        let skipped = FOREIGN.iter().map(|(kid, _)| (*kid).to_owned()).collect();
        Step { expect: Expect { skipped, ..Expect::default() }, ..step }
    };
    let beside = |ours: &str| [vec![ours.trim().to_owned()], foreign()].concat();
    let refused = |step: Step| step.code("invalid_key");
    let secret_of_theirs = r#"{"kty":"RSA","alg":"RSA-OAEP","use":"enc","n":"AQAB","e":"AQAB","d":"AQAB"}"#;
    let small_order =
        r#"{"kty":"OKP","crv":"Ed25519","alg":"Ed25519","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}"#;
    vec![
        case(
            "keys_for_other_uses_are_skipped_in_a_public_set",
            [skipping(load_public(&set(&beside(public)))), skipping(load(&set(&beside(public))))],
        ),
        case(
            "a_public_set_without_a_usable_key_is_refused",
            [refused(load_public(&set(&foreign()))), refused(load(&set(&foreign())))],
        ),
        case(
            "no_key_is_skipped_in_a_set_with_secrets",
            foreign().into_iter().map(|key| refused(load(&set(&[private.to_owned(), key])))),
        ),
        case(
            "a_weak_key_is_refused_in_a_public_set_too",
            [refused(load_public(&set(&[public.trim().to_owned(), small_order.to_owned()])))],
        ),
        case(
            "a_secret_of_another_key_type_is_refused_in_a_public_set",
            [
                refused(load_public(&set(&[public.trim().to_owned(), secret_of_theirs.to_owned()]))),
                refused(load_public(&set(&[public.trim().to_owned(), mac.replace("HS256", "HS512")]))),
            ],
        ),
        case(
            "an_ed25519_key_is_read_by_either_name_of_its_algorithm",
            [
                load_public(&public.replace("EdDSA", "Ed25519")),
                load(&private.replace("EdDSA", "Ed25519")),
                refused(load(&private.replace("EdDSA", "ed25519"))),
            ],
        ),
    ]
}

fn pem_cases(eddsa: &Ring, es256: &Ring) -> Result<Vec<Case>> {
    let mut read = Vec::new();
    let mut refused = Vec::new();
    for ring in [eddsa, es256] {
        let keyring = ring.keyring();
        let kid = keyring.keys(OffsetDateTime::UNIX_EPOCH).pop().map(|key| key.kid).unwrap_or_default();
        let (private, public) = (keyring.private_pem(&kid)?.to_string(), keyring.public_pem(&kid)?);
        for pem in [&private, &public] {
            let (first, rest) = pem.split_once('\n').unwrap_or_default();
            let (body, last) = rest.trim_end().rsplit_once('\n').unwrap_or_default();
            let one_line = body.replace('\n', "");
            read.extend([
                load_pem(pem, &kid),
                load_pem(&format!("\u{FEFF}\n{} \n\n", pem.replace('\n', "\r\n")), &kid),
                load_pem(&format!("{first}\n\n{one_line}\n{last}"), &kid),
                load_pem(&format!("\"{}\"", pem.replace('\n', "\\n")), &kid),
            ]);
            refused.extend([
                refused_pem(&pem.repeat(2)),
                refused_pem(first),
                refused_pem(&one_line),
                refused_pem(&pem.replace(" KEY", " CERTIFICATE")),
                refused_pem(&pem.replacen("\nM", "\nm", 1)),
            ]);
        }
    }
    refused.extend([
        refused_pem(""),
        refused_pem(eddsa.jwks()),
        refused_pem("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIupC7T7qKDYZ2/nhajYTtTvoTsvVkkhWyQpp7kSdGn4"),
    ]);
    Ok(vec![
        case("pem_is_read_as_it_comes", read),
        case("text_that_is_not_one_key_in_pem_is_refused", refused),
    ])
}
