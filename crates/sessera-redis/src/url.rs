//! Where the server is, as a URL says it.

use std::fmt;

use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _, RedisConnectionInfo};
use sessera::Result;

use crate::unavailable::wrong;

/// Where to find the server that takes writes.
#[derive(Clone)]
pub(crate) enum Place {
    /// There.
    At(ConnectionInfo),
    /// Where the sentinels say that the master of this name is.
    Sentinel {
        sentinels: Vec<ConnectionInfo>,
        master: String,
        /// How to log in to the server.
        login: RedisConnectionInfo,
        tls: bool,
    },
    /// Where the nodes of a cluster say that the keys are.
    Cluster { nodes: Vec<ConnectionInfo>, login: RedisConnectionInfo, tls: bool },
}

impl Place {
    /// Whether anything is reached by TLS.
    pub(crate) fn has_tls(&self) -> bool {
        match self {
            Self::At(info) => matches!(info.addr(), ConnectionAddr::TcpTls { .. }),
            Self::Sentinel { tls, .. } | Self::Cluster { tls, .. } => *tls,
        }
    }

    /// Reads a URL. No part of it ever stands in an error: there may be a password in any.
    pub(crate) fn parse(url: &str) -> Result<Self> {
        let (scheme, rest) =
            url.split_once("://").ok_or_else(|| wrong("the URL has no scheme, such as redis://"))?;
        match scheme {
            "redis" | "rediss" | "valkey" | "valkeys" => {
                only(rest, &[])?;
                info(url).map(Self::At)
            }
            "redis+unix" | "valkey+unix" | "unix" => {
                only(rest, &["db", "user", "pass"])?;
                info(url).map(Self::At)
            }
            "redis+sentinel" | "valkey+sentinel" => sentinel(rest, false),
            "rediss+sentinel" | "valkeys+sentinel" => sentinel(rest, true),
            "redis+cluster" | "valkey+cluster" => cluster(rest, false),
            "rediss+cluster" | "valkeys+cluster" => cluster(rest, true),
            _ => Err(wrong(
                "the URL's scheme is none of redis, rediss, redis+unix, redis+sentinel, rediss+sentinel, \
                 redis+cluster, rediss+cluster",
            )),
        }
    }
}

/// Refuses a query that asks for what there is not. The name of the first such part is told where it looks like one:
/// what looks otherwise may be a password with a `?` in it.
fn only(rest: &str, known: &[&str]) -> Result<()> {
    // As the URL's reader sees it: what follows a `#` is no query.
    let rest = rest.split_once('#').map_or(rest, |(rest, _)| rest);
    let query = rest.split_once('?').map_or("", |(_, query)| query);
    let names = query.split('&').filter(|pair| !pair.is_empty());
    let names = names.map(|pair| pair.split_once('=').map_or((pair, false), |(name, _)| (name, true)));
    for (name, valued) in names {
        if known.contains(&name) {
            continue;
        }
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
        if valued && !query.contains('@') && (1..=32).contains(&name.len()) && name.bytes().all(plain) {
            return Err(wrong(format!("the URL's query says {name}, and there is no such setting")));
        }
        return Err(wrong("the URL's query has what no setting is called"));
    }
    Ok(())
}

fn info(url: &str) -> Result<ConnectionInfo> {
    let info = url.into_connection_info().map_err(|_| wrong("the URL is not a Redis URL"))?;
    if matches!(info.addr(), ConnectionAddr::TcpTls { insecure: true, .. }) {
        return Err(wrong("the URL asks for TLS without checks: give root_certificates instead"));
    }
    Ok(info)
}

/// Parts of `user:password@host:port,host:port/path?query`.
struct Parts<'a> {
    login: &'a str,
    hosts: Vec<&'a str>,
    path: &'a str,
    query: &'a str,
}

impl<'a> Parts<'a> {
    fn of(rest: &'a str) -> Result<Self> {
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (login, hosts) =
            authority.rsplit_once('@').map_or(("", authority), |(login, hosts)| (login, hosts));
        let hosts: Vec<_> = hosts.split(',').filter(|host| !host.is_empty()).collect();
        if hosts.is_empty() {
            return Err(wrong("the URL names no host"));
        }
        Ok(Self { login, hosts, path, query })
    }

    fn infos(&self, tls: bool, default_port: u16, login: &str) -> Result<Vec<ConnectionInfo>> {
        let scheme = if tls { "rediss" } else { "redis" };
        let at = if login.is_empty() { "" } else { "@" };
        let info = |host: &&str| {
            let named =
                !host.ends_with(']') && host.rsplit_once(':').is_some_and(|(_, port)| !port.is_empty());
            let port = if named { String::new() } else { format!(":{default_port}") };
            info(&format!("{scheme}://{login}{at}{host}{port}"))
        };
        self.hosts.iter().map(info).collect()
    }

    /// How to log in to the servers, at this database.
    fn server_login(&self, database: &str) -> Result<RedisConnectionInfo> {
        let at = if self.login.is_empty() { "" } else { "@" };
        let info = info(&format!("redis://{}{at}localhost/{database}", self.login))?;
        Ok(info.redis_settings().clone())
    }

    fn query(&self, name: &str) -> &'a str {
        let pairs = self.query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.filter(|(key, _)| *key == name).map(|(_, value)| value).next().unwrap_or_default()
    }
}

