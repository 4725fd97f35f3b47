//! The header: exactly `alg`, `kid` and `typ` (RFC 7515 §4).

use crate::forge::{ALL, HS256, encode, refused};
use crate::payload::Payload;

/// Our header with one more member, before and behind the others.
fn with_member(member: &str) -> [String; 2] {
    let ours = HS256.header();
    [ours.replacen('{', &format!("{{{member},"), 1), ours.replace('}', &format!(",{member}}}"))]
}

#[track_caller]
fn refused_header(header: impl AsRef<[u8]>, code: &str) {
    refused(HS256, &HS256.token(header, Payload::good().text()), code);
}

#[test]
fn a_key_that_the_token_brings_itself_is_refused() {
    for forge in ALL {
        let jwk = forge.jwk();
        for member in [
            format!(r#""jwk":{jwk}"#),
            r#""jku":"https://app.example/keys""#.into(),
            r#""jku":"file:///etc/passwd""#.into(),
            r#""x5u":"https://app.example/cert""#.into(),
            r#""x5c":["MIIB"]"#.into(),
            r#""x5t":"AAAA""#.into(),
            r#""x5t#S256":"AAAA""#.into(),
        ] {
            let header = forge.header().replace('}', &format!(",{member}}}"));
            refused(forge, &forge.token(header, Payload::good().text()), "malformed");
        }
    }
}

#[test]
fn crit_is_refused_whatever_it_says() {
    for crit in ["[]", r#"["exp"]"#, r#"["b64"]"#, r#"["sessera"]"#, r#"[""]"#, r#""exp""#, "null", "1", "{}"]
    {
        for header in with_member(&format!(r#""crit":{crit}"#)) {
            refused_header(header, "malformed");
        }
    }
}

#[test]
fn an_unencoded_payload_is_refused() {
    for member in [r#""b64":false"#, r#""b64":true"#, r#""b64":false,"crit":["b64"]"#] {
        for header in with_member(member) {
            refused_header(&header, "malformed");
            let message = format!("{}.{}", encode(header), Payload::good().text());
            refused(HS256, &HS256.signed(&message), "malformed");
        }
    }
}

#[test]
fn any_other_member_is_refused() {
    for member in [
        r#""zip":"DEF""#,
        r#""cty":"JWT""#,
        r#""enc":"A256GCM""#,
        r#""epk":{}"#,
        r#""p2c":2147483647"#,
        r#""nonce":"x""#,
        r#""iss":"https://app.example""#,
        r#""":"""#,
        r#""Alg":"none""#,
        r#""alg\u0000":"none""#,
        r#""x":null"#,
    ] {
        for header in with_member(member) {
            refused_header(header, "malformed");
        }
    }
}

#[test]
fn a_member_that_stands_twice_is_refused_however_it_is_spelled() {
    for member in [
        r#""alg":"HS256""#,
        r#""alg":"none""#,
        r#""\u0061lg":"HS256""#,
        r#""kid":"mac""#,
        r#""k\u0069d":"other""#,
        r#""typ":"session+jwt""#,
        r#""ty\u0070":"JWT""#,
    ] {
        for header in with_member(member) {
            refused_header(header, "malformed");
        }
    }
}

#[test]
fn a_header_that_is_no_object_is_refused() {
    let ours = HS256.header();
    for header in [
        String::new(),
        "{".into(),
        "}".into(),
        "[]".into(),
        format!("[{ours}]"),
        r#""alg""#.into(),
        "null".into(),
        "1".into(),
        "true".into(),
        "alg=HS256".into(),
        ours.replace('"', "'"),
        ours.replace('}', ",}"),
        format!("{ours}{ours}"),
        format!("{ours}\0"),
        format!("\u{FEFF}{ours}"),
        format!("/**/{ours}"),
        ours[..ours.len() - 1].into(),
    ] {
        refused_header(header, "malformed");
    }
    refused_header("{}", "malformed");
}

#[test]
fn a_header_that_is_not_utf_8_is_refused() {
    let ours = HS256.header();
    let replaced = |bytes: &[u8]| {
        let (before, after) = ours.split_once("mac").unwrap();
        [before.as_bytes(), bytes, after.as_bytes()].concat()
    };
    for bytes in [&b"\xFF"[..], b"\xC0\x80", b"\xED\xA0\x80", b"\xF4\x90\x80\x80", b"mac\x80", b"\xC3"] {
        refused_header(replaced(bytes), "malformed");
    }
    let utf_16: Vec<u8> = ours.encode_utf16().flat_map(u16::to_le_bytes).collect();
    refused_header(utf_16, "malformed");
    for escape in [r"\ud800", r"\udc00", r"\ud800\ud800", r"\udc00\ud800", r"\u00", r"\x41", "\u{1}"] {
        refused_header(replaced(escape.as_bytes()), "malformed");
    }
}

#[test]
fn another_type_is_refused() {
    let of = |typ: &str| HS256.header().replace(r#""session+jwt""#, typ);
    for typ in [
        r#""JWT""#,
        r#""jwt""#,
        r#""at+jwt""#,
        r#""session""#,
        r#""Session+jwt""#,
        r#""SESSION+JWT""#,
        r#""session+JWT""#,
        r#""application/session+jwt""#,
        r#""session+jwt ""#,
        r#"" session+jwt""#,
        r#""session+jwt\u0000""#,
        r#""""#,
        "null",
        "1",
        "true",
        "{}",
        r#"["session+jwt"]"#,
    ] {
        refused_header(of(typ), "wrong_type");
    }
    refused_header(r#"{"alg":"HS256","kid":"mac"}"#, "wrong_type");
}

#[test]
fn a_good_header_in_another_spelling_is_read_as_well() {
    for header in [
        r#"{"typ":"session+jwt","kid":"mac","alg":"HS256"}"#,
        " {\"alg\" :\t\"HS256\" ,\r\n\"kid\": \"mac\", \"typ\": \"session+jwt\" } ",
        r#"{"alg":"HS256","k\u0069d":"m\u0061c","typ":"session\u002bjwt"}"#,
    ] {
        refused_header(header, "ok");
    }
}

#[test]
fn a_header_over_512_characters_is_too_large_before_it_is_read() {
    let padded = |spaces: usize| format!("{}{}", " ".repeat(spaces), HS256.header());
    let room = 512 * 3 / 4 - HS256.header().len();
    assert_eq!(encode(padded(room)).len(), 512);
    refused_header(padded(room), "ok");
    refused_header(padded(room + 1), "too_large");
    refused_header(vec![b'{'; 2000], "too_large");
    refused_header(" ".repeat(1_000_000), "too_large");
}
