//! Times and counts: integers from 0 to 2^53 - 1, written as digits (CVE-2026-25537).

use crate::forge::{HS256, NOW, refused};
use crate::payload::{Payload, refused_in_both_orders};

const NUMBERS: [&str; 7] = ["iat", "nbf", "exp", "auth_time", "sat", "sxp", "gen"];

#[test]
fn a_time_that_is_no_integer_is_refused() {
    for claim in NUMBERS {
        for raw in [
            "\"1700000000\"",
            "\"\"",
            "\"now\"",
            "1700000000.0",
            "1700000000.5",
            "0.0",
            "1.7e9",
            "17E8",
            "1e300",
            "-1",
            "-0",
            "-1700000000",
            "null",
            "true",
            "false",
            "[]",
            "[1700000000]",
            "{}",
            "{\"$numberLong\":\"1700000000\"}",
        ] {
            refused_in_both_orders(&Payload::good().with(claim, raw), "invalid_claim");
        }
    }
}

#[test]
fn the_last_of_our_own_numbers_is_read_to_its_end() {
    let end = NOW + 12 * 3600;
    for raw in [format!("{end}.0"), format!("{end}.5"), format!("{end}e0"), format!("{end}E-1")] {
        refused_in_both_orders(&Payload::good().with("sxp", raw), "invalid_claim");
    }
    for raw in [format!("{end}x"), format!("{end} 1"), format!("{end}\0"), format!("{end}\"\"")] {
        refused_in_both_orders(&Payload::good().with("sxp", raw), "malformed");
    }
    for text in Payload::good().with("sxp", format!("{end} ")).orders() {
        refused(HS256, &HS256.carrying(text), "ok");
    }
}

#[test]
fn a_time_from_2_53_on_is_refused() {
    for claim in NUMBERS {
        for raw in [
            "9007199254740992",
            "9007199254740993",
            "9223372036854775807",
            "9223372036854775808",
            "18446744073709551615",
            "18446744073709551616",
            "99999999999999999999999999999999",
        ] {
            refused_in_both_orders(&Payload::good().with(claim, raw), "invalid_claim");
        }
    }
}

#[test]
fn the_last_time_before_2_53_is_one() {
    let last = "9007199254740991";
    for text in Payload::good().with("exp", last).with("sxp", last).orders() {
        refused(HS256, &HS256.carrying(text), "ok");
    }
    refused_in_both_orders(&Payload::good().with("nbf", last), "not_yet_valid");
    refused_in_both_orders(&Payload::good().with("iat", last), "not_yet_valid");
}

#[test]
fn a_number_that_json_does_not_know_is_malformed() {
    for claim in NUMBERS {
        for raw in [
            "01", "00", "+1", ".5", "5.", "1e", "1e+", "0x10", "1_000", "NaN", "Infinity", "-", "--1", "1 2",
            "१", "1e400", "-1e999", "",
        ] {
            refused_in_both_orders(&Payload::good().with(claim, raw), "malformed");
        }
    }
}

#[test]
fn a_number_of_many_digits_is_too_large() {
    for raw in ["1".repeat(33), format!("0.{}", "0".repeat(1000)), format!("1e{}1", "0".repeat(100))] {
        refused_in_both_orders(&Payload::good().with("exp", raw), "too_large");
    }
}

#[test]
fn a_token_that_outlives_its_session_is_refused() {
    let end = NOW + 12 * 3600;
    refused_in_both_orders(&Payload::good().with("exp", (end + 1).to_string()), "invalid_claim");
    for text in Payload::good().with("exp", end.to_string()).orders() {
        refused(HS256, &HS256.carrying(text), "ok");
    }
}

#[test]
fn time_zero_is_a_time() {
    let zero = Payload::good().with("iat", "0").with("nbf", "0").with("sat", "0").with("auth_time", "0");
    for text in zero.orders() {
        refused(HS256, &HS256.carrying(text), "ok");
    }
    refused_in_both_orders(&Payload::good().with("exp", "0"), "expired");
    refused_in_both_orders(&Payload::good().with("exp", "0").with("sxp", "0"), "ended");
}
