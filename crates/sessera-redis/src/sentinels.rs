//! Asking the sentinels whether a server is still the primary.
//!
//! A primary that was frozen and goes on answers as before, although the fleet writes to another one by then. So a
//! beat counts only where the sentinels name the same server after it was sent. See `PROTOCOL.md`.

use std::sync::{Arc, Mutex};
use std::thread::{Thread, park_timeout};
use std::time::{Duration, Instant};

use redis::{ConnectionInfo, cmd};
use rustls::ClientConfig;

use crate::connection::{Connection, Server};
use crate::shared::{Shared, lock};

/// How long a sentinel may take to answer.
const PATIENCE: Duration = Duration::from_millis(200);
/// How long a sentinel that can't be reached is left alone.
const PAUSE: Duration = Duration::from_secs(1);
/// How long a sentinel that changed its mind outweighs the others. They learn of a failover within two seconds, so
/// one that differs for longer was cut off from them.
const HEED: Duration = Duration::from_secs(10);

/// What the sentinels said last.
#[derive(Debug, Default)]
pub(crate) struct Sentinels {
    known: Mutex<Known>,
    asking: Mutex<Option<Thread>>,
}

#[derive(Debug, Default)]
struct Known {
    /// When they were asked.
    asked: Option<Instant>,
    verdict: Verdict,
}

/// What a panel of sentinels said.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum Verdict {
    /// Most of them name this server, and none has just begun to name another.
    Primary(Server),
    /// Too few answer, or they differ.
    #[default]
    Unclear,
}

impl Sentinels {
    /// Has them asked now.
    pub(crate) fn ask(&self) {
        if let Some(thread) = &*lock(&self.asking) {
            thread.unpark();
        }
    }

    /// What they said when they were asked at this moment or later; `None` where that is not known yet.
    pub(crate) fn verdict_since(&self, since: Instant) -> Option<Verdict> {
        let known = lock(&self.known);
        known.asked.is_some_and(|asked| asked >= since).then(|| known.verdict.clone())
    }

    /// Whether nothing is known against it that this server is the primary.
    pub(crate) fn may_be_primary(&self, server: Option<&Server>) -> bool {
        match (&lock(&self.known).verdict, server) {
            (Verdict::Primary(primary), Some(server)) => primary == server,
            _ => true,
        }
    }

    /// Notes what was said.
    pub(crate) fn heard(&self, asked: Instant, verdict: Verdict) {
        *lock(&self.known) = Known { asked: Some(asked), verdict };
    }
}

/// Asks until the store is dropped.
pub(crate) fn run(shared: &Arc<Shared>) {
    let Some(mut panel) = shared.connector.panel() else { return };
    let sentinels = shared.connector.sentinels();
    {
        let _inside = shared.gate.enter();
        *lock(&sentinels.asking) = Some(std::thread::current());
    }
    while !shared.is_stopped() {
        let asked = Instant::now();
        let verdict = panel.ask();
        {
            let _inside = shared.gate.enter();
            sentinels.heard(asked, verdict);
        }
        park_timeout(shared.options.beat_interval);
    }
}

/// Connections to all sentinels that a URL names.
pub(crate) struct Panel {
    seats: Vec<Seat>,
    master: String,
    tls: Option<Arc<ClientConfig>>,
}

struct Seat {
    info: ConnectionInfo,
    connection: Option<Connection>,
    /// When there is another attempt to connect.
    again: Option<Instant>,
    said: Option<Said>,
}

/// What a sentinel says, and since when.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Said {
    primary: Server,
    since: Instant,
}

impl Panel {
    pub(crate) fn new(
        sentinels: Vec<ConnectionInfo>,
        master: String,
        tls: Option<Arc<ClientConfig>>,
    ) -> Self {
        let seats = sentinels.into_iter();
        let seats = seats.map(|info| Seat { info, connection: None, again: None, said: None }).collect();
        Self { seats, master, tls }
    }

    /// Asks all of them at once.
    pub(crate) fn ask(&mut self) -> Verdict {
        let mut question = cmd("SENTINEL");
        question.arg("GET-MASTER-ADDR-BY-NAME").arg(&self.master);
        let packed = question.get_packed_command();
        for seat in &mut self.seats {
            seat.connect(self.tls.as_ref());
            if seat.connection.as_mut().is_some_and(|connection| connection.send(&packed).is_err()) {
                seat.connection = None;
            }
        }
        let now = Instant::now();
        let said: Vec<_> = self.seats.iter_mut().map(|seat| seat.answer(now).cloned()).collect();
        judge(&said, now)
    }
}

impl Seat {
    fn connect(&mut self, tls: Option<&Arc<ClientConfig>>) {
        let now = Instant::now();
        if self.connection.is_some() || self.again.is_some_and(|again| now < again) {
            return;
        }
        let (addr, login) = (self.info.addr(), self.info.redis_settings());
        self.connection = Connection::open(addr, tls, login, PATIENCE, None).ok();
        self.again = Some(now + PAUSE);
    }

    /// What it says now; `None` where it says nothing.
    fn answer(&mut self, now: Instant) -> Option<&Said> {
        let reply = self.connection.as_mut()?.receive().and_then(redis::Value::extract_error);
        let server = reply.and_then(|reply| Ok(redis::from_redis_value::<Option<Server>>(reply)?));
        match server {
            Ok(Some(primary)) => {
                if self.said.as_ref().is_none_or(|said| said.primary != primary) {
                    self.said = Some(Said { primary, since: now });
                }
                self.said.as_ref()
            }
            Ok(None) => None,
            Err(_) => {
                self.connection = None;
                None
            }
        }
    }
}

/// The server that more than half of them name. The one that leads a failover names the new primary before the others
/// do, so one that changed its mind a moment ago outweighs them.
fn judge(said: &[Option<Said>], now: Instant) -> Verdict {
    let named = |server: &Server| said.iter().flatten().filter(|said| said.primary == *server).count();
    let most = said.iter().flatten().map(|said| &said.primary).max_by_key(|server| named(server));
    let Some(primary) = most.filter(|server| named(server) * 2 > said.len()) else {
        return Verdict::Unclear;
    };
    let mut others = said.iter().flatten().filter(|said| said.primary != *primary);
    if others.any(|said| now.saturating_duration_since(said.since) < HEED) {
        return Verdict::Unclear;
    }
    Verdict::Primary(primary.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn most_of_the_sentinels_name_the_primary() {
        let (old, new) = (Instant::now(), Instant::now() + HEED + PAUSE);
        let says = |port: u16, since: Instant| Some(Said { primary: ("host".to_owned(), port), since });
        let primary = |port: u16| Verdict::Primary(("host".to_owned(), port));
        assert_eq!(judge(&[says(1, old)], new), primary(1));
        assert_eq!(judge(&[says(1, old), says(1, old), None], new), primary(1));
        assert_eq!(judge(&[says(1, old), None, None], new), Verdict::Unclear);
        assert_eq!(judge(&[None, None, None], new), Verdict::Unclear);
        assert_eq!(judge(&[says(1, old), says(2, old)], new), Verdict::Unclear);
        // The leader of a failover, and one that was cut off long ago.
        assert_eq!(judge(&[says(1, old), says(1, old), says(2, new)], new), Verdict::Unclear);
        assert_eq!(judge(&[says(1, old), says(2, new), says(2, new)], new), primary(2));
        assert_eq!(judge(&[says(1, old), says(1, old), says(2, old)], new), primary(1));
    }
}
