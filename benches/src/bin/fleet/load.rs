//! Many marks.

use std::time::{Duration, Instant};

use sessera::Store as _;
use sessera_redis::RedisStore;
use sessera_servers::{Disk, until};

use crate::{NOW, is_revoked, on_processor, revoked, server, server_on_processor, timed};

/// Revocations a second, many at once.
pub(crate) fn pipelined(marks: u64) {
    let redis = server(Disk::Everysec);
    let (writer, reader) = (RedisStore::open(&redis.url()).unwrap(), RedisStore::open(&redis.url()).unwrap());
    let marks: Vec<_> = (0..marks).map(revoked).collect();
    let (began, server_began) = (Instant::now(), server_on_processor(&redis));
    writer.append_all(&marks, NOW).unwrap();
    let (stored, server) = (began.elapsed(), server_on_processor(&redis) - server_began);
    while !is_revoked(reader.index(), &marks[marks.len() - 1]) {
        std::thread::park_timeout(Duration::from_millis(1));
    }
    let seen = began.elapsed();
    let rate = |time: Duration| marks.len() as f64 / time.as_secs_f64();
    println!("append_all of {}, AOF everysec", marks.len());
    println!("  stored {:.0} a second, known to another process {:.0} a second", rate(stored), rate(seen));
    let each = server.as_secs_f64() * 1e6 / marks.len() as f64;
    println!("  {each:.2} µs of the server's processor a mark: {:.0} a second of it", rate(server));
}

/// The memory that marks take, and a start with them.
pub(crate) fn cold(marks: u64) {
    let redis = server(Disk::Nothing);
    {
        let writer = RedisStore::open(&redis.url()).unwrap();
        for from in (0..marks).step_by(100_000) {
            writer.append_all(&(from..from + 100_000).map(revoked).collect::<Vec<_>>(), NOW).unwrap();
        }
        // But for the field that keeps it there.
        let recent = || redis.command::<u64>(&["HLEN", "{sessera}:recent"]) - 1;
        let largest = recent();
        // The compactor is at work every second, and folds what little is left after a minute.
        let began = Instant::now();
        while recent() > 0 && began.elapsed() < Duration::from_secs(90) {
            std::thread::park_timeout(Duration::from_millis(200));
        }
        println!("{marks} marks: {largest} not folded at the end of the writes, {} later", recent());
    }
    let bytes: u64 = redis.command(&["MEMORY", "USAGE", "{sessera}:packs", "SAMPLES", "0"]);
    println!(
        "  {:.1} bytes of Redis's memory a mark (MEMORY USAGE of the packs)",
        bytes as f64 / marks as f64
    );
    let mut times: Vec<_> = (0..7)
        .map(|_| {
            let mut opened = None;
            let (own, server) = (on_processor(), server_on_processor(&redis));
            let time = timed(|| opened = Some(RedisStore::open(&redis.url()).unwrap()));
            let (own, server) = (on_processor() - own, server_on_processor(&redis) - server);
            let store = opened.unwrap();
            until("all marks", || store.index().len() as u64 == marks);
            (time, own, server)
        })
        .collect();
    times.sort_unstable();
    for (name, (time, own, server)) in [("fastest", times[0]), ("median", times[times.len() / 2])] {
        println!(
            "  cold load with index, {name}: {time:?}, of which {own:?} on our processor, {server:?} on Redis's"
        );
    }
}
