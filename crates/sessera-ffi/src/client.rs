//! What is known of the caller.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

use sessera::binding::parse_address;

use crate::Duration;

/// What is known about the client that shows a token. Every fact is optional. Those that are known at the login
/// are bound into the token, as the policy says.
#[derive(Clone, Default, uniffi::Record)]
#[uniffi::export(Display)]
pub struct Client {
    /// The address that the request came from, as text, with or without a port; a text that is no address counts
    /// as unknown. Behind a proxy see `client_address`.
    #[uniffi(default)]
    pub ip: Option<String>,
    /// The `User-Agent` header. Only its family and platform count, so updates change nothing.
    #[uniffi(default)]
    pub user_agent: Option<String>,
    /// The device secret, as the client showed it: see `new_device_secret`.
    #[uniffi(default)]
    pub device: Option<String>,
    /// The RFC 7638 thumbprint of the key that the client has just proved to hold: what
    /// `DpopVerifier.verify` returned for this request.
    #[uniffi(default)]
    pub key: Option<String>,
    /// How long ago the request arrived, for one whose body was slow or whose session is needed late: a token is
    /// judged by what was known when it arrived. Default 0.
    #[uniffi(default)]
    pub waited: Option<Duration>,
}

impl From<Client> for sessera::Client {
    fn from(client: Client) -> Self {
        let Client { ip, user_agent, device, key, waited } = client;
        let mut core = Self::new();
        if let Some(ip) = ip.and_then(|ip| parse_address(&ip)) {
            core = core.ip(ip);
        }
        if let Some(header) = user_agent {
            core = core.user_agent(header);
        }
        if let Some(secret) = device {
            core = core.device(secret);
        }
        if let Some(thumbprint) = key {
            core = core.key(thumbprint);
        }
        match waited {
            Some(span) => core.waited(span.into()),
            None => core,
        }
    }
}

impl fmt::Display for Client {
    /// Which facts are known, and none of them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", sessera::Client::from(self.clone()))
    }
}

/// A new device secret: 256 random bits as base64url, for an `HttpOnly` cookie of its own or the platform's key
/// store.
#[uniffi::export]
pub fn new_device_secret() -> crate::Result<String> {
    Ok(sessera::new_device_secret()?)
}

/// The client's address, as text: the `trusted_hops`-th from the right of all `X-Forwarded-For` headers, in
/// their order, and the peer's own where no proxy is trusted. Ports are taken off, and empty entries do not count.
/// None where there is no such entry, or no address in it.
#[uniffi::export]
pub fn client_address(peer: &str, forwarded_for: Vec<String>, trusted_hops: u32) -> Option<String> {
    let headers: Vec<&str> = forwarded_for.iter().map(String::as_str).collect();
    let hops = usize::try_from(trusted_hops).unwrap_or(usize::MAX);
    let peer = parse_address(peer);
    if peer.is_none() && hops == 0 {
        return None;
    }
    // Behind a trusted hop the peer's own address is not looked at: it may be a Unix socket.
    let peer = peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    sessera::binding::client_address(peer, &headers, hops).map(|address| address.to_string())
}
