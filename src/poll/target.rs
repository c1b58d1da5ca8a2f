//! Whom to ask, and as whom.

use crate::config::Access;
pub use crate::config::Tls;
use std::net::SocketAddr;
use std::time::Duration;

/// Gives the monitor's password before every fresh connection; an error says in words why there is none.
pub type GivePassword = Box<dyn FnMut() -> Result<String, String> + Send>;

/// A server to poll.
pub struct Target {
    /// The node's name; its thread is called after it. No NUL in it.
    pub name: String,
    /// Where it listens.
    pub address: SocketAddr,
    /// The monitor's user.
    pub user: String,
    /// Whether the connection is encrypted. [`Tls::Verify`]: the certificate must name the node's IP address,
    /// and be signed by one of these authorities.
    pub tls: Tls,
    /// Deadline of a whole poll: connect, login and query; above zero.
    pub timeout: Duration,
    /// Age at which a kept connection is replaced by a fresh one.
    pub reconnect_every: Duration,
    /// The monitor's password.
    pub password: GivePassword,
}

impl Target {
    /// The node of this name, reached as it is configured; `timeout`: deadline of a whole poll, above zero.
    pub fn of(name: &str, access: &Access, timeout: Duration, password: GivePassword) -> Target {
        Target {
            name: name.to_owned(),
            address: access.address,
            user: access.user.clone(),
            tls: access.tls.clone(),
            timeout,
            reconnect_every: access.reconnect_every,
            password,
        }
    }
}
