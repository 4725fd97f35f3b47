//! The claims of a session: all of them there, each of its type, each ours.

use sessera::Client;

use crate::forge::{HS256, refused};
use crate::payload::{Payload, SID, refused_in_both_orders};

const REQUIRED: [&str; 12] =
    ["iss", "aud", "sub", "iat", "nbf", "exp", "jti", "sid", "auth_time", "gen", "sat", "sxp"];

#[track_caller]
fn accepted(payload: &Payload) {
    for text in payload.orders() {
        refused(HS256, &HS256.carrying(text), "ok");
    }
}

#[test]
fn every_claim_of_the_session_must_be_there() {
    for claim in REQUIRED {
        refused_in_both_orders(&Payload::good().without(claim), "invalid_claim");
    }
    refused(HS256, &HS256.carrying("{}"), "invalid_claim");
}

#[test]
fn a_claim_of_another_type_is_refused() {
    for claim in ["iss", "sub", "jti", "sid", "fpr", "acr"] {
        for raw in ["null", "true", "0", "1.5", "[]", "[\"x\"]", "{}"] {
            refused_in_both_orders(&Payload::good().with(claim, raw), "invalid_claim");
        }
    }
}

#[test]
fn an_issuer_that_is_not_exactly_ours_is_refused() {
    for issuer in [
        "",
        "https://app.exampl",
        "https://app.example/",
        "https://app.example.evil.example",
        "https://evil.example/https://app.example",
        "HTTPS://APP.EXAMPLE",
        "https://App.example",
        "http://app.example",
        "https://app.example:443",
        " https://app.example",
        "https://app.example ",
        r"https://app.example\u0000",
        "https://app.examplе",
        "app.example",
    ] {
        refused_in_both_orders(&Payload::good().with("iss", format!("\"{issuer}\"")), "wrong_issuer");
    }
    let list = r#"["https://app.example"]"#;
    refused_in_both_orders(&Payload::good().with("iss", list), "invalid_claim");
}

