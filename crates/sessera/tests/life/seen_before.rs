//! Tokens whose signature was checked before.

use sessera::{Algorithm, Client, ErrorKind, Keyring, NewSession, Policy};

use crate::bench::{Bench, MINUTE, SIGNING};

#[test]
fn a_token_seen_before_is_judged_anew_each_time() {
    for algorithm in SIGNING {
        judge_a_token_seen_before(algorithm);
    }
}

fn judge_a_token_seen_before(algorithm: Algorithm) {
    let bench = Bench::with(algorithm, Policy::default());
    let secret = sessera::new_device_secret().unwrap();
    let client = Client::new().device(secret.as_str()).ip([203, 0, 113, 7].into());
    let issued = bench.sessions.issue(NewSession::new("user-42").claim("a", 1), &client).unwrap();
    let verify = |client: &Client| bench.sessions.verify(&issued.token, client);
    for _ in 0..4 {
        assert_eq!(verify(&client).unwrap().claims, issued.session.claims);
    }
    let stranger = Client::new().device(sessera::new_device_secret().unwrap());
    assert_eq!(verify(&stranger).unwrap_err().kind(), ErrorKind::BindingMismatch);
    assert_eq!(verify(&bench.client).unwrap_err().kind(), ErrorKind::BindingMismatch);
    assert!(verify(&client).is_ok());
    for at in [10, 100, issued.token.len() - 2] {
        let mut forged = issued.token.clone();
        let other = if &forged[at..=at] == "A" { "B" } else { "A" };
        forged.replace_range(at..=at, other);
        assert!(bench.sessions.verify(&forged, &client).is_err());
    }
    let ours = bench.sessions.keyring();
    bench.sessions.replace_keyring(Keyring::generate(algorithm).unwrap()).unwrap();
    assert_eq!(verify(&client).unwrap_err().kind(), ErrorKind::UnknownKey);
    bench.sessions.replace_keyring(ours).unwrap();
    assert!(verify(&client).is_ok());
    bench.sessions.revoke_session(&issued.session.id).unwrap();
    assert_eq!(verify(&client).unwrap_err().kind(), ErrorKind::Revoked);
    bench.clock.advance(31 * MINUTE);
    assert_eq!(verify(&client).unwrap_err().kind(), ErrorKind::Revoked);
    bench.clock.advance(12 * 60 * MINUTE);
    assert_eq!(verify(&client).unwrap_err().kind(), ErrorKind::Ended);
}

#[test]
fn a_token_is_remembered_once_its_signature_was_checked() {
    for (algorithm, sights) in [(Algorithm::EdDsa, 1), (Algorithm::Es256, 1), (Algorithm::Hs256, 2)] {
        let bench = Bench::with(algorithm, Policy::default());
        let token = bench.login().token;
        for _ in 0..sights {
            assert!(!bench.sessions.remembers(&token));
            assert!(bench.holds(&token));
        }
        assert!(bench.sessions.remembers(&token));
        assert!(!bench.sessions.remembers(&token[..token.len() - 1]));
        bench.sessions.replace_keyring(bench.sessions.keyring()).unwrap();
        assert!(!bench.sessions.remembers(&token), "under other keys");
    }
}
