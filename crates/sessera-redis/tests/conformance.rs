//! The rules that every store keeps, on a real server.
//!
//! A process of a fleet learns of a mark a moment after it was written, and not at its next refresh. So the rules
//! are asked of a handle that reads all there is at each refresh, as a live check does.
#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::sync::Arc;

use sessera::{
    Advance, Advanced, Mark, Result, RevocationIndex, RevocationState, SessionData, SessionId, SessionRecord,
    Store,
};
use sessera_redis::{RedisOptions, RedisStore};
use sessera_servers::Redis;

struct Live(RedisStore);

impl Store for Live {
    fn index(&self) -> &RevocationIndex {
        self.0.index()
    }

    fn refresh(&self, now: u64) -> u64 {
        self.0.sync(now).unwrap();
        // What has come since is a matter of milliseconds, on a machine that is not overrun.
        if self.0.refresh(now) < 60_000 { 0 } else { u64::MAX }
    }

    fn sync(&self, now: u64) -> Result<()> {
        self.0.sync(now)
    }

    fn advance(&self, advance: &Advance) -> Result<Advanced> {
        self.0.advance(advance)
    }

    fn append(&self, mark: &Mark, now: u64) -> Result<RevocationState> {
        self.0.append(mark, now)
    }

    fn append_later(&self, mark: &Mark, now: u64) {
        self.0.append_later(mark, now);
    }

    fn put_data(&self, data: &SessionData, now: u64) -> Result<()> {
        self.0.put_data(data, now)
    }

    fn data(&self, id: SessionId, now: u64) -> Result<Option<Vec<u8>>> {
        self.0.data(id, now)
    }

    fn remove_data(&self, id: SessionId, now: u64) -> Result<()> {
        self.0.remove_data(id, now)
    }

    fn record(&self, record: &SessionRecord, now: u64) -> Result<()> {
        self.0.record(record, now)
    }

    fn records(&self, subject: &str, now: u64) -> Result<Vec<SessionRecord>> {
        self.0.records(subject, now)
    }
}

fn store(options: RedisOptions) -> impl Fn() -> Arc<dyn Store> {
    let redis = Redis::start();
    move || Arc::new(Live(RedisStore::open_with(&redis.url(), options.clone()).unwrap()))
}

mod plain {
    use super::*;

    sessera_testkit::conformance!(store(RedisOptions::default()));
}

mod keyed {
    use super::*;

    sessera_testkit::conformance!(store(RedisOptions {
        namespace: "shop:eu-1".to_owned(),
        secret: Some("known to the fleet".into()),
        connections: 1,
        ..RedisOptions::default()
    }));
}