#[test]
fn the_same_issuer_in_escapes_is_the_same() {
    accepted(&Payload::good().with("iss", r#""https:\/\/app\u002eexample""#));
}

#[test]
fn an_audience_that_does_not_name_us_is_refused() {
    for raw in [
        r#""""#,
        r#""we""#,
        r#""webs""#,
        r#""Web""#,
        r#""web ""#,
        r#""*""#,
        r#""web,api""#,
        r#""api web""#,
        r#"["api"]"#,
        r#"["api","Web"]"#,
        r#"["a","b","c","d","e","f","g","h"]"#,
        r#"[""]"#,
    ] {
        refused_in_both_orders(&Payload::good().with("aud", raw), "wrong_audience");
    }
}

#[test]
fn an_audience_that_is_neither_text_nor_a_list_of_texts_is_refused() {
    for raw in [
        "[]",
        "[1]",
        "{}",
        r#"{"aud":"web"}"#,
        "null",
        "1",
        "true",
        r#"["web",1]"#,
        r#"["web",null]"#,
        r#"[["web"]]"#,
        r#"[{"aud":"web"}]"#,
    ] {
        refused_in_both_orders(&Payload::good().with("aud", raw), "invalid_claim");
    }
}

#[test]
fn nine_audiences_are_too_many() {
    let list = |others: usize| format!(r#"[{}"web"]"#, r#""x","#.repeat(others));
    accepted(&Payload::good().with("aud", list(0)));
    accepted(&Payload::good().with("aud", list(7)));
    refused_in_both_orders(&Payload::good().with("aud", list(8)), "too_large");
    refused_in_both_orders(&Payload::good().with("aud", list(300)), "too_large");
}

#[test]
fn an_empty_subject_is_refused() {
    refused_in_both_orders(&Payload::good().with("sub", "\"\""), "invalid_claim");
}

#[test]
fn a_subject_is_compared_as_bytes_and_never_normalised() {
    let subject = |raw: &str| {
        let token = HS256.carrying(Payload::good().with("sub", format!("\"{raw}\"")).text());
        HS256.sessions().verify(&token, &sessera::Client::new()).unwrap().subject
    };
    assert_eq!(subject("é"), "\u{e9}");
    assert_eq!(subject(r"e\u0301"), "e\u{301}");
    assert_ne!(subject("é"), subject(r"e\u0301"));
    assert_eq!(subject(r"\u212a"), "\u{212A}", "the Kelvin sign is no K");
    assert_eq!(subject(r" user\u0000 "), " user\0 ");
    assert_eq!(subject(r"\ud83d\ude00"), "\u{1F600}");
}

#[test]
fn a_session_id_that_is_not_128_bits_is_refused() {
    for id in [
        "",
        "A",
        &SID[1..],
        &format!("{SID}A"),
        &format!("{SID}=="),
        "AAECAwQFBgcICQoLDA0ODx",
        "AAECAwQFBgcICQoLDA0OD+",
        "AAECAwQFBgcICQoLDA0OD/",
        " AECAwQFBgcICQoLDA0ODw",
        "..////////////////////",
    ] {
        let renamed = Payload::good().with("sid", format!("\"{id}\"")).with("jti", format!("\"{id}.0\""));
        refused_in_both_orders(&renamed, "invalid_claim");
    }
}

#[test]
fn a_token_id_that_is_not_session_and_generation_is_refused() {
    let other = "AQECAwQFBgcICQoLDA0ODw";
    for id in [
        "",
        SID,
        &format!("{SID}."),
        &format!("{SID}.1"),
        &format!("{SID}.00"),
        &format!("{SID}.+0"),
        &format!("{SID}.0 "),
        &format!("{SID}.0.0"),
        &format!("{SID}0"),
        &format!("{other}.0"),
        &format!("{}.0", SID.to_lowercase()),
        ".0",
    ] {
        refused_in_both_orders(&Payload::good().with("jti", format!("\"{id}\"")), "invalid_claim");
    }
    refused_in_both_orders(&Payload::good().with("gen", "1"), "invalid_claim");
    accepted(&Payload::good().with("gen", "7").with("jti", format!("\"{SID}.7\"")));
}

#[test]
fn a_fingerprint_of_another_shape_is_refused() {
    let tag = "AAAAAAAAAAAAAAAA";
    for fingerprint in [
        String::new(),
        tag.into(),
        format!("{tag}."),
        format!("{tag}.d"),
        format!("{tag}.d{}", &tag[1..]),
        format!("{tag}.x{tag}"),
        format!("{tag}.k{tag}"),
        format!("{tag}.d{tag}.d{tag}"),
        format!("{tag}.i{tag}.d{tag}"),
        format!("{tag}-d{tag}"),
        format!("{tag}.d{tag}.u{tag}.i{tag}.i{tag}"),
        format!("{tag}.d+++++++++++++++"),
        "é".repeat(17),
        "x".repeat(1000),
    ] {
        refused_in_both_orders(&Payload::good().with("fpr", format!("\"{fingerprint}\"")), "invalid_claim");
    }
}

#[test]
fn a_confirmation_that_is_not_one_thumbprint_is_refused() {
    let thumbprint = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";
    for raw in [
        "null".to_owned(),
        "{}".into(),
        "[]".into(),
        format!("\"{thumbprint}\""),
        r#"{"jkt":1}"#.into(),
        r#"{"jkt":""}"#.into(),
        format!(r#"{{"jkt":"{}"}}"#, &thumbprint[1..]),
        format!(r#"{{"jkt":"{thumbprint}A"}}"#),
        format!(r#"{{"jkt":"{thumbprint}","x5t#S256":"{thumbprint}"}}"#),
        format!(r#"{{"jwk":{{"kty":"OKP"}},"jkt":"{thumbprint}"}}"#),
    ] {
        refused_in_both_orders(&Payload::good().with("cnf", raw), "invalid_claim");
    }
    let twice = format!(r#"{{"jkt":"{thumbprint}","jk\u0074":"{thumbprint}"}}"#);
    refused_in_both_orders(&Payload::good().with("cnf", twice), "malformed");
}

#[test]
fn authentication_methods_are_a_list_of_texts() {
    for raw in ["\"pwd\"", "[1]", "{}", "null", r#"["pwd",null]"#, r#"[["pwd"]]"#] {
        refused_in_both_orders(&Payload::good().with("amr", raw), "invalid_claim");
    }
    accepted(&Payload::good().with("amr", "[]"));
}

#[test]
fn a_fingerprint_may_stand_anywhere_but_once() {
    let tag = "AAAAAAAAAAAAAAAA";
    let fingerprint = format!("\"{tag}.u{tag}\"");
    let behind = Payload::good().with("acr", "\"aal1\"").with("fpr", &fingerprint);
    accepted(&behind);
    refused_in_both_orders(&behind.and("\"fpr\"", &fingerprint), "malformed");
    let before = Payload::good().with("fpr", &fingerprint).with("acr", "\"aal1\"");
    accepted(&before);
    refused_in_both_orders(&before.and(r#""f\u0070r""#, &fingerprint), "malformed");
}

#[test]
fn the_application_has_its_claims_wherever_they_stand_and_however_they_are_spaced() {
    let claims = |payload: String| {
        let session = HS256.sessions().verify(&HS256.carrying(payload), &Client::new()).unwrap();
        (session.claims.to_json(), session.claims.is_empty())
    };
    let with = Payload::good().with("acr", "\"aal2\"").with("cart", "[1,2]");
    for text in with.orders() {
        for text in [
            text.clone(),
            format!(" {text}\n"),
            text.replace(":[1", "\t: [1").replace(",\"cart", "\r\n, \"cart"),
        ] {
            assert_eq!(claims(text), (r#"{"cart":[1,2]}"#.to_owned(), false));
        }
    }
    for without in [Payload::good(), Payload::good().with("acr", "\"aal2\"")] {
        for text in without.orders() {
            for text in [text.clone(), format!(" {text}"), format!("{text} "), text.replace('}', "\n}")] {
                assert_eq!(claims(text), ("{}".to_owned(), true));
            }
        }
    }
}
