//! Who answers is no Redis, or no sentinel, or a node of a cluster that leads nowhere.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use sessera::{ErrorKind, RevocationState, SessionError, Store as _};
use sessera_redis::{RedisOptions, RedisStore};
use sessera_servers::{Proxy, Redis, eventually, until};

use crate::{NOW, age, all_know, knows_all, options, revoke, revoked, verifier};

/// What an impostor says to a command.
enum Says {
    Bytes(Vec<u8>),
    /// A text that never ends, as fast as it is read.
    Endless,
    /// A text that never ends, a byte at a time.
    Drops,
    Nothing,
}

impl Says {
    fn text(text: &str) -> Self {
        Self::Bytes(text.as_bytes().to_vec())
    }
}

/// Listens on loopback, and answers as it was told until the test is over.
struct Impostor {
    port: u16,
    /// Bytes that were taken of it.
    sent: Arc<AtomicU64>,
}

impl Impostor {
    fn start(says: impl Fn(&[String], u16) -> Says + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let (port, sent, says) = (listener.local_addr().unwrap().port(), Arc::default(), Arc::new(says));
        let counted = Arc::clone(&sent);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (says, taken) = (Arc::clone(&says), Arc::clone(&counted));
                // Whoever it talks to may be gone at any moment.
                thread::spawn(move || talk(&stream, &*says, port, &taken));
            }
        });
        Self { port, sent }
    }

    fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }
}

fn talk(
    stream: &TcpStream,
    says: &dyn Fn(&[String], u16) -> Says,
    port: u16,
    taken: &AtomicU64,
) -> Option<()> {
    let (mut reader, mut writer) = (BufReader::new(stream), stream);
    let mut send = |bytes: &[u8]| {
        writer.write_all(bytes).ok()?;
        taken.fetch_add(bytes.len().try_into().ok()?, Ordering::Relaxed);
        Some(())
    };
    loop {
        match says(&command(&mut reader)?, port) {
            Says::Bytes(bytes) => send(&bytes)?,
            Says::Endless => {
                send(b"$9000000000000\r\n")?;
                while send(&[b'x'; 1 << 14]).is_some() {}
                return None;
            }
            Says::Drops => {
                send(b"$9000000000000\r\n")?;
                while send(b"x").is_some() {
                    thread::park_timeout(Duration::from_millis(20));
                }
                return None;
            }
            Says::Nothing => {}
        }
    }
}

fn command(reader: &mut BufReader<&TcpStream>) -> Option<Vec<String>> {
    let number = |reader: &mut BufReader<&TcpStream>| {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        line.get(1..)?.trim().parse::<usize>().ok()
    };
    let words = number(reader)?;
    (0..words)
        .map(|_| {
            let mut word = vec![0; number(reader)? + 2];
            reader.read_exact(&mut word).ok()?;
            word.truncate(word.len() - 2);
            Some(String::from_utf8_lossy(&word).into_owned())
        })
        .collect()
}

fn bulk(text: &str) -> String {
    format!("${}\r\n{text}\r\n", text.len())
}

fn list(texts: &[String]) -> String {
    format!("*{}\r\n{}", texts.len(), texts.concat())
}

/// What a server says before any of our scripts is called.
fn greets(words: &[String]) -> Option<Says> {
    match words.first()?.to_ascii_uppercase().as_str() {
        "CLIENT" | "AUTH" | "SELECT" | "ASKING" => Some(Says::text("+OK\r\n")),
        "ROLE" => Some(Says::text(&list(&[bulk("master"), ":0\r\n".to_owned(), list(&[])]))),
        "CONFIG" => Some(Says::text(&list(&[bulk("maxmemory-policy"), bulk("noeviction")]))),
        _ => None,
    }
}

fn impatient() -> RedisOptions {
    RedisOptions { timeout: Duration::from_millis(200), quota: 10_000, ..options() }
}

/// Opening ends, and not well.
#[track_caller]
fn refused(url: &str) -> SessionError {
    let url = url.to_owned();
    let opening = thread::spawn(move || RedisStore::open_with(&url, impatient()).map(drop));
    until("an end of the attempt", || opening.is_finished());
    opening.join().expect("no panic").expect_err("it can't work")
}

