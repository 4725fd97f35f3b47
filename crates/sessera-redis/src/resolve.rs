//! From the name of a host to its addresses, within a deadline.

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::sync::Mutex;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Instant;

use crate::shared::lock;
use crate::socket::late;

/// Look-ups that may be under way in a process. The system gives no way to end one, so each takes a thread until it
/// is over; a resolver that says nothing must not be asked without end.
const MOST: usize = 8;

/// The process that looks up, and what it waits for.
static UNDER_WAY: Mutex<(u32, usize)> = Mutex::new((0, 0));

/// The addresses of a host.
pub(crate) fn resolve(host: &str, port: u16, deadline: Instant) -> io::Result<Vec<SocketAddr>> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![(address, port).into()]);
    }
    let host = host.to_owned();
    by(deadline, move || (host.as_str(), port).to_socket_addrs().map(Iterator::collect))
}

fn by(
    deadline: Instant,
    look_up: impl FnOnce() -> io::Result<Vec<SocketAddr>> + Send + 'static,
) -> io::Result<Vec<SocketAddr>> {
    let process = std::process::id();
    {
        let mut under_way = lock(&UNDER_WAY);
        if under_way.0 != process {
            // A fork brings no threads along.
            *under_way = (process, 0);
        }
        if under_way.1 >= MOST {
            return Err(late());
        }
        under_way.1 += 1;
    }
    let (tell, told) = channel();
    let looking = std::thread::Builder::new().name("sessera-resolve".to_owned()).spawn(move || {
        let found = look_up();
        over(process);
        // Nobody may wait any more.
        let _ = tell.send(found);
    });
    if let Err(error) = looking {
        over(process);
        return Err(error);
    }
    match told.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        Ok(found) => found,
        Err(RecvTimeoutError::Timeout) => Err(late()),
        Err(RecvTimeoutError::Disconnected) => Err(io::Error::other("the look-up of a name broke off")),
    }
}

fn over(process: u32) {
    let mut under_way = lock(&UNDER_WAY);
    if under_way.0 == process {
        under_way.1 = under_way.1.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::sync_channel;
    use std::time::Duration;

    use super::*;

    /// No name server that stays silent can be put in place of the system's for one test: these look-ups stand in
    /// for it.
    #[test]
    fn a_name_that_nobody_resolves_is_given_up_and_asked_for_by_a_few_threads_only() {
        let soon = || Instant::now() + Duration::from_millis(20);
        let (silent, waiting) = sync_channel::<()>(0);
        let waiting = std::sync::Arc::new(Mutex::new(waiting));
        let ask = || {
            let waiting = std::sync::Arc::clone(&waiting);
            by(soon(), move || {
                let _ = lock(&waiting).recv();
                Err(late())
            })
        };
        for _ in 0..MOST * 3 {
            assert_eq!(ask().unwrap_err().kind(), io::ErrorKind::TimedOut);
        }
        assert_eq!(lock(&UNDER_WAY).1, MOST);
        drop(silent);
        while lock(&UNDER_WAY).1 > 0 {
            std::thread::park_timeout(Duration::from_millis(1));
        }
        let patient = Instant::now() + Duration::from_secs(60);
        assert!(resolve("localhost", 7, patient).unwrap().iter().all(|address| address.ip().is_loopback()));
        assert_eq!(resolve("::1", 7, soon()).unwrap(), ["[::1]:7".parse().unwrap()]);
    }
}
