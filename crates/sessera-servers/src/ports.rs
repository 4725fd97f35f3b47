//! Free ports of loopback.

use std::collections::HashSet;
use std::net::TcpListener;
use std::sync::Mutex;

/// The ports that were given out: the system may name one again as soon as it is let go.
static GIVEN: Mutex<Option<HashSet<u16>>> = Mutex::new(None);

/// A port that nothing listens on, and that no other call in this process gives.
pub fn free_port() -> u16 {
    loop {
        let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
        if GIVEN.lock().unwrap().get_or_insert_default().insert(port) {
            return port;
        }
    }
}
