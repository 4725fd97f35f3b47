//! A connection to a server that may be slow, or no Redis at all.

use std::io::{self, Read, Write as _};
use std::sync::Arc;
use std::time::{Duration, Instant};

use redis::{
    ConnectionAddr, ConnectionLike, ErrorKind, Parser, RedisConnectionInfo, RedisResult, ServerErrorKind,
    Value, cmd,
};
use rustls::ClientConfig;

use crate::breaker::Breaker;
use crate::socket::Stream;

/// A connection to a server.
///
/// An answer must be whole within the [patience](Self::be_patient), however it comes in, and no larger than what was
/// asked for can be: who answers may be anybody.
pub(crate) struct Connection {
    stream: Stream,
    parser: Parser,
    patience: Duration,
    largest: usize,
    /// Whether a long answer may take longer.
    prolonged: bool,
    /// Whether each command is preceded by `ASKING`.
    asking: bool,
    /// Whether what comes next is no answer to what is sent next.
    broken: bool,
    /// What is told that the server answers. None of a sentinel, or of a node that is only asked for the way.
    breaker: Option<Arc<Breaker>>,
    /// How long the server may be silent, to this process as a whole, while an answer is due.
    silence: Option<Duration>,
    /// The server's place, as a sentinel names it.
    server: Option<Server>,
}

/// A host and a port, as a sentinel names them.
pub(crate) type Server = (String, u16);

impl Connection {
    /// Of what is asked before it is known who answers.
    const OF_A_STRANGER: usize = 1 << 20;
    /// Of anything else: of a load, that is some part of it.
    const LARGEST: usize = 1 << 26;

    /// Connects, and logs in.
    pub(crate) fn open(
        addr: &ConnectionAddr,
        tls: Option<&Arc<ClientConfig>>,
        login: &RedisConnectionInfo,
        patience: Duration,
        breaker: Option<&Arc<Breaker>>,
    ) -> RedisResult<Self> {
        let stream = Stream::connect(addr, tls, Instant::now() + patience)?;
        let mut connection = Self {
            stream,
            parser: Parser::new(),
            patience,
            largest: Self::OF_A_STRANGER,
            prolonged: false,
            asking: false,
            broken: false,
            breaker: breaker.cloned(),
            silence: None,
            server: None,
        };
        connection.log_in(login)?;
        Ok(connection)
    }

    fn log_in(&mut self, login: &RedisConnectionInfo) -> RedisResult<()> {
        if let Some(password) = login.password() {
            let mut auth = cmd("AUTH");
            auth.arg(login.username()).arg(password);
            auth.exec(self).map_err(|error| match error.kind() {
                ErrorKind::Server(ServerErrorKind::ResponseError) | ErrorKind::Extension => {
                    (ErrorKind::AuthenticationFailed, "the login was refused").into()
                }
                _ => error,
            })?;
        }
        if login.db() != 0 {
            cmd("SELECT").arg(login.db()).exec(self)?;
        }
        // Servers before 7.2 know no such thing.
        for (name, value) in [("LIB-NAME", "sessera"), ("LIB-VER", env!("CARGO_PKG_VERSION"))] {
            let named = cmd("CLIENT").arg("SETINFO").arg(name).arg(value).exec(self);
            named.or_else(|error| if self.broken { Err(error) } else { Ok(()) })?;
        }
        Ok(())
    }

    /// How long an answer may take.
    pub(crate) fn be_patient(&mut self, patience: Duration) {
        self.patience = patience;
    }

    /// How long an answer may take now.
    pub(crate) const fn patience(&self) -> Duration {
        self.patience
    }

    /// How long the server may be silent, to this process as a whole, while an answer is due. None is for as long as
    /// an answer may take: for commands that block.
    pub(crate) fn allow_silence(&mut self, silence: Option<Duration>) {
        self.silence = silence;
    }

    /// Notes which server this is.
    pub(crate) fn lead_to(&mut self, server: Server) {
        self.server = Some(server);
    }

    /// Which server this is, where a sentinel named it.
    pub(crate) const fn server(&self) -> Option<&Server> {
        self.server.as_ref()
    }

    /// It is known who answers.
    pub(crate) fn expect_more(&mut self) {
        self.largest = Self::LARGEST;
    }

    /// Answers that are long may take longer from now on.
    pub(crate) fn prolong(&mut self) {
        self.prolonged = true;
    }

    /// From now on each command is preceded by `ASKING`, for a slot that is being moved here.
    pub(crate) fn ask(&mut self) {
        self.asking = true;
    }

    /// Whether the next answer is that to the next command.
    pub(crate) fn is_whole(&self) -> bool {
        !self.broken
    }

    /// Sends commands. As many answers must be [received](Self::receive).
    pub(crate) fn send(&mut self, packed: &[u8]) -> RedisResult<()> {
        if self.broken {
            return Err(io::Error::from(io::ErrorKind::BrokenPipe).into());
        }
        // What takes long to send is ours, and its length no stranger's choice.
        self.stream.until(Instant::now() + prolonged(self.patience, packed.len()));
        let sent = if self.asking {
            self.stream.write_all(&preceded(packed)?)
        } else {
            self.stream.write_all(packed)
        };
        sent.and_then(|()| self.stream.flush()).map_err(|error| {
            self.broken = true;
            error.into()
        })
    }

