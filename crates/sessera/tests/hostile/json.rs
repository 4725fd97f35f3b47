//! The payload as JSON: one strict object within limits (RFC 7515 §4, RFC 7519 §4, RFC 8259).

use crate::forge::{HS256, refused};
use crate::payload::{Payload, refused_in_both_orders};

#[track_caller]
fn refused_payload(payload: impl AsRef<[u8]>, code: &str) {
    refused(HS256, &HS256.carrying(payload), code);
}

/// A claim of this raw value beside the session's own.
fn holding(raw: impl Into<String>) -> Payload {
    Payload::good().with("app", raw)
}

#[test]
fn a_payload_that_is_no_object_is_refused() {
    let good = Payload::good().text();
    for payload in [
        "",
        " ",
        "[]",
        "null",
        "true",
        "0",
        "1700000000",
        "\"sub\"",
        "{",
        "}",
        "{]",
        "sub=user-42",
        &format!("[{good}]"),
        &format!("{good}{good}"),
        &format!("{good},"),
        &format!("{good}\0"),
        &format!("{good}x"),
        &format!("x{good}"),
        &good.replace('"', "'"),
        &good.replace('}', ",}"),
        &good.replace(',', ",,"),
        &good.replace(':', "="),
        &good.replace('{', "{,"),
        &format!("{good}//"),
        &format!("/**/{good}"),
        &good[..good.len() - 1],
        &good.replace("\"sub\"", "sub"),
    ] {
        refused_payload(payload, "malformed");
    }
}

