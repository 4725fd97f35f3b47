//! A link that can be cut.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

/// What a link does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// Bytes pass.
    Open,
    /// Bytes wait, and connections stay: a network that lost its packets.
    Stalled,
    /// Connections are ended, and new ones are at once.
    Cut,
}

/// A port that leads to another, until it is told otherwise.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    target: Mutex<u16>,
    link: Mutex<Link>,
    changed: Condvar,
    streams: Mutex<Vec<TcpStream>>,
    ended: AtomicBool,
}

impl Proxy {
    /// A free port that leads to this one.
    pub fn to(target: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(State {
            target: Mutex::new(target),
            link: Mutex::new(Link::Open),
            changed: Condvar::new(),
            streams: Mutex::default(),
            ended: AtomicBool::new(false),
        });
        let accepting = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if accepting.ended.load(Ordering::Acquire) {
                    return;
                }
                accepting.join(stream);
            }
        });
        Self { port, state }
    }

    /// The port to connect to.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// How a client reaches the server behind it.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Changes what the link does.
    pub fn set(&self, link: Link) {
        *self.state.link.lock().unwrap() = link;
        self.state.changed.notify_all();
        if link == Link::Cut {
            self.state.end_all();
        }
    }

    /// Leads new connections to another port, and ends those that there are: a name that moved.
    pub fn lead_to(&self, target: u16) {
        *self.state.target.lock().unwrap() = target;
        self.state.end_all();
    }
}

impl State {
    fn join(self: &Arc<Self>, client: TcpStream) {
        if *self.link.lock().unwrap() == Link::Cut {
            return;
        }
        let Ok(server) = TcpStream::connect(("127.0.0.1", *self.target.lock().unwrap())) else { return };
        let copies = [&client, &server].map(TcpStream::try_clone);
        let [Ok(client_copy), Ok(server_copy)] = copies else { return };
        for stream in [&client, &server] {
            let _ = stream.set_nodelay(true);
            self.streams.lock().unwrap().extend(stream.try_clone().ok());
        }
        for (from, to) in [(client, server_copy), (server, client_copy)] {
            let state = Arc::clone(self);
            thread::spawn(move || {
                let _ = state.carry(&from, &to);
                let _ = from.shutdown(Shutdown::Both);
                let _ = to.shutdown(Shutdown::Both);
            });
        }
    }

    fn carry(&self, mut from: &TcpStream, mut to: &TcpStream) -> io::Result<()> {
        let mut buffer = vec![0; 1 << 16];
        loop {
            let length = from.read(&mut buffer)?;
            let mut link = self.link.lock().unwrap();
            while *link == Link::Stalled {
                link = self.changed.wait(link).unwrap();
            }
            if length == 0 || *link == Link::Cut {
                return Ok(());
            }
            drop(link);
            to.write_all(&buffer[..length])?;
        }
    }

    fn end_all(&self) {
        for stream in self.streams.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.state.ended.store(true, Ordering::Release);
        self.set(Link::Cut);
        // Wakes the thread that accepts.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}
