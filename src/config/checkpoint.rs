//! `checkpoints`, of a pool and of a node: a text `type:proto:host:port`, or keys.

use std::collections::HashMap;
use std::net::Ipv6Addr;
use std::time::Duration;

use super::address;
use super::probe::{Host, Http, Probe, Protocol, Trust};
use super::reading::Place;
use super::secrets;
use super::section::{Section, Spot};
use super::tree::Tree;
use super::unique::Unique;
use super::values::{ms, seconds};
use crate::core::settings::Reach;

/// Keys of a checkpoint.
pub(super) const KEYS: &[&str] =
    &["type", "proto", "host", "port", "path", "expect", "timeout", "interval", "verify", "ca"];
/// How many one pool, or one node, may have.
const MOST: usize = 32;
const EXAMPLE: &str = "\"external:http:www.example.com:default\"";

/// A checkpoint, read, and where it stands.
pub(super) struct Checkpoint<'t> {
    pub(super) spot: Spot<'t>,
    pub(super) reach: Reach,
    pub(super) probe: Probe,
}

/// The words of `proto`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    Simple,
    Tcp,
    Icmp,
    Http,
    Https,
    Mysql,
}

const WORDS: [(&str, Word); 6] = [
    ("simple", Word::Simple),
    ("tcp", Word::Tcp),
    ("icmp", Word::Icmp),
    ("http", Word::Http),
    ("https", Word::Https),
    ("mysql", Word::Mysql),
];

/// The `checkpoints` of a section; `timeout` is that of the monitor there.
pub(super) fn list<'t>(section: &Section<'t>, timeout: Duration, unique: &mut Unique) -> Vec<Checkpoint<'t>> {
    let mut met: HashMap<String, Place> = HashMap::new();
    let mut found = Vec::new();
    let items = section.get("checkpoints").and_then(|spot| spot.items());
    for (n, spot) in items.into_iter().flatten().enumerate() {
        if n == MOST {
            spot.fault(format!("more than {MOST} checkpoints in one list; a handful tells as much"));
            break;
        }
        let Some((reach, probe)) = read(&spot, timeout) else { continue };
        spot.once(&mut met, probe.id.clone(), format!("{} stands here already; keep one", probe.id));
        unique.probe(&spot, &probe);
        found.push(Checkpoint { spot, reach, probe });
    }
    found
}

fn read(spot: &Spot<'_>, timeout: Duration) -> Option<(Reach, Probe)> {
    match spot.tree {
        Tree::Text(text) => in_short(spot, text, timeout),
        Tree::Map(_) => at_length(spot, timeout),
        other => {
            let shown = other.shown();
            spot.fault(format!("{shown} is not a checkpoint; write it like {EXAMPLE}, or as keys"));
            None
        }
    }
}

/// `external:http:www.example.com:default`.
fn in_short(spot: &Spot<'_>, text: &str, timeout: Duration) -> Option<(Reach, Probe)> {
    let parts = text.split_once(':').and_then(|(reach, rest)| {
        let (proto, rest) = rest.split_once(':')?;
        let (host, port) = rest.rsplit_once(':')?;
        Some([("type", reach), ("proto", proto), ("host", host), ("port", port)])
    });
    let Some(parts) = parts.filter(|parts| parts.iter().all(|(_, text)| !text.is_empty())) else {
        let shown = spot.tree.shown();
        spot.fault(format!("{shown} is not type:proto:host:port; write it like {EXAMPLE}"));
        return None;
    };
    let trees = parts.map(|(key, text)| match text.parse() {
        Ok(number) if key == "port" => Tree::Integer(number),
        _ => Tree::Text(text.to_owned()),
    });
    let part = |n: usize| Spot {
        tree: &trees[n],
        place: spot.place.clone(),
        name: format!("{}: {}", spot.name, parts[n].0),
        reading: spot.reading,
    };
    if parts[2].1.parse::<Ipv6Addr>().is_ok() {
        // Where the port is left out, the last group of the address would be taken for it.
        spot.fault(format!("write [{}], an IPv6 address stands in brackets here", parts[2].1));
        return None;
    }
    let (reach, word, host) = (reach(&part(0)), part(1).word(&WORDS), host(&part(2)));
    let word = word?;
    let port = port(&part(3), word)?;
    let protocol = match word {
        Word::Http => http(port, None),
        Word::Https => http(port, Some(Trust::Any)),
        plain => plain_protocol(plain, port),
    };
    whole(reach?, word, host?, port, protocol, (timeout, None))
}

/// The same as keys, with what the text has no place for.
fn at_length(spot: &Spot<'_>, timeout: Duration) -> Option<(Reach, Probe)> {
    let section = spot.section(KEYS)?;
    let reach = section.need("type", "write internal, edge or external").and_then(|spot| reach(&spot));
    let word = section.need("proto", "write simple, tcp, icmp, http, https or mysql");
    let word = word.and_then(|spot| spot.word(&WORDS));
    let host = section.need("host", "write an IP address or a name").and_then(|spot| host(&spot));
    let (mut timeout, mut interval) = (timeout, None);
    section.fill("timeout", &mut timeout, |spot| spot.duration(ms(10)..=seconds(60)));
    section.fill("interval", &mut interval, |spot| spot.duration(ms(10)..=seconds(3600)).map(Some));
    let word = word?;
    let port = match section.get("port") {
        Some(spot) => port(&spot, word)?,
        None => default_port(spot, word)?,
    };
    let protocol = match word {
        Word::Http | Word::Https => asked(&section, word, port),
        plain => {
            refuse(&section, &["path", "expect"], "http and https");
            plain_protocol(plain, port)
        }
    };
    if word != Word::Https {
        refuse(&section, &["verify", "ca"], "https");
    }
    whole(reach?, word, host?, port, protocol, (timeout, interval))
}

