//! How a checkpoint is asked.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

/// What there is to know for asking a checkpoint. Pools whose checkpoints are equal share one thread that asks.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Probe {
    /// `external:http:www.example.com:default`.
    pub id: String,
    /// Whom.
    pub host: Host,
    /// In which protocol.
    pub protocol: Protocol,
    /// Deadline of the whole question; 10ms..=60s. Names are looked up beside it.
    pub timeout: Duration,
    /// It is asked no more often than this, unless a decision hangs on it; 10ms..=1h. `None`: as the pool wants it.
    pub interval: Option<Duration>,
}

/// Whom to ask.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Host {
    /// At this address.
    Ip(IpAddr),
    /// At the address that this name has.
    Name(String),
}

/// In which protocol, at which port.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// A connection, made or refused.
    Simple(u16),
    /// A connection, made.
    Tcp(u16),
    /// An echo.
    Icmp,
    /// An answer to GET.
    Http(Http),
    /// A server's greeting, or its error.
    Mysql(u16),
}

/// What is asked by HTTP.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Http {
    /// TCP port.
    pub port: u16,
    /// Path and query.
    pub path: String,
    /// Which status codes are an answer; none here: all below 500.
    pub expect: Vec<u16>,
    /// Encrypted, and what the certificate must be; `None`: in the clear.
    pub tls: Option<Trust>,
}

/// What a certificate must be.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Trust {
    /// Any will do: it is about reaching the host.
    Any,
    /// The host's own, signed by somebody this machine trusts.
    System,
    /// The host's own, signed by one in this file (PEM).
    Authority(PathBuf),
}

impl fmt::Display for Host {
    /// As it stands before a port: IPv6 in brackets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Host::Ip(IpAddr::V6(ip)) => write!(f, "[{ip}]"),
            Host::Ip(ip) => ip.fmt(f),
            Host::Name(name) => f.write_str(name),
        }
    }
}

impl Probe {
    /// The name that has to be looked up, if any.
    pub fn name(&self) -> Option<&str> {
        match &self.host {
            Host::Ip(_) => None,
            Host::Name(name) => Some(name),
        }
    }
}
