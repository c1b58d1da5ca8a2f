//! `http` and `https`: the status line of an answer to GET.

use super::trouble::Trouble;
use crate::config::{Http, Probe, Trust, authorities};
use crate::poll::failure::shorten;
use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use ureq::config::Config;
use ureq::http::Uri;
use ureq::tls::{RootCerts, TlsConfig};
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use ureq::{Agent, Error};

const USER_AGENT: &str = concat!("mppd/", env!("CARGO_PKG_VERSION"));
/// The longest head of an answer taken, bytes.
const LONGEST_HEAD: usize = 32 << 10;

/// Asks one host.
pub(super) struct Web {
    agent: Agent,
    at: At,
    uri: String,
}

/// Where the host is said to be.
#[derive(Clone, Debug, Default)]
struct At(Arc<Mutex<Option<SocketAddr>>>);

impl Web {
    /// For this probe; asks nothing yet.
    ///
    /// # Errors
    /// The authority's certificates cannot be read, and why.
    pub(super) fn of(probe: &Probe, http: &Http) -> Result<Web, Trouble> {
        let scheme = if http.tls.is_some() { "https" } else { "http" };
        let uri = format!("{scheme}://{}:{}{}", probe.host, http.port, http.path);
        let tls = match &http.tls {
            None | Some(Trust::Any) => TlsConfig::builder().disable_verification(true),
            Some(Trust::System) => TlsConfig::builder().root_certs(RootCerts::PlatformVerifier),
            Some(Trust::Authority(ca)) => {
                TlsConfig::builder().root_certs(authorities(ca).map_err(Trouble::Said)?)
            }
        };
        let config = Config::builder()
            .timeout_global(Some(probe.timeout))
            .tls_config(tls.build())
            // Whatever a proxy said would be about the proxy.
            .proxy(None)
            // A redirect is an answer, and so is an error, unless the status codes are named.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .max_response_header_size(LONGEST_HEAD)
            .max_idle_connections(0)
            .user_agent(USER_AGENT)
            .build();
        let at = At::default();
        let agent = Agent::with_parts(config, DefaultConnector::default(), at.clone());
        Ok(Web { agent, at, uri })
    }

    /// Asks the host at this address. The body is not read.
    pub(super) fn get(&self, ip: IpAddr, http: &Http) -> Result<(), Trouble> {
        *self.at.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(SocketAddr::new(ip, http.port));
        let status = self.agent.get(&self.uri).call().map_err(trouble)?.status().as_u16();
        match http.expect.is_empty() {
            true if status < 500 => Ok(()),
            false if http.expect.contains(&status) => Ok(()),
            _ => Err(Trouble::Said(format!("it answers with status {status}"))),
        }
    }
}

impl Resolver for At {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let at = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found = self.empty();
        found.push(at.ok_or(Error::HostNotFound)?);
        Ok(found)
    }
}

fn trouble(error: Error) -> Trouble {
    match error {
        Error::Timeout(_) => Trouble::Late,
        // As the TLS library reports what it does not like.
        Error::Io(e) if e.kind() == ErrorKind::InvalidData => Trouble::Said(shorten(&format!("tls: {e}"))),
        Error::Io(e) => e.into(),
        Error::Rustls(e) => Trouble::Said(shorten(&format!("tls: {e}"))),
        other => Trouble::Said(shorten(&other.to_string())),
    }
}
