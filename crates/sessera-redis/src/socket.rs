//! A connection's bytes, each within a deadline.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
#[cfg(unix)]
use std::os::unix::net::UnixStream;
#[cfg(unix)]
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use redis::ConnectionAddr;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
#[cfg(unix)]
use socket2::{Domain, SockAddr, Socket, Type};

use crate::resolve::resolve;

/// A socket that gives up at its deadline, however little the other side sends or takes at a time.
pub(crate) struct Timed<S> {
    socket: S,
    deadline: Instant,
    /// What the system was told to wait at most: for reads, and for writes.
    told: [Option<Duration>; 2],
}

/// A connected socket, plain or with TLS.
pub(crate) enum Stream {
    Tcp(Timed<TcpStream>),
    #[cfg(unix)]
    Unix(Timed<UnixStream>),
    Tls(Box<StreamOwned<ClientConnection, Timed<TcpStream>>>),
}

/// The timeouts of a socket.
pub(crate) trait Waits {
    fn set_waits(&self, read: bool, wait: Duration) -> io::Result<()>;
}

impl Waits for TcpStream {
    fn set_waits(&self, read: bool, wait: Duration) -> io::Result<()> {
        if read { self.set_read_timeout(Some(wait)) } else { self.set_write_timeout(Some(wait)) }
    }
}

#[cfg(unix)]
impl Waits for UnixStream {
    fn set_waits(&self, read: bool, wait: Duration) -> io::Result<()> {
        if read { self.set_read_timeout(Some(wait)) } else { self.set_write_timeout(Some(wait)) }
    }
}

impl<S: Waits> Timed<S> {
    fn new(socket: S, deadline: Instant) -> Self {
        Self { socket, deadline, told: [None; 2] }
    }

    /// Has the system wait until the deadline, to an eighth: most waits are alike, and telling it takes a call.
    fn arm(&mut self, read: bool) -> io::Result<()> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(late());
        }
        let told = &mut self.told[usize::from(read)];
        if told.is_none_or(|told| told < left || told > left + left / 8) {
            // A little more than is left, so that the next one, a moment later or earlier, needs no call.
            let wait = left + left / 16;
            self.socket.set_waits(read, wait)?;
            *told = Some(wait);
        }
        Ok(())
    }
}

impl<S: Waits + Read> Read for Timed<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.arm(true)?;
        self.socket.read(buffer)
    }
}

impl<S: Waits + Write> Write for Timed<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.arm(false)?;
        self.socket.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.socket.flush()
    }
}

impl Stream {
    /// Connects by a deadline, which then holds until another is set.
    pub(crate) fn connect(
        addr: &ConnectionAddr,
        tls: Option<&Arc<ClientConfig>>,
        deadline: Instant,
    ) -> io::Result<Self> {
        match (addr, tls) {
            (ConnectionAddr::Tcp(host, port), _) => {
                Ok(Self::Tcp(Timed::new(tcp(host, *port, deadline)?, deadline)))
            }
            (ConnectionAddr::TcpTls { host, port, .. }, Some(tls)) => {
                let name = ServerName::try_from(host.clone()).map_err(|_| unusable())?;
                let session = ClientConnection::new(Arc::clone(tls), name).map_err(io::Error::other)?;
                let socket = Timed::new(tcp(host, *port, deadline)?, deadline);
                Ok(Self::Tls(Box::new(StreamOwned::new(session, socket))))
            }
            #[cfg(unix)]
            (ConnectionAddr::Unix(path), _) => Ok(Self::Unix(Timed::new(unix(path, deadline)?, deadline))),
            _ => Err(unusable()),
        }
    }

    /// What comes from now on is given up at this moment.
    pub(crate) fn until(&mut self, deadline: Instant) {
        match self {
            Self::Tcp(socket) => socket.deadline = deadline,
            #[cfg(unix)]
            Self::Unix(socket) => socket.deadline = deadline,
            Self::Tls(stream) => stream.sock.deadline = deadline,
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(socket) => socket.read(buffer),
            #[cfg(unix)]
            Self::Unix(socket) => socket.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(socket) => socket.write(bytes),
            #[cfg(unix)]
            Self::Unix(socket) => socket.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Tcp(socket) => socket.flush(),
            #[cfg(unix)]
            Self::Unix(socket) => socket.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}

/// To the first address of a host that takes connections.
fn tcp(host: &str, port: u16, deadline: Instant) -> io::Result<TcpStream> {
    let mut last = unusable();
    for address in resolve(host, port, deadline)? {
        match reach(&address, deadline) {
            Ok(socket) => return Ok(socket),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn reach(address: &SocketAddr, deadline: Instant) -> io::Result<TcpStream> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Err(late());
    }
    let socket = TcpStream::connect_timeout(address, left)?;
    socket.set_nodelay(true)?;
    Ok(socket)
}

/// A server that accepts nobody lets a connect wait for ever, unless it is told not to.
#[cfg(unix)]
fn unix(path: &Path, deadline: Instant) -> io::Result<UnixStream> {
    const PAUSE: Duration = Duration::from_millis(5);
    let (address, socket) = (SockAddr::unix(path)?, Socket::new(Domain::UNIX, Type::STREAM, None)?);
    socket.set_nonblocking(true)?;
    loop {
        match socket.connect(&address) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            other => break other?,
        }
        if Instant::now() + PAUSE >= deadline {
            return Err(late());
        }
        std::thread::park_timeout(PAUSE);
    }
    socket.set_nonblocking(false)?;
    Ok(socket.into())
}

pub(crate) fn late() -> io::Error {
    io::ErrorKind::TimedOut.into()
}

fn unusable() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "no server can be reached there")
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    #[cfg(unix)]
    use std::os::unix::net::UnixListener;

    use super::*;

    fn soon() -> Instant {
        Instant::now() + Duration::from_millis(100)
    }

    #[cfg(unix)]
    #[test]
    fn a_unix_socket_that_nobody_accepts_at_is_given_up() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let _listener = UnixListener::bind(&path).unwrap();
        // Until as many wait as may.
        let waiting: Vec<_> = (0..100_000).map_while(|_| unix(&path, soon()).ok()).collect();
        assert!(!waiting.is_empty());
        assert_eq!(unix(&path, soon()).unwrap_err().kind(), io::ErrorKind::TimedOut);
    }

    #[test]
    fn bytes_that_come_one_at_a_time_prolong_nothing() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let addr = ConnectionAddr::Tcp("127.0.0.1".to_owned(), listener.local_addr().unwrap().port());
        // A busy machine takes its time to connect.
        let mut stream = Stream::connect(&addr, None, soon() + Duration::from_secs(60)).unwrap();
        let mut peer = listener.accept().unwrap().0;
        let drip = std::thread::spawn(move || {
            while peer.write_all(b"x").is_ok() {
                std::thread::park_timeout(Duration::from_millis(5));
            }
        });
        stream.until(soon());
        let error = std::iter::repeat_with(|| stream.read(&mut [0])).find_map(Result::err).unwrap();
        assert!(matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock), "{error}");
        drop(stream);
        drip.join().unwrap();
    }
}
