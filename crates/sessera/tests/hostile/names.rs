//! `kid`: looked up among the names of the ring, and never more than that.

use crate::forge::{ALL, HS256, refused};
use crate::payload::Payload;

#[track_caller]
fn refused_kid(raw: &str, code: &str) {
    let header = format!(r#"{{"alg":"HS256","kid":{raw},"typ":"session+jwt"}}"#);
    refused(HS256, &HS256.token(header, Payload::good().text()), code);
}

#[test]
fn a_missing_kid_is_unknown() {
    for forge in ALL {
        let header = format!(r#"{{"alg":"{}","typ":"session+jwt"}}"#, forge.algorithm().name());
        refused(forge, &forge.token(header, Payload::good().text()), "unknown_key");
    }
}

#[test]
fn a_kid_of_0_or_65_characters_is_unknown() {
    refused_kid(r#""""#, "unknown_key");
    for length in [1, 64, 65, 256] {
        refused_kid(&format!("\"{}\"", "k".repeat(length)), "unknown_key");
    }
}

#[test]
fn a_kid_of_a_megabyte_is_too_large() {
    refused_kid(&format!("\"{}\"", "k".repeat(1 << 20)), "too_large");
    refused_kid(&format!("\"{}\"", "k".repeat(2000)), "too_large");
}

#[test]
fn a_kid_that_is_a_path_a_query_or_a_line_is_unknown() {
    for kid in [
        r"mac\u0000",
        r"\u0000mac",
        r"mac\r\nX-Injected: 1",
        r"\n",
        "../../../../dev/null",
        "/dev/null",
        "mac/../mac",
        "./mac",
        "file:///dev/null",
        "https://app.example/keys",
        r#"mac\""#,
        "' OR '1'='1",
        "mac'; --",
        "mac|cat",
        "$(id)",
        "%6dac",
        "*",
        "ｍac",
        r"ma\u0301c",
    ] {
        refused_kid(&format!("\"{kid}\""), "unknown_key");
    }
}

#[test]
fn a_kid_that_is_nearly_one_of_ours_is_unknown() {
    for kid in ["ma", "mac1", "MAC", "Mac", " mac", "mac ", "cam"] {
        refused_kid(&format!("\"{kid}\""), "unknown_key");
    }
    for forge in ALL {
        for kid in [&forge.kid()[1..], &forge.kid()[..forge.kid().len() - 1], "0", "session+jwt"] {
            let header = forge.header().replace(forge.kid(), kid);
            refused(forge, &forge.token(header, Payload::good().text()), "unknown_key");
        }
    }
}

#[test]
fn a_kid_that_is_no_string_is_unknown() {
    for raw in ["0", "1", "-1", "1.5", "null", "true", "[]", r#"["mac"]"#, "{}", r#"{"kid":"mac"}"#] {
        refused_kid(raw, "unknown_key");
    }
}
