//! Finding the server that takes writes, and connecting to it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use redis::{
    ConnectionAddr, ConnectionInfo, RedisConnectionInfo, RedisError, RedisResult, ServerErrorKind, Value, cmd,
};
use rustls::ClientConfig;
use sessera::Result;

use crate::breaker::Breaker;
use crate::connection::Connection;
use crate::sentinels::{Panel, Sentinels};
use crate::tls;
use crate::unavailable::{broken, unavailable, wrong};
use crate::url::Place;

/// Makes connections.
#[derive(Debug)]
pub(crate) struct Connector {
    place: Place,
    /// Where a server is to be reached by TLS.
    tls: Option<Arc<ClientConfig>>,
    timeout: Duration,
    /// Any key: all are in one slot.
    key: String,
    /// Whether the server that was reached last does not say its `maxmemory-policy`.
    policy_unknown: AtomicBool,
    breaker: Arc<Breaker>,
    /// What the sentinels said last, where the URL names any.
    sentinels: Sentinels,
}

impl Connector {
    pub(crate) fn new(
        url: &str,
        root_certificates: Option<&[u8]>,
        timeout: Duration,
        key: &str,
        breaker: Arc<Breaker>,
    ) -> Result<Self> {
        let (place, key) = (Place::parse(url)?, key.to_owned());
        let tls = if place.has_tls() { Some(tls::config(root_certificates)?) } else { None };
        let (policy_unknown, sentinels) = (AtomicBool::new(false), Sentinels::default());
        Ok(Self { place, tls, timeout, key, policy_unknown, breaker, sentinels })
    }

    /// What tells whether the server answers.
    pub(crate) fn breaker(&self) -> &Breaker {
        &self.breaker
    }

    /// What the sentinels said last.
    pub(crate) const fn sentinels(&self) -> &Sentinels {
        &self.sentinels
    }

    /// Whether the URL names sentinels.
    pub(crate) const fn has_sentinels(&self) -> bool {
        matches!(self.place, Place::Sentinel { .. })
    }

    /// Connections to the sentinels; `None` where the URL names none.
    pub(crate) fn panel(&self) -> Option<Panel> {
        let Place::Sentinel { sentinels, master, .. } = &self.place else { return None };
        Some(Panel::new(sentinels.clone(), master.clone(), self.tls.clone()))
    }

    /// What an operator should know of a server that takes writes; `None` where there is nothing.
    pub(crate) fn remark(&self) -> Option<&'static str> {
        self.policy_unknown.load(Ordering::Acquire).then_some(
            "the server does not say its maxmemory-policy, which must be noeviction: allow this user CONFIG GET or INFO",
        )
    }

    pub(crate) const fn place(&self) -> &Place {
        &self.place
    }

    /// A connection to the server that takes writes, checked.
    pub(crate) fn connect(&self) -> Result<Connection> {
        self.connect_within(self.timeout)
    }

    /// As [`connect`](Self::connect): each host that is asked on the way must answer in this time.
    pub(crate) fn connect_within(&self, patience: Duration) -> Result<Connection> {
        let way = Way { connector: self, patience };
        let mut connection = match &self.place {
            Place::At(info) => way.reach(info, Some(&self.breaker))?,
            Place::Sentinel { sentinels, master, login, tls } => {
                way.by_sentinels(sentinels, master, login, *tls)?
            }
            Place::Cluster { nodes, login, tls } => way.by_cluster(nodes, login, *tls)?,
        };
        connection.be_patient(self.timeout);
        let known = check_policy(&mut connection)?;
        connection.expect_more();
        self.policy_unknown.store(!known, Ordering::Release);
        Ok(connection)
    }
}

/// One search for the server that takes writes.
struct Way<'a> {
    connector: &'a Connector,
    patience: Duration,
}

