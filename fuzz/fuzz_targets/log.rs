//! Any bytes in Redis's log and state: what is read says the same when it is written again, and nothing panics.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sessera_redis::fuzzing;

fuzz_target!(|bytes: &[u8]| {
    let (count, all) = fuzzing::records(bytes);
    assert!(count <= bytes.len());
    let written = fuzzing::rewrite(bytes);
    let (again, readable) = fuzzing::records(&written);
    assert!(readable);
    assert_eq!(again, if all { count } else { count - 1 });
    assert_eq!(fuzzing::rewrite(&written), written);

    let mut parts = bytes.split(|byte| *byte == 0);
    let id = parts.next().unwrap_or_default();
    let rest: Vec<_> = parts.collect();
    let pairs: Vec<_> = rest.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect();
    fuzzing::entry(id, &pairs);
    fuzzing::cut(id, rest.first().copied().unwrap_or_default());
    if let Ok(text) = std::str::from_utf8(bytes) {
        fuzzing::url(text);
    }
});
