//! The three parts and their base64url: one spelling each (RFC 7515 §2 and §7.1, RFC 4648 §3.5).

use crate::forge::{ALL, Forge, HS256, decode, encode, refused};
use crate::payload::Payload;

const PARTS: [usize; 3] = [0, 1, 2];

/// A good token with one part changed, and signed again where it is not the signature that was changed.
fn changed(forge: Forge, part: usize, change: impl Fn(&str) -> String) -> String {
    let token = forge.good();
    let mut parts: Vec<String> = token.split('.').map(ToOwned::to_owned).collect();
    parts[part] = change(&parts[part]);
    if part < 2 {
        parts[2] = encode(forge.sign(format!("{}.{}", parts[0], parts[1]).as_bytes()));
    }
    parts.join(".")
}

#[test]
fn padding_is_refused() {
    for forge in ALL {
        for part in PARTS {
            for padding in ["=", "==", "===", "%3D", "=="] {
                refused(forge, &changed(forge, part, |text| format!("{text}{padding}")), "malformed");
            }
            refused(forge, &changed(forge, part, |text| format!("={text}")), "malformed");
        }
    }
}

#[test]
fn the_other_alphabet_is_refused() {
    for forge in ALL {
        for part in PARTS {
            for character in ["+", "/"] {
                for at in [0, 1, 4, 17, 32] {
                    let replaced = |text: &str| {
                        let mut text = text.to_owned();
                        text.replace_range(at..=at, character);
                        text
                    };
                    refused(forge, &changed(forge, part, replaced), "malformed");
                }
            }
        }
    }
}

#[test]
fn white_space_and_other_characters_are_refused_anywhere() {
    for part in PARTS {
        for character in [
            " ", "\t", "\n", "\r", "\r\n", "\0", "\u{b}", "\u{a0}", "\u{200b}", "\u{feff}", "%20", "\"", ",",
            ";", "~", ":", "é", "Ａ", "%",
        ] {
            refused(HS256, &changed(HS256, part, |text| format!("{character}{text}")), "malformed");
            refused(HS256, &changed(HS256, part, |text| format!("{text}{character}")), "malformed");
            let inside = |text: &str| format!("{}{character}{}", &text[..8], &text[8..]);
            refused(HS256, &changed(HS256, part, inside), "malformed");
        }
    }
}

#[test]
fn a_last_character_whose_unused_bits_are_set_is_refused() {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for forge in ALL {
        let mut seen = 0;
        for spaces in 0..3 {
            // Spaces in front change the lengths, so that every remainder comes up.
            let payload = format!("{}{}", " ".repeat(spaces), Payload::good().text());
            let header = format!("{}{}", " ".repeat(spaces), forge.header());
            let token = forge.token(header, payload);
            for part in PARTS {
                let parts: Vec<&str> = token.split('.').collect();
                let text = parts[part];
                let unused = match text.len() % 4 {
                    2 => 4,
                    3 => 2,
                    _ => continue,
                };
                let last = ALPHABET.find(&text[text.len() - 1..]).unwrap();
                assert_eq!(last % (1 << unused), 0);
                for bits in 1..1 << unused {
                    let mut parts: Vec<String> = parts.iter().map(|part| (*part).to_owned()).collect();
                    parts[part].pop();
                    parts[part].push_str(&ALPHABET[last + bits..=last + bits]);
                    if part < 2 {
                        parts[2] = encode(forge.sign(format!("{}.{}", parts[0], parts[1]).as_bytes()));
                    }
                    refused(forge, &parts.join("."), "malformed");
                    seen += 1;
                }
            }
        }
        assert!(seen > 30, "{seen}");
    }
}

#[test]
fn a_part_of_one_character_too_many_is_refused() {
    for part in PARTS {
        let lonely = |text: &str| format!("{}A", &text[..text.len() / 4 * 4]);
        refused(HS256, &changed(HS256, part, lonely), "malformed");
    }
}

#[test]
fn an_empty_part_is_refused() {
    for forge in ALL {
        refused(forge, &changed(forge, 0, |_| String::new()), "malformed");
        refused(forge, &changed(forge, 1, |_| String::new()), "malformed");
        refused(forge, &changed(forge, 2, |_| String::new()), "bad_signature");
    }
    refused(HS256, "..", "malformed");
}

#[test]
fn other_than_three_parts_are_refused() {
    let token = HS256.good();
    let parts: Vec<&str> = token.split('.').collect();
    for count in [0, 1, 2, 4, 5, 6] {
        let cut: Vec<&str> = parts.iter().copied().cycle().take(count).collect();
        refused(HS256, &cut.join("."), "malformed");
        refused(HS256, &vec![""; count].join("."), "malformed");
        refused(HS256, &vec!["AAAA"; count].join("."), "malformed");
    }
    for around in [format!(".{token}"), format!("{token}."), format!(".{token}."), token.replace('.', "..")] {
        refused(HS256, &around, "malformed");
    }
}

#[test]
fn another_separator_is_refused() {
    for separator in ["", " ", ",", ":", "~", "%2E", "．", "。", "\0", "\n"] {
        refused(HS256, &HS256.good().replace('.', separator), "malformed");
    }
}

#[test]
fn text_around_a_token_is_refused() {
    let token = HS256.good();
    for around in [
        format!("Bearer {token}"),
        format!("\"{token}\""),
        format!("'{token}'"),
        format!(" {token}"),
        format!("{token} "),
        format!("{token}\n"),
        format!("{token}\0"),
        format!("\u{FEFF}{token}"),
        format!("{token};"),
        format!("{token}~"),
        format!("__Host-session={token}"),
        format!("{token},{token}"),
    ] {
        refused(HS256, &around, "malformed");
    }
}

#[test]
fn the_json_serialisations_are_refused() {
    let token = HS256.good();
    let [protected, payload, signature] = token.split('.').collect::<Vec<_>>().try_into().unwrap();
    for serialised in [
        format!(r#"{{"payload":"{payload}","protected":"{protected}","signature":"{signature}"}}"#),
        format!(
            r#"{{"payload":"{payload}","signatures":[{{"protected":"{protected}","signature":"{signature}"}}]}}"#
        ),
        format!(r#"{{"payload":"{payload}","protected":"{protected}","signature":"{signature}","x":".."}}"#),
    ] {
        refused(HS256, &serialised, "malformed");
    }
}

#[test]
fn a_part_that_is_encoded_twice_is_refused() {
    let token = HS256.good();
    let parts: Vec<&str> = token.split('.').collect();
    let twice = HS256.signed(&format!("{}.{}", encode(parts[0]), parts[1]));
    refused(HS256, &twice, "malformed");
    let twice = HS256.signed(&format!("{}.{}", parts[0], encode(parts[1])));
    refused(HS256, &twice, "malformed");
    assert_eq!(decode(parts[0]), HS256.header().as_bytes());
}
