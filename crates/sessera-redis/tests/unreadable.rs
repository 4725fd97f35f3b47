//! What Redis, its operators and its logs can't read.

use sessera::{ErrorKind, Mark, SessionData, SessionId, SessionRecord, Store};
use sessera_redis::{RedisOptions, RedisStore};
use sessera_servers::{Redis, RedisOptions as Server};

const NOW: u64 = 1_700_000_000_000;
const LATER: u64 = NOW + 12 * 3_600_000;

/// All that Redis keeps, as bytes.
fn everything(redis: &Redis) -> Vec<u8> {
    let keys: Vec<String> = redis.command(&["KEYS", "*"]);
    let mut all = Vec::new();
    for key in keys {
        all.extend_from_slice(key.as_bytes());
        let kind: String = redis.command(&["TYPE", &key]);
        let values: Vec<Vec<u8>> = match kind.as_str() {
            "string" => vec![redis.command(&["GET", &key])],
            "hash" => redis.command(&["HGETALL", &key]),
            "stream" => {
                let entries: Vec<(String, Vec<Vec<u8>>)> = redis.command(&["XRANGE", &key, "-", "+"]);
                entries.into_iter().flat_map(|(_, fields)| fields).collect()
            }
            other => vec![other.as_bytes().to_vec()],
        };
        all.extend(values.into_iter().flatten());
    }
    all
}

fn has(all: &[u8], text: &[u8]) -> bool {
    all.windows(text.len()).any(|window| window == text)
}

#[test]
fn neither_subjects_nor_ids_nor_data_nor_lines_are_readable() {
    for secret in [None, Some("known to the fleet".into())] {
        let redis = Redis::start();
        let options = RedisOptions { secret, ..RedisOptions::default() };
        let store = RedisStore::open_with(&redis.url(), options).unwrap();
        let (id, subject) = (SessionId::from_bytes(*b"0123456789abcdef"), "somebody@example.com");
        let data = SessionData {
            id,
            subject: subject.to_owned(),
            started_at: NOW,
            expires_at: LATER,
            bytes: b"the contents of a cart".to_vec(),
        };
        store.put_data(&data, NOW).unwrap();
        let record = SessionRecord {
            id,
            subject: subject.to_owned(),
            started_at: NOW,
            last_seen: NOW,
            expires_at: LATER,
            label: Some("firefox/linux".to_owned()),
            network: Some("203.0.113.0/24".to_owned()),
        };
        store.record(&record, NOW).unwrap();
        let cut = |subject: &str| Mark::Subject { subject: subject.to_owned(), cut: 5, keep_until: LATER };
        store.append(&cut(subject), NOW).unwrap();
        let all = everything(&redis);
        for secret in [
            subject.as_bytes(),
            b"0123456789abcdef",
            id.to_string().as_bytes(),
            b"contents",
            b"firefox",
            b"203.0.113",
            b"known to the fleet",
        ] {
            assert!(!has(&all, secret), "{}", String::from_utf8_lossy(secret));
        }
        // There is something to find.
        assert!(has(&all, b"{sessera}:d:") && has(&all, b"{sessera}:l:"));
        assert_eq!(store.data(id, NOW).unwrap().unwrap(), b"the contents of a cart");
        assert_eq!(store.records(subject, NOW).unwrap(), [record]);
        let expiring: Vec<String> = redis.command(&["KEYS", "{sessera}:[dl]:*"]);
        for key in expiring {
            let left: u64 = redis.command(&["PTTL", &key]);
            assert!(left > 11 * 3_600_000 && left <= 12 * 3_600_000 + 60_000, "{left}");
        }
    }
}

#[test]
fn a_process_with_another_secret_is_refused() {
    let redis = Redis::start();
    let open = |secret: Option<&str>| {
        let secret = secret.map(sessera_redis::Secret::from);
        RedisStore::open_with(&redis.url(), RedisOptions { secret, ..RedisOptions::default() })
    };
    let _fleet = open(Some("one")).unwrap();
    for secret in [None, Some("two")] {
        let error = open(secret).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidConfig);
        assert!(error.to_string().contains("secret"), "{error}");
    }
    open(Some("one")).unwrap();
}

#[test]
fn neither_debug_nor_errors_show_a_password_or_the_secret() {
    let server = Server { password: Some("hunter2".to_owned()), ..Server::default() };
    let redis = Redis::start_with(server);
    let options = || RedisOptions { secret: Some("hush-hush".into()), ..RedisOptions::default() };
    let store = RedisStore::open_with(&redis.url(), options()).unwrap();
    let shown = format!("{store:?} {:?} {:?}", options(), store.status(NOW));
    assert!(!shown.contains("hunter2") && !shown.contains("hush"), "{shown}");
    let wrong = redis.url().replace("hunter2", "swordfish");
    let error = RedisStore::open_with(&wrong, options()).unwrap_err();
    let mut said = vec![format!("{error} {error:?}")];
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        said.push(format!("{cause} {cause:?}"));
        source = cause.source();
    }
    let said = said.join(" ");
    assert!(!said.contains("swordfish") && !said.contains("hunter2") && !said.contains("hush"), "{said}");
}

#[test]
fn who_may_not_read_the_configuration_may_open_all_the_same() {
    let users = vec!["user app on >secret ~{sessera}:* +@all -@admin -@dangerous +info".to_owned()];
    let redis = Redis::start_with(Server { users, ..Server::default() });
    let url = redis.url().replace("redis://", "redis://app:secret@");
    let store = RedisStore::open(&url).unwrap();
    store.append(&Mark::Key { kid: "leaked".to_owned() }, NOW).unwrap();
    redis.command::<()>(&["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]);
    assert_eq!(RedisStore::open(&url).unwrap_err().kind(), ErrorKind::InvalidConfig);
}