    /// The next answer, which may be an error of the server's.
    pub(crate) fn receive(&mut self) -> RedisResult<Value> {
        if self.asking {
            self.answer()?.extract_error()?;
        }
        self.answer()
    }

    fn answer(&mut self) -> RedisResult<Value> {
        if self.broken {
            return Err(io::Error::from(io::ErrorKind::BrokenPipe).into());
        }
        let mut answer = Answer {
            stream: &mut self.stream,
            began: Instant::now(),
            patience: self.patience,
            largest: self.largest,
            prolonged: self.prolonged,
            length: 0,
            breaker: self.breaker.as_deref(),
            silence: self.silence,
        };
        let read = self.parser.parse_value(&mut answer);
        let length = answer.length;
        read.map_err(|error| {
            self.broken = true;
            if length >= self.largest {
                (ErrorKind::Parse, "the answer is larger than any of ours").into()
            } else {
                error
            }
        })
    }
}

impl ConnectionLike for Connection {
    fn req_packed_command(&mut self, packed: &[u8]) -> RedisResult<Value> {
        self.send(packed)?;
        self.receive()
    }

    fn req_packed_commands(&mut self, packed: &[u8], offset: usize, count: usize) -> RedisResult<Vec<Value>> {
        self.send(packed)?;
        for _ in 0..offset {
            self.receive()?;
        }
        (0..count).map(|_| self.receive()).collect()
    }

    fn get_db(&self) -> i64 {
        0
    }

    fn check_connection(&mut self) -> bool {
        cmd("PING").exec(self).is_ok()
    }

    fn is_open(&self) -> bool {
        self.is_whole()
    }
}

/// One answer, as it comes in.
struct Answer<'a> {
    stream: &'a mut Stream,
    began: Instant,
    patience: Duration,
    largest: usize,
    prolonged: bool,
    length: usize,
    breaker: Option<&'a Breaker>,
    silence: Option<Duration>,
}

impl Read for Answer<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = buffer.len().min(self.largest - self.length);
        if most == 0 {
            return Err(io::ErrorKind::Other.into());
        }
        let length = loop {
            self.stream.until(self.given_up_at());
            match self.stream.read(buffer.get_mut(..most).unwrap_or_default()) {
                // Another connection of this process heard of the server meanwhile.
                Err(error) if is_late(&error) && self.given_up_at() > Instant::now() => {}
                other => break other?,
            }
        };
        if let Some(breaker) = self.breaker {
            breaker.hear();
        }
        self.length += length;
        Ok(length)
    }
}

impl Answer<'_> {
    fn given_up_at(&self) -> Instant {
        let long = if self.prolonged { self.length } else { 0 };
        let late = self.began + prolonged(self.patience, long);
        match (self.breaker, self.silence) {
            (Some(breaker), Some(silence)) => late.min(breaker.silence_ends(self.began, silence)),
            _ => late,
        }
    }
}

fn is_late(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock)
}

/// How long something of so many bytes may take: each 64 KiB of it buys another patience. Slower than that is nobody
/// who means well.
pub(crate) fn prolonged(patience: Duration, length: usize) -> Duration {
    patience.saturating_mul(u32::try_from(length >> 16).unwrap_or(u32::MAX).saturating_add(1)).min(DAY)
}

/// Enough, and little enough to be added to any moment.
const DAY: Duration = Duration::from_secs(86_400);

/// These commands, each with `ASKING` before it.
fn preceded(packed: &[u8]) -> RedisResult<Vec<u8>> {
    let asking = cmd("ASKING").get_packed_command();
    let mut all = Vec::with_capacity(packed.len() + asking.len());
    let mut rest = packed;
    while !rest.is_empty() {
        let parts = length(rest).and_then(|length| rest.split_at_checked(length));
        let (command, after) = parts.ok_or((ErrorKind::Client, "a command that is none"))?;
        all.extend_from_slice(&asking);
        all.extend_from_slice(command);
        rest = after;
    }
    Ok(all)
}

/// How long the first of these commands is.
fn length(packed: &[u8]) -> Option<usize> {
    let mut at = 0;
    let mut number = |kind: u8, skip: usize| {
        at += skip;
        let line = packed.get(at..)?;
        let end = line.iter().position(|byte| *byte == b'\r')?;
        let (first, digits) = line.get(..end)?.split_first()?;
        at += end + 2;
        (*first == kind).then(|| std::str::from_utf8(digits).ok()?.parse::<usize>().ok()).flatten()
    };
    let (words, mut skip) = (number(b'*', 0)?, 0);
    for _ in 0..words {
        skip = number(b'$', skip)? + 2;
    }
    Some(at + skip)
}

#[cfg(test)]
mod tests {
    use redis::pipe;

    use super::*;

    #[test]
    fn each_of_many_commands_is_preceded_and_none_is_changed() {
        let (mut one, other) = (cmd("SET"), cmd("PING"));
        one.arg("key").arg(&b"*1\r\n$4\r\nPING\r\n"[..]);
        let (asking, all) = (cmd("ASKING"), [&one, &other, &one]);
        let (mut plain, mut expected) = (pipe(), pipe());
        for command in all {
            plain.add_command(command.clone());
            expected.add_command(asking.clone()).add_command(command.clone());
        }
        assert_eq!(preceded(&plain.get_packed_pipeline()).unwrap(), expected.get_packed_pipeline());
        assert!(preceded(b"PING\r\n").is_err() && preceded(b"*2\r\n$4\r\n").is_err());
    }
}
