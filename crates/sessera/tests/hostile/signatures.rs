//! Signatures that must not hold, and the one other spelling that does.

use sessera::{Client, MemoryStore, Sessions};

use crate::forge::{ALL, AUDIENCE, EDDSA, ES256, Forge, ISSUER, decode, encode, refused};
use crate::payload::{Payload, SID};

/// The order of P-256, big-endian.
const N: [u8; 32] = [
    0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xBC,
    0xE6, 0xFA, 0xAD, 0xA7, 0x17, 0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x51,
];
/// The order of Ed25519's base point, little-endian.
const L: [u8; 32] = [
    0xED, 0xD3, 0xF5, 0x5C, 0x1A, 0x63, 0x12, 0x58, 0xD6, 0x9C, 0xF7, 0xA2, 0xDE, 0xF9, 0xDE, 0x14, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// A good token's header and payload, and its signature.
fn split(forge: Forge) -> (String, Vec<u8>) {
    let token = forge.good();
    let (message, signature) = token.rsplit_once('.').unwrap();
    (message.to_owned(), decode(signature))
}

fn with(message: &str, signature: impl AsRef<[u8]>) -> String {
    format!("{message}.{}", encode(signature))
}

/// `n - scalar`, both big-endian.
fn negated(scalar: &[u8]) -> Vec<u8> {
    let mut borrow = 0;
    let mut difference = vec![0; 32];
    for at in (0..32).rev() {
        let value = i16::from(N[at]) - i16::from(scalar[at]) - borrow;
        borrow = i16::from(value < 0);
        difference[at] = u8::try_from(value.rem_euclid(256)).unwrap();
    }
    difference
}

#[test]
fn a_null_signature_is_refused() {
    for forge in ALL {
        let (message, signature) = split(forge);
        refused(forge, &with(&message, ""), "bad_signature");
        for byte in [0, 1, 0xFF] {
            refused(forge, &with(&message, vec![byte; signature.len()]), "bad_signature");
        }
    }
}

#[test]
fn a_signature_of_another_length_is_refused() {
    for forge in ALL {
        let (message, signature) = split(forge);
        for length in 0..signature.len() {
            refused(forge, &with(&message, &signature[..length]), "bad_signature");
            refused(forge, &with(&message, &signature[signature.len() - length..]), "bad_signature");
        }
        for extra in [1, 2, 32, 64, 960] {
            let longer = [&signature[..], &vec![0; extra]].concat();
            refused(forge, &with(&message, longer), "bad_signature");
        }
        refused(forge, &with(&message, [&signature[..], &signature].concat()), "bad_signature");
        // Longer than the longest of any algorithm.
        refused(forge, &with(&message, vec![0; 1025]), "malformed");
    }
}

#[test]
fn a_signature_of_another_message_is_refused() {
    for forge in ALL {
        let (message, _) = split(forge);
        for other in ["", "sub", &message[1..], &message.replace('.', "")] {
            refused(forge, &with(&message, forge.sign(other.as_bytes())), "bad_signature");
        }
    }
}

#[test]
fn a_signature_of_another_key_under_this_kid_is_refused() {
    for signer in ALL {
        for verifier in ALL.into_iter().filter(|verifier| *verifier != signer) {
            let (message, _) = split(verifier);
            refused(verifier, &with(&message, signer.sign(message.as_bytes())), "bad_signature");
        }
    }
}

#[test]
fn es256_scalars_at_the_edges_of_their_range_are_refused() {
    let (message, _) = split(ES256);
    let mut one = [0; 32];
    one[31] = 1;
    let edges = [vec![0; 32], one.to_vec(), negated(&one), N.to_vec(), vec![0xFF; 32]];
    for r in &edges {
        for s in &edges {
            refused(ES256, &with(&message, [&r[..], s].concat()), "bad_signature");
        }
    }
}

#[test]
fn an_es256_signature_with_one_scalar_at_an_edge_is_refused() {
    let (message, signature) = split(ES256);
    for edge in [vec![0; 32], N.to_vec(), vec![0xFF; 32]] {
        refused(ES256, &with(&message, [&edge, &signature[32..]].concat()), "bad_signature");
        refused(ES256, &with(&message, [&signature[..32], &edge].concat()), "bad_signature");
    }
    refused(ES256, &with(&message, [&signature[32..], &signature[..32]].concat()), "bad_signature");
}

#[test]
fn an_es256_signature_in_der_is_refused() {
    let (message, signature) = split(ES256);
    let integer = |scalar: &[u8]| {
        let padded = if scalar[0] >= 0x80 { [&[0], scalar].concat() } else { scalar.to_vec() };
        [vec![2, u8::try_from(padded.len()).unwrap()], padded].concat()
    };
    let body = [integer(&signature[..32]), integer(&signature[32..])].concat();
    let der = [vec![0x30, u8::try_from(body.len()).unwrap()], body].concat();
    refused(ES256, &with(&message, der), "bad_signature");
}

/// RFC 7518 knows no low-s rule, and half of all signers' signatures are high. So one ES256 token has two
/// spellings; it must not matter, because what is revoked is the session and never a spelling.
#[test]
fn the_other_spelling_of_an_es256_signature_is_the_same_session_and_revoked_with_it() {
    let (message, signature) = split(ES256);
    let other = [&signature[..32], &negated(&signature[32..])].concat();
    assert_ne!(other, signature);
    let tokens = [with(&message, &signature), with(&message, other)];
    let sessions = Sessions::builder(ISSUER, AUDIENCE)
        .keyring(ES256.keyring())
        .store(MemoryStore::new())
        .clock(sessera::ManualClock::at_unix(crate::forge::NOW))
        .build()
        .unwrap();
    let verify = |token: &String| sessions.verify(token, &Client::new());
    assert_eq!(verify(&tokens[0]).unwrap(), verify(&tokens[1]).unwrap());
    sessions.revoke_session(SID).unwrap();
    assert!(tokens.iter().all(|token| verify(token).unwrap_err().code() == "revoked"));
}

#[test]
fn an_ed25519_scalar_that_is_not_reduced_is_refused() {
    let (message, signature) = split(EDDSA);
    let mut scalar = signature[32..].to_vec();
    for times in 1..=15 {
        let mut carry = 0;
        for (byte, order) in scalar.iter_mut().zip(L) {
            let sum = u16::from(*byte) + u16::from(order) + carry;
            *byte = u8::try_from(sum & 0xFF).unwrap();
            carry = sum >> 8;
        }
        if carry > 0 {
            break;
        }
        let raised = [&signature[..32], &scalar].concat();
        assert_eq!(raised.len(), 64, "S + {times}L");
        refused(EDDSA, &with(&message, raised), "bad_signature");
    }
    let mut high_bits = signature.clone();
    high_bits[63] |= 0xE0;
    refused(EDDSA, &with(&message, high_bits), "bad_signature");
}

#[test]
fn an_ed25519_signature_of_a_small_order_point_and_zero_is_refused() {
    let (message, _) = split(EDDSA);
    for point in crate::keys::SMALL_ORDER {
        refused(EDDSA, &with(&message, [&point[..], &[0; 32]].concat()), "bad_signature");
    }
}

#[test]
fn the_payload_is_not_looked_at_before_the_signature_held() {
    for forge in ALL {
        let expired = Payload::good().with("exp", "1").with("sxp", "1").text();
        for payload in [expired, "{".to_owned(), "[]".to_owned(), Payload::good().and("\"sub\"", "1").text()]
        {
            let message = format!("{}.{}", encode(forge.header()), encode(payload));
            refused(forge, &with(&message, [7; 64]), "bad_signature");
        }
    }
}
