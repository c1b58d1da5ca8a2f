//! `web`: where `mpp-web` listens, for whom, and its bounds.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::section::Spot;
use super::values::seconds;
use super::web_files;

/// Keys of `web`.
pub(super) const KEYS: &[&str] = &[
    "listen",
    "tls",
    "token_file",
    "open",
    "max_connections",
    "max_per_address",
    "max_streams",
    "idle_timeout",
];
/// Keys of `web.tls`.
pub(super) const TLS_KEYS: &[&str] = &["cert", "key", "client_ca"];
const MOST_LISTENERS: usize = 16;

/// `mpp-web`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Web {
    /// Where it listens; 1 to 16, no two the same.
    pub listen: Vec<SocketAddr>,
    /// Encryption; `None`: none.
    pub tls: Option<WebTls>,
    /// A file of the token that clients must send; `None`: anybody may ask.
    pub token_file: Option<PathBuf>,
    /// What is answered without the token.
    pub open: Vec<Area>,
    /// Connections at a time; 16..=10000.
    pub max_connections: u32,
    /// Of these, from one address; 1..=10000.
    pub max_per_address: u32,
    /// Readers of `/v1/stream` at a time; 1..=1000.
    pub max_streams: u32,
    /// How long a connection may lie idle between two requests; 1s..=1h.
    pub idle_timeout: Duration,
}

/// Encryption of `mpp-web`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebTls {
    /// A file of the PEM certificate, its issuers behind it.
    pub cert: PathBuf,
    /// A file of its PEM key.
    pub key: PathBuf,
    /// A file of the PEM certificates that sign clients'; `None`: clients need none.
    pub client_ca: Option<PathBuf>,
}

/// A part of what `mpp-web` answers, by who may want it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Area {
    /// `/health`.
    Health,
    /// Verdicts of nodes and sites, and who is ACTIVE: for a Smart DNS, which can send no token.
    Verdicts,
    /// `/metrics`.
    Metrics,
    /// Status, events and the stream.
    Status,
    /// The dashboard's page; what it shows is `Status`.
    Dashboard,
}

impl Area {
    /// Every area.
    pub const ALL: [Area; 5] = [Area::Health, Area::Verdicts, Area::Metrics, Area::Status, Area::Dashboard];

    /// As the configuration has it.
    pub fn word(self) -> &'static str {
        match self {
            Area::Health => "health",
            Area::Verdicts => "verdicts",
            Area::Metrics => "metrics",
            Area::Status => "status",
            Area::Dashboard => "dashboard",
        }
    }
}

impl Default for Web {
    fn default() -> Web {
        Web {
            listen: vec![SocketAddr::from(([127, 0, 0, 1], 8780))],
            tls: None,
            token_file: None,
            open: vec![Area::Health, Area::Verdicts],
            max_connections: 1000,
            max_per_address: 200,
            max_streams: 64,
            idle_timeout: seconds(75),
        }
    }
}

/// Reads `web`.
pub(super) fn read(spot: &Spot<'_>) -> Option<Web> {
    let section = spot.section(KEYS)?;
    let mut web = Web::default();
    section.fill("listen", &mut web.listen, listen);
    section.fill("tls", &mut web.tls, |spot| tls(spot).map(Some));
    section.fill("token_file", &mut web.token_file, |spot| web_files::token(spot).map(Some));
    section.fill("open", &mut web.open, open);
    section.fill("max_connections", &mut web.max_connections, |spot| spot.count(16..=10_000));
    section.fill("max_per_address", &mut web.max_per_address, |spot| spot.count(1..=10_000));
    section.fill("max_streams", &mut web.max_streams, |spot| spot.count(1..=1000));
    section.fill("idle_timeout", &mut web.idle_timeout, |spot| spot.duration(seconds(1)..=seconds(3600)));
    warn_of_strangers(spot, &web);
    Some(web)
}

/// What is not on loopback can be read by whoever gets there, and a token by whoever listens in.
fn warn_of_strangers(spot: &Spot<'_>, web: &Web) {
    let Some(address) = web.listen.iter().find(|address| !address.ip().is_loopback()) else { return };
    let has_client_ca = web.tls.as_ref().is_some_and(|tls| tls.client_ca.is_some());
    if web.token_file.is_none() && !has_client_ca {
        spot.warn(format!(
            "listens at {address}, and whoever reaches it may read all of it; give token_file, or tls with client_ca, \
             or see to it that only those who may can reach it"
        ));
    } else if web.token_file.is_some() && web.tls.is_none() {
        spot.warn(format!("listens at {address} without tls: the token can be read on its way; give tls"));
    }
}

fn listen(list: &Spot<'_>) -> Option<Vec<SocketAddr>> {
    let mut known = HashMap::new();
    let mut addresses = Vec::new();
    for spot in list.items()? {
        let Some(address) = address(&spot) else { continue };
        if address.port() != 0 {
            spot.once(&mut known, address, format!("{address} stands here already; keep one"));
        }
        addresses.push(address);
    }
    match addresses.len() {
        0 => list.fault("no address; list one, or remove the key"),
        1..=MOST_LISTENERS => {}
        n => list.fault(format!("{n} addresses; at most {MOST_LISTENERS} are possible")),
    }
    Some(addresses)
}

fn address(spot: &Spot<'_>) -> Option<SocketAddr> {
    let text = spot.text()?;
    let address = text.parse::<SocketAddr>().ok();
    if address.is_none() {
        spot.fault(format!(
            "{} is not an IP address with a port; write \"127.0.0.1:8780\", \"[::1]:8780\", or \"0.0.0.0:8780\" for every \
             address of this machine",
            spot.tree.shown()
        ));
    }
    address
}

fn tls(spot: &Spot<'_>) -> Option<WebTls> {
    let section = spot.section(TLS_KEYS)?;
    let cert =
        section.need("cert", "name the file of the certificate").and_then(|s| web_files::certificate(&s));
    let key = section.need("key", "name the file of its key").and_then(|s| web_files::key(&s));
    let mut client_ca = None;
    section.fill("client_ca", &mut client_ca, |s| web_files::certificate(s).map(Some));
    Some(WebTls { cert: cert?, key: key?, client_ca })
}

fn open(list: &Spot<'_>) -> Option<Vec<Area>> {
    let areas = Area::ALL.map(|area| (area.word(), area));
    Some(list.items()?.filter_map(|spot| spot.word(&areas)).collect())
}
