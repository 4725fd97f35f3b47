//! ECDSA signatures as key stores write them: the DER of RFC 3279 §2.2.3.

/// `r` and `s` of 32 bytes each, as tokens carry them (RFC 7518 §3.4); `None` for what is not exactly a
/// sequence of two integers that fit.
pub(super) fn ecdsa_p256(der: &[u8]) -> Option<[u8; 64]> {
    let (sequence, rest) = element(0x30, der)?;
    let (r, after_r) = element(0x02, sequence)?;
    let (s, after_s) = element(0x02, after_r)?;
    if !rest.is_empty() || !after_s.is_empty() {
        return None;
    }
    let mut fixed = [0; 64];
    let (left, right) = fixed.split_at_mut(32);
    copy_number(r, left)?;
    copy_number(s, right)?;
    Some(fixed)
}

/// The content of an element of this type, and what follows it. Two numbers of P-256 need no long lengths.
fn element(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let [found, length, rest @ ..] = der else { return None };
    if *found != tag || *length > 127 {
        return None;
    }
    rest.split_at_checked(usize::from(*length))
}

/// A number that is not negative, without the zero that says so, at the end of its place.
fn copy_number(number: &[u8], place: &mut [u8]) -> Option<()> {
    let digits = match number {
        [0, first, ..] if *first >= 0x80 => &number[1..],
        [first, ..] if *first < 0x80 => number,
        _ => return None,
    };
    let start = place.len().checked_sub(digits.len())?;
    place[start..].copy_from_slice(digits);
    Some(())
}

#[cfg(test)]
mod tests {
    use ring::rand::SystemRandom;
    use ring::signature::{
        ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED, EcdsaKeyPair, KeyPair as _,
        UnparsedPublicKey,
    };

    use super::*;

    #[test]
    fn what_another_library_signs_in_der_holds_as_two_numbers() {
        let random = SystemRandom::new();
        let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, key.as_ref(), &random).unwrap();
        // Numbers with a zero in front, and shorter ones, come up by themselves.
        for _ in 0..300 {
            let signature = key.sign(&random, b"message").unwrap();
            let fixed = ecdsa_p256(signature.as_ref()).unwrap();
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.public_key())
                .verify(b"message", &fixed)
                .unwrap();
        }
    }

    #[test]
    fn short_numbers_are_padded() {
        let mut expected = [0; 64];
        (expected[31], expected[63]) = (1, 0x80);
        assert_eq!(ecdsa_p256(&[0x30, 7, 2, 1, 1, 2, 2, 0, 0x80]), Some(expected));
    }

    #[test]
    fn what_is_not_exactly_two_numbers_is_refused() {
        let long = [&[0x30, 38, 2, 33][..], &[1; 33], &[2, 1, 1]].concat();
        for der in [
            &[][..],
            &[0x30],
            &[0x30, 0],
            &[0x31, 6, 2, 1, 1, 2, 1, 1],
            &[0x30, 6, 2, 1, 1, 3, 1, 1],
            &[0x30, 6, 2, 1, 0x81, 2, 1, 1],
            &[0x30, 6, 2, 1, 1, 2, 0, 1],
            &[0x30, 5, 2, 1, 1, 2, 0],
            &[0x30, 7, 2, 2, 0, 1, 2, 1, 1][..8],
            &[0x30, 6, 2, 1, 1, 2, 1, 1, 0],
            &[0x30, 7, 2, 1, 1, 2, 1, 1, 0],
            &[0x30, 0x81, 6, 2, 1, 1, 2, 1, 1],
            &long,
        ] {
            assert_eq!(ecdsa_p256(der), None, "{der:x?}");
        }
    }
}