fn refuse(section: &Section<'_>, keys: &[&str], whose: &str) {
    for spot in keys.iter().filter_map(|key| section.get(key)) {
        spot.fault(format!("is used by proto {whose} only; remove it"));
    }
}

/// A port as written: a number, or the protocol's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Port {
    Default(u16),
    Number(u16),
}

impl Port {
    fn number(self) -> u16 {
        match self {
            Port::Default(port) | Port::Number(port) => port,
        }
    }
}

fn whole(
    reach: Reach,
    word: Word,
    host: Host,
    port: Port,
    protocol: Protocol,
    (timeout, interval): (Duration, Option<Duration>),
) -> Option<(Reach, Probe)> {
    let proto = WORDS.iter().find(|(_, known)| *known == word).map(|(text, _)| *text)?;
    let port = match port {
        Port::Default(_) => "default".to_owned(),
        Port::Number(port) => port.to_string(),
    };
    let id = format!("{}:{proto}:{host}:{port}", reach.word());
    Some((reach, Probe { id, host, protocol, timeout, interval }))
}

fn plain_protocol(word: Word, port: Port) -> Protocol {
    match word {
        Word::Tcp => Protocol::Tcp(port.number()),
        Word::Icmp => Protocol::Icmp,
        Word::Mysql => Protocol::Mysql(port.number()),
        _ => Protocol::Simple(port.number()),
    }
}

fn http(port: Port, tls: Option<Trust>) -> Protocol {
    Protocol::Http(Http { port: port.number(), path: "/".to_owned(), expect: Vec::new(), tls })
}

fn asked(section: &Section<'_>, word: Word, port: Port) -> Protocol {
    let (mut path, mut expect) = ("/".to_owned(), Vec::new());
    section.fill("path", &mut path, path_of);
    section.fill("expect", &mut expect, codes);
    let tls = (word == Word::Https).then(|| trust(section));
    Protocol::Http(Http { port: port.number(), path, expect, tls })
}

fn trust(section: &Section<'_>) -> Trust {
    let mut verify = false;
    section.fill("verify", &mut verify, |spot| spot.boolean());
    let ca = section.get("ca");
    if let (Some(ca), false, Some(_)) = (&ca, verify, section.get("verify")) {
        ca.fault("stands beside \"verify: false\"; remove one of them");
    }
    match ca.and_then(|spot| secrets::ca(&spot)) {
        Some(ca) => Trust::Authority(ca),
        None if verify => Trust::System,
        None => Trust::Any,
    }
}

fn reach(spot: &Spot<'_>) -> Option<Reach> {
    spot.word(&Reach::ALL.map(|reach| (reach.word(), reach)))
}

fn host(spot: &Spot<'_>) -> Option<Host> {
    match address::host(spot.text()?) {
        Ok((_, Some(ip))) => Some(Host::Ip(ip)),
        Ok((name, None)) => Some(Host::Name(name)),
        Err(why) => {
            spot.fault(format!("{} {why}", spot.tree.shown()));
            None
        }
    }
}

fn port(spot: &Spot<'_>, word: Word) -> Option<Port> {
    if spot.is("default") {
        return default_port(spot, word);
    }
    let number = match spot.tree {
        Tree::Integer(n) => u16::try_from(*n).ok().filter(|n| *n > 0),
        _ => None,
    };
    match (number, word) {
        (Some(_), Word::Icmp) => spot.fault("icmp has no port; write default"),
        (Some(port), _) => return Some(Port::Number(port)),
        (None, _) => {
            let shown = spot.tree.shown();
            spot.fault(format!("{shown} is not a port; write default, or a number from 1 to 65535"));
        }
    }
    None
}

/// Where nothing else is said; `spot` is told if that does not do.
fn default_port(spot: &Spot<'_>, word: Word) -> Option<Port> {
    let port = match word {
        Word::Simple => 7,
        Word::Icmp => 0,
        Word::Http => 80,
        Word::Https => 443,
        Word::Mysql => 3306,
        Word::Tcp => {
            spot.fault("tcp has no default port; write a number from 1 to 65535");
            return None;
        }
    };
    Some(Port::Default(port))
}

/// What may stand in the first line of a request.
fn path_of(spot: &Spot<'_>) -> Option<String> {
    let text = spot.text()?;
    let whole = text.len() <= 1000 && text.starts_with('/') && !text.contains('#');
    if whole && text.parse::<ureq::http::uri::PathAndQuery>().is_ok() {
        return Some(text.to_owned());
    }
    let shown = spot.tree.shown();
    spot.fault(format!(
        "{shown} is not a path; begin it with /, with blanks and the like as %20, at most 1000 bytes"
    ));
    None
}

/// One status code, or a list of them.
fn codes(spot: &Spot<'_>) -> Option<Vec<u16>> {
    let code = |spot: &Spot<'_>| spot.count(100..=599).and_then(|n| u16::try_from(n).ok());
    match spot.tree {
        Tree::List(items) if items.is_empty() => {
            spot.fault("an empty list; name a status code, or remove the key");
            None
        }
        Tree::List(_) => spot.items()?.map(|spot| code(&spot)).collect(),
        _ => code(spot).map(|code| vec![code]),
    }
}
