use super::steps::{bare, case};
use crate::format::{Arguments, Case, Step, Verb};

const PROXY: &str = "10.0.0.1";

/// The client of a request that came over `hops` proxies of ours, the last of which is the peer.
fn of(peer: &str, forwarded_for: &[&str], hops: usize) -> Step {
    bare(Verb::ClientAddress).with(Arguments {
        peer: Some(peer.to_owned()),
        forwarded_for: forwarded_for.iter().map(|&header| header.to_owned()).collect(),
        trusted_hops: hops,
        ..Arguments::default()
    })
}

pub(super) fn cases() -> Vec<Case> {
    let entry = |entry: &str| of(PROXY, &[&format!("6.6.6.6, {entry}")], 1);
    let no_address = [
        "unknown",
        "_hidden",
        "fe80::1%eth0",
        "[fe80::1%1]:80",
        "203.0.113.7:",
        "203.0.113.7:65536",
        "203.0.113.7:+80",
        "203.0.113.7:http",
        "[203.0.113.7]:80",
        "[2001:db8::1",
        "[2001:db8::1]80",
        "203.0.113.07",
        "203.0.113.7/24",
        "\"203.0.113.7\"",
        "203.0.113.7 203.0.113.8",
        "localhost:80",
    ];
    vec![
        case(
            "without_a_trusted_hop_it_is_the_peer",
            [
                of("203.0.113.7", &["6.6.6.6"], 0).text("203.0.113.7"),
                of("::ffff:203.0.113.7", &[], 0).text("203.0.113.7"),
                of("203.0.113.7:50123", &[], 0).text("203.0.113.7"),
                of("[2001:db8::1]:443", &[], 0).text("2001:db8::1"),
                of("unix:", &["6.6.6.6"], 0),
                of("", &["6.6.6.6"], 0),
            ],
        ),
        case(
            "hops_are_counted_from_the_right",
            [
                of(PROXY, &["6.6.6.6, 203.0.113.7"], 1).text("203.0.113.7"),
                of(PROXY, &["6.6.6.6, 203.0.113.7, 198.51.100.2"], 2).text("203.0.113.7"),
                of(PROXY, &["6.6.6.6", "203.0.113.7, 198.51.100.2"], 2).text("203.0.113.7"),
                of(PROXY, &["203.0.113.7"], 2),
                of(PROXY, &[], 1),
                of("unix:", &["203.0.113.7"], 1).text("203.0.113.7"),
            ],
        ),
        case(
            "ports_and_brackets_are_taken_off",
            [
                entry("203.0.113.7:50123").text("203.0.113.7"),
                entry("[2001:db8::1]").text("2001:db8::1"),
                entry("[2001:db8::1]:443").text("2001:db8::1"),
                entry("[::ffff:203.0.113.7]:443").text("203.0.113.7"),
                entry("2001:db8::1:443").text("2001:db8::1:443"),
            ],
        ),
        case(
            "spaces_and_empty_entries_do_not_count",
            [
                of(PROXY, &["6.6.6.6 ,\t203.0.113.7 "], 1).text("203.0.113.7"),
                of(PROXY, &["203.0.113.7, "], 1).text("203.0.113.7"),
                of(PROXY, &["203.0.113.7", ""], 1).text("203.0.113.7"),
                of(PROXY, &["6.6.6.6,, 203.0.113.7 , , 198.51.100.2:443"], 2).text("203.0.113.7"),
                of(PROXY, &[" ,", ""], 1),
            ],
        ),
        case("what_is_no_address_is_unknown", no_address.map(entry)),
    ]
}
