use proptest::prelude::*;

use super::words::{FAMILIES, PLATFORMS};
use super::*;

/// `#` stands for a version's digits.
const KNOWN: [(&str, &str); 44] = [
    (
        "chrome/windows",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/#.0.0.0 Safari/537.36",
    ),
    (
        "chrome/macos",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/#.0.0.0 Safari/537.36",
    ),
    (
        "chrome/linux",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/#.0.0.0 Safari/537.36",
    ),
    (
        "chrome/linux",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Ubuntu Chromium/# Chrome/# Safari/537.36",
    ),
    (
        "chrome/chromeos",
        "Mozilla/5.0 (X11; CrOS x86_64 14541.#.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/#.0.0.0 Safari/537.36",
    ),
    (
        "chrome/android",
        "Mozilla/5.0 (Linux; Android #; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/#.0.0.0 Mobile Safari/537.36",
    ),
    (
        "chrome/android",
        "Mozilla/5.0 (Linux;Android #;SM-G991B) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/#.0.0.0 Mobile Safari/537.36",
    ),
    (
        "chrome/ios",
        "Mozilla/5.0 (iPhone; CPU iPhone OS #_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/#.0.6312.52 Mobile/15E148 Safari/604.1",
    ),
    (
        "chrome/ios",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/# Version/# Safari/605.1.15",
    ),
    (
        "edge/windows",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/#.0.0.0 Safari/537.36 Edg/#.0.2478.51",
    ),
    (
        "edge/windows",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/#.0 Safari/537.36 Edge/#.19582",
    ),
    (
        "edge/android",
        "Mozilla/5.0 (Linux; Android #; HD1913) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/#.0 Mobile Safari/537.36 EdgA/#.0.2420.87",
    ),
    (
        "edge/ios",
        "Mozilla/5.0 (iPhone; CPU iPhone OS #_4_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/#.0 EdgiOS/#.2420.81 Mobile/15E148 Safari/605.1.15",
    ),
    (
        "opera/windows",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/# Safari/537.36 OPR/#.0.0.0",
    ),
    (
        "opera/android",
        "Mozilla/5.0 (Linux; Android #; VOG-L29) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/# Mobile Safari/537.36 OPR/#.4.4165",
    ),
    (
        "opera/ios",
        "Mozilla/5.0 (iPhone; CPU iPhone OS #_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/# Mobile/15E148 Safari/604.1 OPT/#.6.0",
    ),
    (
        "samsung/android",
        "Mozilla/5.0 (Linux; Android #; SAMSUNG SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/# Chrome/# Mobile Safari/537.36",
    ),
    ("firefox/windows", "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:#.0) Gecko/20100101 Firefox/#.0"),
    ("firefox/macos", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:#.0) Gecko/20100101 Firefox/#.0"),
    ("firefox/linux", "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:#.0) Gecko/20100101 Firefox/#.0"),
    ("firefox/linux", "Mozilla/5.0 (X11; FreeBSD amd64; rv:#.0) Gecko/20100101 Firefox/#.0"),
    ("firefox/android", "Mozilla/5.0 (Android #; Mobile; rv:#.0) Gecko/#.0 Firefox/#.0"),
    (
        "firefox/ios",
        "Mozilla/5.0 (iPhone; CPU iPhone OS #_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) FxiOS/#.0 Mobile/15E148 Safari/605.1.15",
    ),
    (
        "safari/macos",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/#.4.1 Safari/605.1.15",
    ),
    (
        "safari/ios",
        "Mozilla/5.0 (iPhone; CPU iPhone OS #_4_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/# Mobile/15E148 Safari/604.1",
    ),
    (
        "safari/ios",
        "Mozilla/5.0 (iPad; CPU OS #_4_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/# Mobile/15E148 Safari/604.1",
    ),
    (
        "webview/ios",
        "Mozilla/5.0 (iPhone; CPU iPhone OS #_4_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
    ),
    (
        "webview/android",
        "Mozilla/5.0 (Linux; Android #; Pixel 8 Build/UQ1A; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/#.0 Mobile Safari/537.36",
    ),
    ("ie/windows", "Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/#.0; rv:#.0) like Gecko"),
    ("ie/windows", "Mozilla/4.0 (compatible; MSIE #.0; Windows NT 6.1; WOW64)"),
    ("bot/other", "Mozilla/5.0 (compatible; Googlebot/#.1; +http://www.google.com/bot.html)"),
    (
        "bot/android",
        "Mozilla/5.0 (Linux; Android #; Nexus 5X) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/# Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    ),
    (
        "bot/linux",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/#.0 Safari/537.36",
    ),
    ("bot/other", "Slackbot-LinkExpanding #.0 (+https://api.slack.com/robots)"),
    ("curl/other", "curl/#.7.1"),
    ("okhttp/other", "okhttp/#.12.0"),
    ("dart/other", "Dart/#.3 (dart:io)"),
    ("cfnetwork/other", "Example/# CFNetwork/#.0.3 Darwin/#.4.0"),
    ("cfnetwork/ios", "Example/# (com.example.app; build:#; iOS #.4.1) Alamofire/#.9.1"),
    ("dalvik/android", "Dalvik/2.1.0 (Linux; U; Android #; Pixel 8 Build/UD1A)"),
    ("python/other", "python-requests/#.31.0"),
    ("python/other", "Python/#.12 aiohttp/#.9.3"),
    ("go/other", "Go-http-client/#.1"),
    ("java/other", "Java-http-client/#.0.2"),
];

fn value(header: &str) -> String {
    UserAgent::of(header).to_string()
}

#[test]
fn well_known_agents_have_their_family_and_platform() {
    for (expected, header) in KNOWN {
        assert_eq!(value(&header.replace('#', "14")), expected, "{header}");
    }
}

#[test]
fn a_new_version_never_changes_the_value() {
    for (expected, header) in KNOWN {
        for version in ["1", "9", "99", "100", "141", "1000", "2.0.1-beta+5"] {
            assert_eq!(value(&header.replace('#', version)), expected, "{version} {header}");
        }
    }
}

#[test]
fn what_is_not_known_is_other() {
    for header in [
        "",
        " ",
        "(",
        ";",
        "x",
        "Mozilla/5.0",
        "Mozilla/5.0 ()",
        "CHROME/1",
        "Chromeish",
        "MyChrome/1",
        "é ü",
        "\0 \0",
    ] {
        assert_eq!(value(header), "other/other", "{header:?}");
    }
}

#[test]
fn only_the_first_512_bytes_are_read() {
    let at = |length: usize| value(&format!("{} Firefox/1", "x".repeat(length)));
    assert_eq!(at(503 - 1), "firefox/other");
    assert_eq!(at(504), "other/other", "the name's slash would be the 513th byte");
    assert_eq!(value(&"Firefox/1 ".repeat(200_000)), "firefox/other");
}

#[test]
fn each_value_has_two_bytes_of_its_own_that_never_change() {
    let mut families = FAMILIES.map(|family| family as u8);
    families.sort_unstable();
    assert!(families.into_iter().eq(1..=18));
    let mut platforms = PLATFORMS.map(|platform| platform as u8);
    platforms.sort_unstable();
    assert!(platforms.into_iter().eq(1..=6));
    let bytes = |header| UserAgent::of(header).to_bytes();
    assert_eq!(bytes(""), [0, 0]);
    assert_eq!(bytes("Chrome/1 (Windows)"), [8, 1]);
    assert_eq!(bytes("Safari/1 (Macintosh)"), [9, 2]);
    assert_eq!(bytes("axios/1 (iPhone)"), [18, 3]);
    assert_eq!(bytes("axios/1 (Android)"), [18, 4]);
    assert_eq!(bytes("axios/1 (X11; )"), [18, 5]);
    assert_eq!(bytes("axios/1 (CrOS x)"), [18, 6]);
}

proptest! {
    #[test]
    fn words_are_found_wherever_they_start(before in "[a-z (;)/é]{0,40}", separator in "[ (;]") {
        prop_assume!(!before.contains("http"));
        let header = format!("{before}{separator}Firefox/1");
        prop_assert_eq!(UserAgent::of(&header).family, Family::Firefox);
    }

    #[test]
    fn any_text_has_a_value(header in ".{0,600}") {
        let _ = value(&header);
    }
}