const GARBAGE: [&str; 12] = [
    "HTTP/1.1 400 Bad Request\r\n\r\n",
    "-ERR no\r\n",
    "-\r\n",
    "$-1\r\n",
    ":18446744073709551616\r\n",
    "*2000000000\r\n",
    "$-9\r\n",
    "*-7\r\n",
    "%2\r\n+a\r\n+b\r\n+c\r\n:1\r\n",
    "*2\r\n$9\r\n127.0.0.1\r\n$5\r\n99999\r\n",
    "*2\r\n:1\r\n*2\r\n+a\r\n-ERR x\r\n",
    "\0\0\0\0\r\n",
];

#[test]
fn a_sentinel_that_lies_or_says_nothing_that_can_be_read_is_not_followed() {
    let primary = Redis::start();
    let replica = Redis::replica_of(primary.port());
    let names = |port: u16| {
        Impostor::start(move |words, _| {
            greets(words).unwrap_or_else(|| Says::text(&list(&[bulk("127.0.0.1"), bulk(&port.to_string())])))
        })
    };
    let url = |ports: &[u16]| {
        let hosts: Vec<_> = ports.iter().map(|port| format!("127.0.0.1:{port}")).collect();
        format!("redis+sentinel://{}/fleet", hosts.join(","))
    };
    // No primary, nobody, and one that answers what sentinels do.
    let nobody = sessera_servers::free_port();
    let (to_replica, to_nobody) = (names(replica.port()), names(nobody));
    for lie in [to_replica.port, to_nobody.port] {
        assert_eq!(refused(&url(&[lie])).kind(), ErrorKind::StoreUnavailable);
    }
    for garbage in GARBAGE {
        let sentinel = Impostor::start(|words, _| greets(words).unwrap_or_else(|| Says::text(garbage)));
        assert_eq!(refused(&url(&[sentinel.port])).kind(), ErrorKind::StoreUnavailable, "{garbage:?}");
        let at_once = Impostor::start(|_, _| Says::text(garbage));
        refused(&url(&[at_once.port]));
    }
    let endless = Impostor::start(|words, _| greets(words).unwrap_or(Says::Endless));
    let slow = Impostor::start(|words, _| greets(words).unwrap_or(Says::Drops));
    let silent = Impostor::start(|words, _| greets(words).unwrap_or(Says::Nothing));
    for sentinel in [&endless, &slow, &silent] {
        assert_eq!(refused(&url(&[sentinel.port])).kind(), ErrorKind::StoreUnavailable);
    }
    assert!(endless.sent.load(Ordering::Relaxed) < 1 << 26, "nobody reads all that is sent");
    // One that tells the truth is enough.
    let honest = names(primary.port());
    let store = eventually("an opened store", || {
        let all = url(&[to_replica.port, to_nobody.port, slow.port, honest.port]);
        RedisStore::open_with(&all, impatient()).ok()
    });
    until("a write", || store.append(&revoked(0), NOW).is_ok());
    all_know(&[&store, &verifier(&primary.url())], 0..1);
}

/// The answer to `CLUSTER SLOTS`: all of them are there.
fn all_slots(host: &str, port: u16) -> Says {
    let node = list(&[bulk(host), format!(":{port}\r\n"), bulk("id")]);
    Says::text(&list(&[list(&[":0\r\n".to_owned(), ":16383\r\n".to_owned(), node])]))
}

