//! The life of keys.

use std::time::Duration;

use time::OffsetDateTime;

use super::*;

const NOW: u64 = 1_700_000_000;

fn at(seconds: u64) -> OffsetDateTime {
    crate::clock::instant(seconds * 1000)
}

fn states(keyring: &Keyring, seconds: u64) -> Vec<KeyState> {
    keyring.keys(at(seconds)).iter().map(|key| key.state).collect()
}

fn signer(keyring: &Keyring, seconds: u64) -> String {
    keyring.signing_key(seconds * 1000).unwrap().kid().to_owned()
}

#[test]
fn a_key_is_published_before_it_signs_and_verifies_after_it() {
    use KeyState::{Published, Retired, Signing, Verifying};
    for algorithm in SIGNING {
        let mut keyring = Keyring::generate(algorithm).unwrap();
        let first = signer(&keyring, NOW);
        let second = keyring.rotate(at(NOW)).unwrap();
        assert_ne!(first, second);
        for (seconds, expected, kid) in [
            (NOW, [Signing, Published], &first),
            (NOW + 599, [Signing, Published], &first),
            (NOW + 600, [Verifying, Signing], &second),
            (NOW + 600 + 86_399, [Verifying, Signing], &second),
            (NOW + 600 + 86_400, [Retired, Signing], &second),
        ] {
            assert_eq!(states(&keyring, seconds), expected, "{algorithm} at {seconds}");
            assert_eq!(signer(&keyring, seconds), *kid, "{algorithm} at {seconds}");
        }
        let infos = keyring.keys(at(NOW));
        assert!(infos.iter().all(|info| info.private && info.algorithm == algorithm));
        assert_eq!(infos[1].made_at, Some(at(NOW)));
        assert_eq!(infos[1].signs_from, Some(at(NOW + 600)));
        assert_eq!(infos[0].verifies_until, Some(at(NOW + 600 + 86_400)));
        assert_eq!((infos[0].signs_from, infos[1].verifies_until), (None, None));
    }
}

#[test]
fn every_process_that_reads_the_ring_changes_over_at_the_same_moment() {
    let mut keyring = Keyring::generate(Algorithm::EdDsa).unwrap();
    let second = keyring.rotate(at(NOW)).unwrap();
    let elsewhere = Keyring::from_jwks(&keyring.private_jwks()).unwrap();
    let verifier = Keyring::from_public_jwks(&keyring.jwks()).unwrap();
    for seconds in [NOW, NOW + 599, NOW + 600, NOW + 100_000] {
        assert_eq!(signer(&elsewhere, seconds), signer(&keyring, seconds));
        assert_eq!(states(&elsewhere, seconds), states(&keyring, seconds));
        for key in &keyring.0.keys {
            let there = verifier.find(key.kid()).unwrap();
            assert_eq!(there.verifies_at(seconds * 1000), key.verifies_at(seconds * 1000));
        }
    }
    assert!(verifier.find(&second).unwrap().verifies_at(NOW * 1000), "published keys verify already");
}

#[test]
fn purposes_and_clones_stay_as_they_are_when_the_ring_rotates() {
    for algorithm in SIGNING {
        let mut keyring = Keyring::generate(algorithm).unwrap();
        let before = (keyring.clone(), tag(&keyring));
        for round in 0..4 {
            keyring.rotate(at(NOW + round * 200_000)).unwrap();
            assert_eq!(tag(&keyring), before.1);
            assert_eq!(tag(&Keyring::from_jwks(&keyring.private_jwks()).unwrap()), before.1);
        }
        assert!(keyring.find(before.0.0.keys[0].kid()).is_none(), "the first key has left");
        assert_eq!(before.0.0.keys.len(), 1);
    }
}

#[test]
fn a_derived_root_outlives_the_key_that_it_came_from() {
    let first = Keyring::generate(Algorithm::EdDsa).unwrap();
    let pem = first.private_pem(first.0.keys[0].kid()).unwrap();
    let mut keyring = Keyring::from_pem("first", &pem).unwrap();
    let before = tag(&keyring);
    for round in 0..3 {
        keyring.rotate(at(NOW + round * 200_000)).unwrap();
    }
    assert!(keyring.find("first").is_none());
    assert_eq!(tag(&keyring), before);
}

#[test]
fn retired_keys_leave_at_the_next_rotation() {
    let mut keyring = Keyring::generate(Algorithm::Hs256).unwrap();
    let first = signer(&keyring, NOW);
    keyring.rotate(at(NOW)).unwrap();
    keyring.rotate(at(NOW + 86_400)).unwrap();
    assert!(keyring.find(&first).is_some(), "it verifies for ten minutes more");
    keyring.rotate(at(NOW + 87_000)).unwrap();
    assert!(keyring.find(&first).is_none());
    assert_eq!(keyring.0.keys.len(), 3);
}