fn sentinel(rest: &str, tls: bool) -> Result<Place> {
    let parts = Parts::of(rest)?;
    only(rest, &["sentinel_user", "sentinel_pass"])?;
    let (master, database) = parts.path.split_once('/').unwrap_or((parts.path, ""));
    if master.is_empty() {
        return Err(wrong("the URL names no master: redis+sentinel://host,host/master-name"));
    }
    let login = match (parts.query("sentinel_user"), parts.query("sentinel_pass")) {
        ("", "") => String::new(),
        (user, password) => format!("{user}:{password}"),
    };
    let sentinels = parts.infos(tls, 26379, &login)?;
    Ok(Place::Sentinel { sentinels, master: master.to_owned(), login: parts.server_login(database)?, tls })
}

fn cluster(rest: &str, tls: bool) -> Result<Place> {
    let parts = Parts::of(rest)?;
    only(rest, &[])?;
    if !parts.path.is_empty() {
        return Err(wrong("a cluster has one database: the URL must end after its hosts"));
    }
    Ok(Place::Cluster { nodes: parts.infos(tls, 6379, parts.login)?, login: parts.server_login("")?, tls })
}

/// Neither user nor password.
impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |infos: &[ConnectionInfo]| {
            infos.iter().map(|info| info.addr().to_string()).collect::<Vec<_>>().join(",")
        };
        match self {
            Self::At(info) => write!(f, "{}", info.addr()),
            Self::Sentinel { sentinels, master, .. } => write!(f, "{master} by {}", list(sentinels)),
            Self::Cluster { nodes, .. } => write!(f, "cluster of {}", list(nodes)),
        }
    }
}

#[cfg(test)]
mod tests {
    use sessera::ErrorKind;

    use super::*;

    fn shown(url: &str) -> String {
        format!("{:?}", Place::parse(url).unwrap())
    }

    #[test]
    fn every_form_of_url_leads_somewhere() {
        for (url, place) in [
            ("redis://localhost", "localhost:6379"),
            ("valkey://user:pass@[::1]:7000/2", "::1:7000"),
            ("rediss://:pass@redis.example:7001", "redis.example:7001"),
            ("redis+unix:///run/redis.sock?db=1", "/run/redis.sock"),
            ("redis+sentinel://u:p@a,b:7,[::1]/main/3?sentinel_pass=x", "main by a:26379,b:7,::1:26379"),
            ("rediss+cluster://u:p@a:1,b", "cluster of a:1,b:6379"),
        ] {
            assert_eq!(shown(url), place);
        }
    }

    #[test]
    fn a_login_is_for_the_server_it_is_meant_for() {
        let url = "rediss+sentinel://user:p%40ss@a,b/main/3?sentinel_user=s&sentinel_pass=t";
        let Place::Sentinel { sentinels, login, tls, .. } = Place::parse(url).unwrap() else { panic!() };
        assert_eq!(
            (login.username(), login.password(), login.db(), tls),
            (Some("user"), Some("p@ss"), 3, true)
        );
        let watch = sentinels[1].redis_settings();
        assert_eq!((watch.username(), watch.password(), watch.db()), (Some("s"), Some("t"), 0));
    }

    #[test]
    fn a_setting_that_there_is_not_is_named_and_its_value_is_not() {
        for url in [
            "redis://host?ssl_cert_reqs=hunter2",
            "rediss://host/1?&ssl_cert_reqs=hunter2",
            "valkey://host/?ssl_cert_reqs=",
            "redis+unix:///run/redis.sock?db=1&ssl_cert_reqs=hunter2",
            "redis+sentinel://host/main?sentinel_user=u&ssl_cert_reqs=hunter2",
            "redis+cluster://host?ssl_cert_reqs=hunter2#x",
        ] {
            let error = Place::parse(url).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidConfig, "{url}");
            let said = format!("{error} {error:?}");
            assert!(said.contains("ssl_cert_reqs") && !said.contains("hunter2"), "{url}: {said}");
        }
        // What may be part of a password is told to nobody.
        for url in [
            "redis://:pass?hunter2@host",
            "redis://host?hunter2=1",
            "redis://host/?Hunter=hunter2",
            "unix:///x?=hunter2",
        ] {
            let said = format!("{:?}", Place::parse(url).unwrap_err());
            assert!(!said.contains("hunter2"), "{url}: {said}");
        }
        for url in ["redis://host/1", "unix:///x?db=1&user=u&pass=p", "redis://host?", "redis://host?&"] {
            Place::parse(url).unwrap();
        }
    }

    #[test]
    fn what_leads_nowhere_is_named_and_tells_no_secret() {
        for url in [
            "localhost:6379",
            "http://:hunter2@host",
            "redis://:hunter2@host/hunter2",
            "redis://",
            "rediss://:hunter2@host/#insecure",
            "redis+sentinel://:hunter2@host",
            "redis+sentinel:///main",
            "redis+sentinel://host/main?hunter2=1",
            "redis+cluster://:hunter2@host/1",
            "redis+cluster://:hunter2@host:hunter2",
        ] {
            let error = Place::parse(url).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidConfig, "{url}");
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{url}");
        }
        let place = Place::parse("redis://admin:hunter2@host").unwrap();
        assert!(!format!("{place:?}").contains("admin") && !format!("{place:?}").contains("hunter2"));
    }
}