#[test]
fn a_node_of_a_cluster_that_leads_on_for_ever_is_given_up() {
    let nobody = sessera_servers::free_port();
    let node = |code: &'static str, to: Option<u16>, owner: Option<u16>| {
        Impostor::start(move |words, own| {
            greets(words).unwrap_or_else(|| match words.get(1).map(String::as_str) {
                Some("KEYSLOT") => Says::text(":7\r\n"),
                Some("SLOTS") => all_slots("127.0.0.1", owner.unwrap_or(own)),
                _ => Says::text(&format!("-{code} 7 127.0.0.1:{}\r\n", to.unwrap_or(own))),
            })
        })
    };
    for code in ["MOVED", "ASK"] {
        for (to, owner) in [(None, None), (Some(nobody), None), (None, Some(nobody)), (Some(0), None)] {
            let node = node(code, to, owner);
            let url = format!("redis+cluster://127.0.0.1:{}", node.port);
            assert_eq!(refused(&url).kind(), ErrorKind::StoreUnavailable, "{code}");
        }
    }
    for garbage in GARBAGE.into_iter().chain([
        "-MOVED\r\n",
        "-ASK 7\r\n",
        "-ASK x :\r\n",
        "*1\r\n*3\r\n:0\r\n:16383\r\n*0\r\n",
    ]) {
        let node = Impostor::start(|words, _| greets(words).unwrap_or_else(|| Says::text(garbage)));
        let url = format!("redis+cluster://127.0.0.1:{}", node.port);
        assert_eq!(refused(&url).kind(), ErrorKind::StoreUnavailable, "{garbage:?}");
    }
}

#[test]
fn a_server_that_lists_without_end_or_sends_without_end_is_given_up() {
    // A head as our scripts give it, and then a key that has no end.
    let check = {
        let redis = Redis::start();
        drop(verifier(&redis.url()));
        redis.command::<Vec<u8>>(&["HGET", "{sessera}:head", "names"])
    };
    let head = move || {
        let mut head = b"*8\r\n$1\r\n7\r\n$1\r\n0\r\n$16\r\n0000000000000000\r\n$1\r\n1\r\n$16\r\n".to_vec();
        head.extend_from_slice(&check);
        head.extend_from_slice(b"\r\n$-1\r\n$-1\r\n$-1\r\n");
        head
    };
    let lists = |page: fn() -> Says| {
        let head = head.clone();
        Impostor::start(move |words, _| {
            greets(words).unwrap_or_else(|| match words[0].as_str() {
                "EVALSHA" => Says::Bytes(head()),
                "HSCAN" => page(),
                _ => Says::text("-ERR no\r\n"),
            })
        })
    };
    let pages: [fn() -> Says; 5] = [
        || Says::text(&list(&[bulk("1"), list(&[])])),
        || {
            let field = bulk("0123456789abcdef") + &bulk("0123456789");
            Says::text(&list(&[bulk("1"), format!("*2000\r\n{}", field.repeat(1000))]))
        },
        || Says::Endless,
        || Says::Drops,
        // This one ends, and is read to its end: so it is what was said above that was not believed.
        || Says::text(&list(&[bulk("0"), list(&[])])),
    ];
    let sent = pages.map(|page| {
        let server = lists(page);
        assert_eq!(refused(&server.url()).kind(), ErrorKind::StoreUnavailable);
        server.sent.load(Ordering::Relaxed)
    });
    assert!(sent.iter().all(|sent| *sent < 1 << 28), "nobody reads all that is sent: {sent:?}");
}

#[test]
fn a_server_that_becomes_another_takes_nothing_from_those_who_know() {
    let redis = Redis::start();
    let name = Proxy::to(redis.port());
    let store = RedisStore::open_with(&name.url(), impatient()).unwrap();
    (0..20).for_each(|number| revoke(&store, number));
    let impostors = [
        Impostor::start(|_, _| Says::text("HTTP/1.1 400 Bad Request\r\n\r\n")),
        Impostor::start(|_, _| Says::Drops),
        Impostor::start(|words, _| greets(words).unwrap_or(Says::Endless)),
        Impostor::start(|words, _| greets(words).unwrap_or_else(|| Says::text("*0\r\n"))),
        Impostor::start(|words, _| greets(words).unwrap_or_else(|| Says::text("-NOSCRIPT no\r\n"))),
    ];
    for (number, impostor) in (20..).zip(&impostors) {
        until("a fresh one", || age(&store) < 1000);
        name.lead_to(impostor.port);
        until("an old one, and a reason", || age(&store) > 1500 && store.status(NOW).problem.is_some());
        assert_eq!(store.append(&revoked(number), NOW).unwrap(), RevocationState::Pending);
        assert!(knows_all(&store, 0..number + 1), "what is known stays known");
        name.lead_to(redis.port());
        all_know(&[&store, &verifier(&redis.url())], 0..number + 1);
    }
}