impl Way<'_> {
    fn reach(&self, info: &ConnectionInfo, breaker: Option<&Arc<Breaker>>) -> Result<Connection> {
        let (tls, login) = (self.connector.tls.as_ref(), info.redis_settings());
        Connection::open(info.addr(), tls, login, self.patience, breaker).map_err(unavailable)
    }

    fn server(&self, host: &str, port: u16, login: &RedisConnectionInfo, tls: bool) -> Result<Connection> {
        let addr = if tls {
            ConnectionAddr::TcpTls { host: host.to_owned(), port, insecure: false, tls_params: None }
        } else {
            ConnectionAddr::Tcp(host.to_owned(), port)
        };
        let info = redis::IntoConnectionInfo::into_connection_info(addr).map_err(unavailable)?;
        self.reach(&info.set_redis_settings(login.clone()), Some(&self.connector.breaker))
    }

    fn by_sentinels(
        &self,
        sentinels: &[ConnectionInfo],
        master: &str,
        login: &RedisConnectionInfo,
        tls: bool,
    ) -> Result<Connection> {
        let mut last = broken("no sentinel knows a master of this name");
        for sentinel in sentinels {
            let found = self.reach(sentinel, None).and_then(|mut sentinel| {
                let mut ask = cmd("SENTINEL");
                ask.arg("GET-MASTER-ADDR-BY-NAME").arg(master);
                ask.query::<Option<(String, u16)>>(&mut sentinel).map_err(unavailable)
            });
            match found {
                Ok(Some((host, port))) => match self.server(&host, port, login, tls).and_then(be_master) {
                    Ok(mut connection) => {
                        connection.lead_to((host, port));
                        return Ok(connection);
                    }
                    Err(error) => last = error,
                },
                Ok(None) => {}
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn by_cluster(
        &self,
        nodes: &[ConnectionInfo],
        login: &RedisConnectionInfo,
        tls: bool,
    ) -> Result<Connection> {
        let mut last = broken("no node of the cluster says where the keys are");
        for node in nodes {
            let (ConnectionAddr::Tcp(named, _) | ConnectionAddr::TcpTls { host: named, .. }) = node.addr()
            else {
                continue;
            };
            let owner = self
                .reach(node, None)
                .and_then(|mut node| owner(&mut node, &self.connector.key).map_err(unavailable));
            match owner {
                Ok(Some((host, port))) => {
                    // A node that does not know its own address leaves it out.
                    let host = if host.is_empty() || host == "?" { named } else { &host };
                    match self
                        .server(host, port, login, tls)
                        .and_then(|owner| self.sent_on(owner, host, login, tls))
                    {
                        Ok(connection) => return Ok(connection),
                        Err(error) => last = error,
                    }
                }
                Ok(None) => last = broken("no node of the cluster serves the keys"),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// The owner of the slot, or the node that it sends on to: it is moving the slot, and the keys are there.
    fn sent_on(
        &self,
        mut owner: Connection,
        host: &str,
        login: &RedisConnectionInfo,
        tls: bool,
    ) -> Result<Connection> {
        let asked = match cmd("EXISTS").arg(&self.connector.key).query::<Value>(&mut owner) {
            Err(error) if error.kind() == redis::ErrorKind::Server(ServerErrorKind::Ask) => error,
            // The first real command tells what else may be wrong.
            _ => return Ok(owner),
        };
        let (host, port) = target(&asked, host).ok_or_else(|| unavailable(asked))?;
        let mut next = self.server(&host, port, login, tls)?;
        next.ask();
        Ok(next)
    }
}

/// The address that `ASK` names; a host that is left out is that of who says it.
fn target(asked: &RedisError, said_by: &str) -> Option<(String, u16)> {
    let (host, port) = asked.redirect_node()?.0.rsplit_once(':')?;
    let host = if host.is_empty() || host == "?" { said_by } else { host.trim_matches(['[', ']']) };
    Some((host.to_owned(), port.parse().ok()?))
}

/// What the sentinels call the master may not know it yet, or no more.
fn be_master(mut connection: Connection) -> Result<Connection> {
    let role: Vec<Value> = cmd("ROLE").query(&mut connection).map_err(unavailable)?;
    match role.first() {
        Some(Value::BulkString(role)) if role == b"master" => Ok(connection),
        _ => Err(broken("the sentinels' master is none yet")),
    }
}

/// Who serves a key, by the word of one node.
fn owner(node: &mut Connection, key: &str) -> RedisResult<Option<(String, u16)>> {
    let slot: u16 = cmd("CLUSTER").arg("KEYSLOT").arg(key).query(node)?;
    let ranges: Vec<Vec<Value>> = cmd("CLUSTER").arg("SLOTS").query(node)?;
    Ok(ranges.iter().find_map(|range| match range.as_slice() {
        [Value::Int(first), Value::Int(last), Value::Array(master), ..]
            if (*first..=*last).contains(&i64::from(slot)) =>
        {
            let host = match master.first()? {
                Value::BulkString(host) => String::from_utf8_lossy(host).into_owned(),
                _ => String::new(),
            };
            let Value::Int(port) = master.get(1)? else { return None };
            Some((host, u16::try_from(*port).ok()?))
        }
        _ => None,
    }))
}

/// Redis must refuse writes rather than forget marks when its memory is full. Gives whether it says that it does.
fn check_policy(connection: &mut Connection) -> Result<bool> {
    let asked = cmd("CONFIG").arg("GET").arg("maxmemory-policy").query::<Vec<String>>(connection);
    let policy = match asked {
        Ok(pair) => pair.into_iter().nth(1),
        Err(error) if error.is_io_error() || error.code() == Some("NOAUTH") => {
            return Err(unavailable(error));
        }
        // Managed services don't allow it.
        Err(_) => cmd("INFO")
            .arg("memory")
            .query::<redis::InfoDict>(connection)
            .ok()
            .and_then(|info| info.get("maxmemory_policy")),
    };
    match policy.as_deref() {
        None => Ok(false),
        Some("noeviction") => Ok(true),
        Some(_) => Err(wrong(
            "the server's maxmemory-policy must be noeviction: with another it forgets revocations when its memory \
             is full",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_a_slot_is_moved_to_is_read_whoever_wrote_it() {
        let asked = |details: &str| {
            let answer = redis::parse_redis_value(format!("-ASK {details}\r\n").as_bytes()).unwrap();
            target(&answer.extract_error().unwrap_err(), "own")
        };
        assert_eq!(asked("7 host:1"), Some(("host".to_owned(), 1)));
        assert_eq!(asked("7 ::1:2"), Some(("::1".to_owned(), 2)));
        for details in ["7 :3", "7 ?:3"] {
            assert_eq!(asked(details), Some(("own".to_owned(), 3)));
        }
        for details in ["", "7", "7 host", "7 host:65536", "7 host:x", "x host:1"] {
            assert_eq!(asked(details), None, "{details}");
        }
    }
}