#[test]
fn a_member_that_stands_twice_is_refused_at_any_depth_and_however_it_is_spelled() {
    for (name, raw) in [
        ("\"sub\"", "\"root\""),
        (r#""s\u0075b""#, "\"root\""),
        (r#""s\u0069d""#, "\"AAECAwQFBgcICQoLDA0ODw\""),
        (r#""\u0065\u0078\u0070""#, "9007199254740991"),
        ("\"exp\"", "1700001800"),
        ("\"iss\"", "\"https://app.example\""),
        (r#""\u0069ss""#, "\"https://app.example\""),
    ] {
        refused_in_both_orders(&Payload::good().and(name, raw), "malformed");
    }
    for raw in [
        r#"{"a":1,"a":1}"#,
        r#"{"a":1,"\u0061":2}"#,
        r#"{"\u0061":1,"a":2}"#,
        r#"[{"a":1,"b":2,"a":3}]"#,
        r#"{"x":{"y":[[{"a":1,"a":1}]]}}"#,
        r#"{"":1,"":2}"#,
        r#"{"\/":1,"/":2}"#,
        r#"{"é":1,"\u00e9":2}"#,
        r#"{"😀":1,"\ud83d\ude00":2}"#,
    ] {
        refused_in_both_orders(&holding(raw), "malformed");
    }
    let all_of_app = holding("1").and("\"app\"", "1");
    refused_in_both_orders(&all_of_app, "malformed");
    refused_in_both_orders(&holding("1").and(r#""\u0061pp""#, "1"), "malformed");
}

#[test]
fn names_that_differ_are_not_the_same_name() {
    for (name, raw) in [("\"Sub\"", "1"), ("\"sub \"", "1"), (r#""sub\u0000""#, "1"), ("\"ѕub\"", "1")] {
        for text in Payload::good().and(name, raw).orders() {
            refused_payload(text, "ok");
        }
    }
}

#[test]
fn eight_levels_are_read_and_nine_are_too_deep() {
    // The payload itself is the first level.
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let nested = |levels: usize| format!("{}0{}", open.repeat(levels), close.repeat(levels));
        for text in holding(nested(7)).orders() {
            refused_payload(text, "ok");
        }
        for levels in [8, 9, 100, 400] {
            refused_in_both_orders(&holding(nested(levels)), "too_large");
        }
        refused_in_both_orders(&holding(nested(100_000)), "too_large");
        refused_in_both_orders(&holding(open.repeat(1000)), "too_large");
        refused_in_both_orders(&holding(open.repeat(100_000)), "too_large");
    }
    refused_payload("[".repeat(2000), "malformed");
    refused_payload("{\"a\":".repeat(500), "too_large");
}

#[test]
fn sixty_four_members_are_read_and_more_are_too_many() {
    let with_members = |count: usize| {
        (12..count).fold(Payload::good(), |payload, nth| payload.and(&format!("\"m{nth}\""), "0"))
    };
    for text in with_members(64).orders() {
        refused_payload(text, "ok");
    }
    refused_in_both_orders(&with_members(65), "too_large");
    refused_in_both_orders(&with_members(100_000), "too_large");
    let object = |count: usize| {
        let members: Vec<_> = (0..count).map(|nth| format!("\"{nth}\":0")).collect();
        format!("{{{}}}", members.join(","))
    };
    for text in holding(object(64)).orders() {
        refused_payload(text, "ok");
    }
    refused_in_both_orders(&holding(object(65)), "too_large");
    refused_in_both_orders(&holding(object(200)), "too_large");
}

#[test]
fn a_string_over_1024_bytes_is_too_large() {
    for text in holding(format!("\"{}\"", "x".repeat(1024))).orders() {
        refused_payload(text, "ok");
    }
    for length in [1025, 2000, 1 << 20] {
        refused_in_both_orders(&holding(format!("\"{}\"", "x".repeat(length))), "too_large");
        refused_in_both_orders(
            &Payload::good().with("sub", format!("\"{}\"", "x".repeat(length))),
            "too_large",
        );
        refused_in_both_orders(
            &Payload::good().and(&format!("\"{}\"", "x".repeat(length)), "0"),
            "too_large",
        );
    }
    // Counted as written: six bytes for each character here.
    refused_in_both_orders(&holding(format!("\"{}\"", r"\u0061".repeat(171))), "too_large");
}

#[test]
fn a_byte_order_mark_is_refused() {
    let good = Payload::good().text();
    refused_payload(format!("\u{FEFF}{good}"), "malformed");
    refused_payload([b"\xFF\xFE", good.as_bytes()].concat(), "malformed");
    let utf_16: Vec<u8> = good.encode_utf16().flat_map(u16::to_be_bytes).collect();
    refused_payload(utf_16, "malformed");
}

#[test]
fn bytes_that_are_not_utf_8_are_refused() {
    let good = Payload::good().text();
    for bytes in [
        &b"\xFF"[..],
        b"\x80",
        b"\xC0\xAF",
        b"\xE0\x80\xAF",
        b"\xED\xA0\x80",
        b"\xED\xA0\x80\xED\xB0\x80",
        b"\xF4\x90\x80\x80",
        b"\xF5\x80\x80\x80",
        b"\xC3",
        b"\xE2\x82",
    ] {
        for before in ["user-42", "https://app.example\",\"aud\":\""] {
            let (front, back) = good.split_once(before).unwrap();
            let payload = [front.as_bytes(), bytes, before.as_bytes(), back.as_bytes()].concat();
            refused_payload(payload, "malformed");
        }
        refused_payload([good.as_bytes(), bytes].concat(), "malformed");
    }
}

#[test]
fn a_lone_surrogate_is_refused() {
    for escape in [
        r"\ud800",
        r"\udbff",
        r"\udc00",
        r"\udfff",
        r"\ud800\ud800",
        r"\udc00\ud800",
        r"\ud800x",
        r"\ud800\n",
        r"\ud800\u0041",
        r"\uD83D\uDE00\uD83D",
    ] {
        refused_in_both_orders(&holding(format!("\"{escape}\"")), "malformed");
        refused_in_both_orders(&Payload::good().with("sub", format!("\"{escape}\"")), "malformed");
        refused_in_both_orders(&Payload::good().and(&format!("\"{escape}\""), "0"), "malformed");
    }
}

#[test]
fn what_is_not_json_within_a_value_is_refused() {
    for raw in [
        "undefined",
        "NaN",
        "-Infinity",
        "True",
        "nul",
        "nulll",
        "'x'",
        "\"x",
        "x\"",
        "\"\\x41\"",
        "\"\\u12\"",
        "\"\\u+041\"",
        "\"\\\"",
        "\"\u{0}\"",
        "\"\n\"",
        "\"\t\"",
        "[1,]",
        "[,1]",
        "[1 2]",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{a:1}",
        "{1:1}",
        "[",
        "]",
        "{",
        "1 /* */",
        "\u{a0}1",
    ] {
        refused_in_both_orders(&holding(raw), "malformed");
    }
}

#[test]
fn what_json_allows_is_read() {
    for raw in [
        "null",
        "true",
        "false",
        "-0",
        "0.5",
        "-1e-7",
        "1E+2",
        "1e308",
        "18446744073709551616",
        "\"\"",
        r#""\"\\\/\b\f\n\r\t\u00e9""#,
        "\"\u{7f}\u{2028}\u{10FFFF}\"",
        "[]",
        "{}",
        "[[],{}]",
        " [ 1 , { \"a\" : \t\r\n 2 } ] ",
    ] {
        for text in holding(raw).orders() {
            refused_payload(text, "ok");
        }
    }
}
