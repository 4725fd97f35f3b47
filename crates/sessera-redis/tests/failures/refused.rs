//! Settings that can't work are refused at the start, with a reason.

use sessera::{ErrorKind, SessionError, Store as _};
use sessera_redis::{RedisOptions, RedisStore};
use sessera_servers::{Certificates, Redis, RedisOptions as ServerOptions, until};

use crate::{NOW, age, options, verifier};

#[track_caller]
fn refused(url: &str, options: RedisOptions) -> SessionError {
    RedisStore::open_with(url, options).expect_err("it can't work")
}

#[test]
fn a_server_that_may_forget_is_refused() {
    for policy in ["allkeys-lru", "volatile-ttl", "allkeys-random", "volatile-lfu"] {
        let lines = vec![format!("maxmemory 100mb\nmaxmemory-policy {policy}")];
        let redis = Redis::start_with(ServerOptions { lines, ..ServerOptions::default() });
        let error = refused(&redis.url(), options());
        assert_eq!(error.kind(), ErrorKind::InvalidConfig);
        assert!(error.to_string().contains("noeviction"), "{error}");
    }
}

#[test]
fn a_server_that_does_not_say_whether_it_forgets_is_told_of() {
    let user = |name: &str, may: &str| format!("user {name} on >secret ~{{sessera}}:* +@all -config {may}");
    let redis = Redis::start_with(ServerOptions {
        users: vec![user("told", "+info"), user("silent", "-info")],
        ..ServerOptions::default()
    });
    let problem = |name: &str| {
        let store = verifier(&format!("redis://{name}:secret@127.0.0.1:{}", redis.port()));
        until("a fresh one", || age(&store) < 1000);
        store.status(NOW).problem
    };
    assert_eq!(problem("told"), None);
    assert!(problem("silent").unwrap().contains("maxmemory-policy"));
}

#[test]
fn a_wrong_password_is_refused_and_not_repeated() {
    let redis = Redis::start_with(ServerOptions {
        password: Some("right".to_owned()),
        users: vec!["user app on >secret ~{sessera}:* +@all".to_owned()],
        ..ServerOptions::default()
    });
    let port = redis.port();
    for login in ["", ":wrong-1e7d@", "app:wrong-1e7d@", "nobody:wrong-1e7d@"] {
        let error = refused(&format!("redis://{login}127.0.0.1:{port}"), options());
        assert_eq!(error.kind(), ErrorKind::InvalidConfig, "{login} {error:?}");
        assert!(!format!("{error} {error:?}").contains("wrong-1e7d"), "{error}");
    }
    RedisStore::open_with(&redis.url(), options()).unwrap();
    RedisStore::open_with(&format!("redis://app:secret@127.0.0.1:{port}"), options()).unwrap();
}

#[test]
fn tls_and_plain_text_do_not_meet() {
    let redis = Redis::start_with(ServerOptions { tls: true, ..ServerOptions::default() });
    let trust = |certificates: &Certificates| {
        let authority = std::fs::read(certificates.authority()).unwrap();
        RedisOptions { root_certificates: Some(authority), ..options() }
    };
    let trusting = || trust(redis.certificates());
    RedisStore::open_with(&redis.tls_url(), trusting()).unwrap();
    refused(&format!("rediss://127.0.0.1:{}", redis.port()), trusting());
    refused(&redis.tls_url().replace("rediss", "redis"), options());
    refused(&redis.tls_url(), options());
    refused(&redis.tls_url(), trust(&Certificates::make()));
}