#[test]
fn of_two_rotations_in_a_row_the_second_signs_in_the_end() {
    let mut keyring = Keyring::generate(Algorithm::EdDsa).unwrap();
    let first = signer(&keyring, NOW);
    let second = keyring.rotate(at(NOW)).unwrap();
    let third = keyring.rotate(at(NOW)).unwrap();
    assert_eq!(signer(&keyring, NOW + 599), first);
    assert_eq!(signer(&keyring, NOW + 600), second);
    assert_eq!(signer(&keyring, NOW + 601), third);
    let hasty = RotationSchedule { publish_for: Duration::ZERO, ..RotationSchedule::default() };
    let fourth = keyring.rotate_with(at(NOW + 1), &hasty).unwrap();
    assert_eq!(signer(&keyring, NOW + 602), fourth);
    // An end that was set stays: nothing prolongs a key.
    assert_eq!(keyring.keys(at(NOW))[0].verifies_until, Some(at(NOW + 600 + 86_400)));
}

#[test]
fn a_schedule_of_ones_own_is_kept() {
    let mut keyring = Keyring::generate(Algorithm::EdDsa).unwrap();
    let schedule =
        RotationSchedule { publish_for: Duration::from_secs(5), keep_verifying: Duration::from_secs(7) };
    keyring.rotate_with(at(NOW), &schedule).unwrap();
    let keys = keyring.keys(at(NOW));
    assert_eq!((keys[1].signs_from, keys[0].verifies_until), (Some(at(NOW + 5)), Some(at(NOW + 12))));
}

#[test]
fn where_no_key_may_sign_the_next_one_signs_at_once() {
    let text =
        Keyring::generate(Algorithm::EdDsa).unwrap().private_jwks().replace(r#""use""#, r#""exp":5,"use""#);
    let mut keyring = Keyring::from_jwks(&text).unwrap();
    assert!(keyring.signing_key(NOW * 1000).is_err());
    let next = keyring.rotate(at(NOW)).unwrap();
    assert_eq!(signer(&keyring, NOW), next);
    assert_eq!(keyring.0.keys.len(), 1);
}

#[test]
fn a_key_that_ends_too_soon_is_followed_without_a_gap() {
    let end = NOW + 60;
    let text = Keyring::generate(Algorithm::EdDsa).unwrap().private_jwks();
    let mut keyring =
        Keyring::from_jwks(&text.replace(r#""use""#, &format!(r#""exp":{end},"use""#))).unwrap();
    let first = signer(&keyring, NOW);
    let second = keyring.rotate(at(NOW)).unwrap();
    assert_eq!(signer(&keyring, end - 1), first);
    assert_eq!(signer(&keyring, end), second);
    assert_eq!(keyring.keys(at(NOW))[0].verifies_until, Some(at(end)));
}

#[test]
fn the_next_key_has_the_algorithm_of_the_one_that_signs() {
    let (first, other) =
        (Keyring::generate(Algorithm::EdDsa).unwrap(), Keyring::generate(Algorithm::Es256).unwrap());
    let mut keyring = first.joined(&other).unwrap();
    let next = keyring.rotate(at(NOW)).unwrap();
    assert_eq!(keyring.find(&next).unwrap().algorithm(), Algorithm::EdDsa);
}

#[test]
fn the_public_keys_of_others_keep_their_life() {
    let other = Keyring::from_public_jwks(&Keyring::generate(Algorithm::Es256).unwrap().jwks()).unwrap();
    let mut keyring = Keyring::generate(Algorithm::EdDsa).unwrap().joined(&other).unwrap();
    keyring.rotate(at(NOW)).unwrap();
    let kept = keyring.find(other.0.keys[0].kid()).unwrap();
    assert!(kept.verifies_at(u64::MAX));
    assert_eq!(states(&keyring, NOW), [KeyState::Signing, KeyState::Verifying, KeyState::Published]);
}

#[test]
fn a_ring_of_public_keys_and_a_full_ring_do_not_rotate() {
    let mut public = Keyring::from_public_jwks(&Keyring::generate(Algorithm::EdDsa).unwrap().jwks()).unwrap();
    assert_eq!(public.rotate(at(NOW)).unwrap_err().kind(), ErrorKind::InvalidKey);
    let mut keyring = Keyring::generate(Algorithm::Hs256).unwrap();
    for _ in 1..MOST_KEYS {
        keyring.rotate(at(NOW)).unwrap();
    }
    let before = keyring.private_jwks();
    assert_eq!(keyring.rotate(at(NOW)).unwrap_err().kind(), ErrorKind::InvalidKey);
    assert_eq!(*keyring.private_jwks(), *before);
}

#[test]
fn no_time_is_too_early_or_too_late() {
    let mut keyring = Keyring::generate(Algorithm::Hs256).unwrap();
    let forever = RotationSchedule { publish_for: Duration::MAX, keep_verifying: Duration::MAX };
    for now in [OffsetDateTime::UNIX_EPOCH - Duration::from_secs(1), crate::clock::instant(u64::MAX)] {
        keyring.rotate(now).unwrap();
        keyring.rotate_with(now, &forever).unwrap();
        assert!(keyring.keys(now).iter().filter(|key| key.state == KeyState::Signing).count() == 1);
    }
    assert!(keyring.signing_key(u64::MAX).is_ok());
}
