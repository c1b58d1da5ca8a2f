//! `peers`: other agents that look after the same pools, by their `mpp-web`.

use std::collections::HashMap;
use std::net::IpAddr;
use std::path::PathBuf;

use ureq::http::Uri;

use super::password::PasswordSource;
use super::secrets;
use super::section::{Section, Spot};
use super::settings::Peer;

/// Keys of `peers[]`.
pub(super) const KEYS: &[&str] = &["name", "url", "token_file", "ca", "same_site"];
/// A thread and a connection each, and every pool hears of all of them.
const MOST: usize = 8;

/// Reads `peers`.
pub(super) fn read(list: &Spot<'_>) -> Option<Vec<Peer>> {
    let (mut names, mut urls) = (HashMap::new(), HashMap::new());
    let mut peers = Vec::new();
    for spot in list.items()? {
        let Some(peer) = peer(&spot) else { continue };
        spot.once(
            &mut names,
            peer.name.clone(),
            format!("{} is another peer's name; choose a different one", peer.name),
        );
        spot.once(
            &mut urls,
            peer.url.clone(),
            format!("{} is another peer's url; keep one of them", peer.url),
        );
        peers.push(peer);
    }
    if peers.len() > MOST {
        list.fault(format!("{} peers; at most {MOST} are possible", peers.len()));
    }
    Some(peers)
}

fn peer(spot: &Spot<'_>) -> Option<Peer> {
    let section = spot.section(KEYS)?;
    let name = section.need("name", "give the peer one").and_then(|spot| spot.name());
    let url = section.need("url", "write it like \"https://10.0.0.12:8780\"").and_then(|spot| url(&spot));
    let (mut token, mut ca, mut same_site) = (PasswordSource::None, None, true);
    section.fill("token_file", &mut token, secrets::password_file);
    section.fill("ca", &mut ca, |spot| secrets::ca(spot).map(Some));
    section.fill("same_site", &mut same_site, |spot| spot.boolean());
    let url = url?;
    look_at_encryption(&section, &url, ca.as_ref());
    Some(Peer { name: name?, url: url.to_string().trim_end_matches('/').to_owned(), token, ca, same_site })
}

fn url(spot: &Spot<'_>) -> Option<Uri> {
    let url = spot.text()?.parse::<Uri>().ok().filter(|url| {
        let plain = url.authority().is_some_and(|a| !a.as_str().contains('@') && !a.host().is_empty());
        plain && url.query().is_none() && matches!(url.scheme_str(), Some("http" | "https"))
    });
    if url.is_none() {
        spot.fault(format!(
            "{} is not the address of an mpp-web; write it like \"https://10.0.0.12:8780\"",
            spot.tree.shown()
        ));
    }
    url
}

fn look_at_encryption(section: &Section<'_>, url: &Uri, ca: Option<&PathBuf>) {
    if url.scheme_str() == Some("https") {
        return;
    }
    if let (Some(spot), Some(_)) = (section.get("ca"), ca) {
        spot.fault("is used with https:// only; write that in url, or remove it");
    }
    if let Some(spot) = section.get("url").filter(|_| !is_loopback(url)) {
        spot.warn(
            "is not encrypted: whoever is on the way can read the token, and say whatever he likes in the peer's stead; \
             write https://, and give its mpp-web web.tls",
        );
    }
}

fn is_loopback(url: &Uri) -> bool {
    let host = url.host().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}
