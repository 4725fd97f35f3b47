//! Every way to a server.

use sessera_redis::{RedisOptions, RedisStore};
use sessera_servers::{Redis, RedisOptions as ServerOptions};

use crate::{all_know, options, revoke, verifier};

#[test]
fn a_mark_goes_from_one_way_in_to_all_others() {
    let redis = Redis::start_with(ServerOptions {
        tls: true,
        // No more than docs/fleet.md says.
        users: vec![
            "user app on >se:cret ~{sessera}:* +@all -@admin -@dangerous +config|get +info +role".to_owned(),
        ],
        ..ServerOptions::default()
    });
    let trust = std::fs::read(redis.certificates().authority()).unwrap();
    let trusting = RedisOptions { root_certificates: Some(trust), ..options() };
    let stores = [
        verifier(&redis.url()),
        verifier(&format!("redis://app:se%3Acret@localhost:{}", redis.port())),
        verifier(&format!("redis+unix://{}", redis.socket().display())),
        RedisStore::open_with(&redis.tls_url(), trusting).unwrap(),
    ];
    for (number, store) in (0..).zip(&stores) {
        revoke(store, number);
    }
    all_know(&stores.iter().collect::<Vec<_>>(), 0..4);
}
