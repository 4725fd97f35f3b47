use super::Result;
use super::rings::Ring;
use super::steps::{bare, case};
use crate::format::{Arguments, Case, Step, Verb};

fn load(text: &str) -> Step {
    bare(Verb::LoadKeys).with(Arguments { text: Some(text.to_owned()), ..Arguments::default() })
}

fn load_public(text: &str) -> Step {
    Step { verb: Verb::LoadPublicKeys, ..load(text) }
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
    Ok(vec![
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
    ])
}
