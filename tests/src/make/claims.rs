use super::rings::Ring;
use super::steps::{case, verify};
use super::token::{Claims, ID, Payload};
use super::{NOW_MS, Result};
use crate::format::Case;

pub(super) fn cases(ring: &Ring) -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    for (name, payloads, code) in [
        ("every_claim_must_be_there", missing(), "invalid_claim"),
        ("times_are_integers_from_0_to_2_53", wrong_times(), "invalid_claim"),
        ("claims_have_their_types", wrong_types(), "invalid_claim"),
        ("a_session_id_is_128_bits_and_jti_agrees_with_it", wrong_ids(), "invalid_claim"),
        ("an_issuer_is_exactly_ours", issuers(), "wrong_issuer"),
        ("an_audience_names_us", audiences(), "wrong_audience"),
        ("an_audience_is_text_or_a_list_of_texts", ill_formed_audiences(), "invalid_claim"),
        (
            "nine_audiences_are_too_many",
            vec![with("aud", r#"["web","1","2","3","4","5","6","7","8"]"#)],
            "too_large",
        ),
        ("a_name_stands_once_at_any_depth", duplicates(), "malformed"),
        ("a_payload_is_one_json_object", Vec::new(), "malformed"),
        ("limits_of_the_payload", too_large(), "too_large"),
    ] {
        let mut tokens: Vec<String> =
            payloads.iter().map(|payload| ring.sign(payload)).collect::<Result<_>>()?;
        if name == "a_payload_is_one_json_object" {
            tokens = not_objects()
                .iter()
                .map(|text| ring.sign_text(text, "session+jwt"))
                .collect::<Result<_>>()?;
        }
        cases.push(case(name, tokens.iter().map(|token| verify(NOW_MS, token).code(code))));
    }
    Ok(cases)
}

fn good() -> Payload {
    Claims::fresh().payload()
}

fn with(name: &str, raw: &str) -> Payload {
    good().with(name, raw)
}

fn missing() -> Vec<Payload> {
    let names = ["iss", "aud", "sub", "iat", "nbf", "exp", "jti", "sid", "auth_time", "gen", "sat", "sxp"];
    names.map(|name| good().without(name)).into()
}

fn wrong_times() -> Vec<Payload> {
    let names = ["iat", "nbf", "exp", "auth_time", "sat", "sxp", "gen"];
    let wrong = [
        "\"1700000000\"",
        "1700000000.0",
        "-1",
        "null",
        "true",
        "9007199254740992",
        "18446744073709551616",
        "1e300",
    ];
    names.into_iter().flat_map(|name| wrong.map(|raw| with(name, raw))).collect()
}

fn wrong_types() -> Vec<Payload> {
    let texts = ["iss", "sub", "jti", "sid", "fpr", "acr"].map(|name| with(name, "1"));
    let lists = ["null", "\"pwd\"", "[1]", "{}"].map(|raw| with("amr", raw));
    let proofs = ["null", "{}", r#"{"jkt":1}"#, r#"{"jkt":"short"}"#].map(|raw| with("cnf", raw));
    [with("sub", r#""""#), with("fpr", r#""AAAA""#)]
        .into_iter()
        .chain(texts)
        .chain(lists)
        .chain(proofs)
        .collect()
}

fn wrong_ids() -> Vec<Payload> {
    let padded = format!("{ID}==");
    let longer = format!("{ID}A");
    let ids = ["", &ID[1..], &padded, &longer, "AAECAwQFBgcICQoLDA0ODx", "AAECAwQFBgcICQoLDA0OD+"];
    let sids = ids.map(|id| with("sid", &format!("\"{id}\"")).with("jti", &format!("\"{id}.0\"")));
    let jtis = ["", ".0", ".1", ".00", ".0.0"].map(|end| with("jti", &format!("\"{ID}{end}\"")));
    let other = [with("gen", "1"), with("jti", "\"AQECAwQFBgcICQoLDA0ODw.0\"")];
    // The first of the endings that agrees is the good one.
    let wrong = jtis.into_iter().filter(|payload| payload.text() != good().text());
    sids.into_iter().chain(wrong).chain(other).collect()
}

fn issuers() -> Vec<Payload> {
    [
        "",
        "https://app.exampl",
        "https://app.example/",
        "https://app.example.evil.example",
        "HTTPS://APP.EXAMPLE",
        "http://app.example",
        "https://app.example ",
    ]
    .map(|issuer| with("iss", &format!("\"{issuer}\"")))
    .into()
}

fn audiences() -> Vec<Payload> {
    [r#""""#, r#""we""#, r#""webs""#, r#""Web""#, r#""web,api""#, r#"["api"]"#, r#"["api","Web"]"#]
        .map(|audience| with("aud", audience))
        .into()
}

fn ill_formed_audiences() -> Vec<Payload> {
    ["[]", "[1]", "{}", "null", "1", r#"["web",1]"#, r#"[["web"]]"#]
        .map(|audience| with("aud", audience))
        .into()
}

fn duplicates() -> Vec<Payload> {
    vec![
        good().and("\"sub\"", "\"root\""),
        good().and(r#""s\u0069d""#, &format!("\"{ID}\"")),
        good().and("\"exp\"", "9007199254740991").reversed(),
        with("app", r#"{"a":1,"a":1}"#),
        with("app", r#"[{"x":{"a":1,"\u0061":1}}]"#),
    ]
}

fn not_objects() -> Vec<String> {
    let good = good().text();
    vec![
        String::new(),
        "[]".to_owned(),
        "null".to_owned(),
        "1".to_owned(),
        "\"sub\"".to_owned(),
        format!("[{good}]"),
        format!("{good}{good}"),
        format!("\u{FEFF}{good}"),
        good.replace('}', ",}"),
        good.replace("user-42", r"\ud800"),
        good.replace("user-42", "\n"),
        good.replace("1700000000", "01700000000"),
    ]
}

fn too_large() -> Vec<Payload> {
    let many: Vec<_> = (0..65).map(|nth| format!("\"{nth}\":0")).collect();
    vec![
        with("app", &format!("{}{}", "[".repeat(8), "]".repeat(8))),
        with("app", &format!("{}0{}", r#"{"a":"#.repeat(8), "}".repeat(8))),
        with("app", &format!("\"{}\"", "x".repeat(1025))),
        with("app", &format!("{{{}}}", many.join(","))),
        with("app", &"1".repeat(33)),
        (0..53).fold(good(), |payload, nth| payload.with(&format!("m{nth}"), "0")),
    ]
}
