//! The facts that are known about a caller.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::binding::UserAgent;
use crate::clock::millis;
use crate::codec::base64url;
use crate::error::Result;
use crate::random;

/// What is known about the client that shows a token: an address, a user agent, secrets that it holds.
///
/// Every fact is optional. Those that are known at the login are bound into the token, as the
/// [`BindingPolicy`](crate::BindingPolicy) says.
///
/// ```
/// use sessera::Client;
///
/// let client = Client::new()
///     .ip("203.0.113.7".parse().unwrap())
///     .user_agent("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0");
/// ```
#[derive(Clone, Default)]
pub struct Client {
    pub(crate) ip: Option<IpAddr>,
    pub(crate) user_agent: Option<UserAgent>,
    pub(crate) device: Option<Zeroizing<String>>,
    pub(crate) key: Option<String>,
    pub(crate) waited: Duration,
}

impl Client {
    /// A client of which nothing is known.
    pub fn new() -> Self {
        Self::default()
    }

    /// The address that the request came from. Behind a proxy that is not the peer's: see
    /// [`client_address`](crate::binding::client_address).
    #[must_use]
    pub fn ip(mut self, ip: IpAddr) -> Self {
        self.ip = Some(ip);
        self
    }

    /// The `User-Agent` header. Only its family and platform count, so updates change nothing.
    #[must_use]
    pub fn user_agent(mut self, header: impl AsRef<str>) -> Self {
        self.user_agent = Some(UserAgent::of(header.as_ref()));
        self
    }

    /// The device secret, as the client showed it: see [`new_device_secret`].
    #[must_use]
    pub fn device(mut self, secret: impl Into<String>) -> Self {
        self.device = Some(Zeroizing::new(secret.into()));
        self
    }

    /// The RFC 7638 thumbprint of the key that the client has just proved to hold: what
    /// [`DpopVerifier::verify`](crate::binding::DpopVerifier::verify) returned for this request.
    #[must_use]
    pub fn key(mut self, thumbprint: impl Into<String>) -> Self {
        self.key = Some(thumbprint.into());
        self
    }

    /// How long ago the request arrived that brought the token, for one whose body was slow or whose session is
    /// asked for late. A token is judged by what was known when it arrived: it may have been rotated away since
    /// then, which is no reuse, and gives no successor any more. Default 0.
    #[must_use]
    pub fn waited(mut self, waited: Duration) -> Self {
        self.waited = waited;
        self
    }

    /// When the request arrived.
    pub(crate) fn arrived_at(&self, now: u64) -> u64 {
        // Converting a span takes a wide division, which the usual request is spared.
        if self.waited.is_zero() { now } else { now.saturating_sub(millis(self.waited)) }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("ip", &self.ip.is_some())
            .field("user_agent", &self.user_agent)
            .field("device", &self.device.is_some())
            .field("key", &self.key.is_some())
            .field("waited", &self.waited)
            .finish()
    }
}

/// A new device secret: 256 random bits as base64url, for an `HttpOnly` cookie of its own or the platform's
/// key store.
///
/// # Errors
/// `randomness_unavailable` when the system gives no random bytes.
pub fn new_device_secret() -> Result<String> {
    Ok(base64url::encode(*Zeroizing::new(random::array::<32>()?)))
}
