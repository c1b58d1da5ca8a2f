//! `alerts.syslog`: facility and address.

use std::path::PathBuf;

use super::section::Spot;

/// Where syslog lines go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Syslog {
    /// Under what facility.
    pub facility: Facility,
    /// To whom.
    pub address: SyslogAddress,
}

/// A syslog facility that a daemon may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facility {
    /// `daemon`, `local0`, ...
    pub name: &'static str,
    /// Its number in RFC 5424 (not shifted).
    pub code: u8,
}

/// To whom syslog lines go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SyslogAddress {
    /// The machine's own syslog: `/dev/log`.
    Local,
    /// A datagram socket in the file system.
    Socket(PathBuf),
}

const FACILITIES: [(&str, u8); 19] = [
    ("user", 1),
    ("mail", 2),
    ("daemon", 3),
    ("auth", 4),
    ("syslog", 5),
    ("lpr", 6),
    ("news", 7),
    ("uucp", 8),
    ("cron", 9),
    ("authpriv", 10),
    ("ftp", 11),
    ("local0", 16),
    ("local1", 17),
    ("local2", 18),
    ("local3", 19),
    ("local4", 20),
    ("local5", 21),
    ("local6", 22),
    ("local7", 23),
];

/// Keys of `alerts.syslog`.
pub(super) const KEYS: &[&str] = &["facility", "address"];

impl Default for Syslog {
    fn default() -> Syslog {
        Syslog { facility: Facility { name: "daemon", code: 3 }, address: SyslogAddress::Local }
    }
}

/// Reads `alerts.syslog`.
pub(super) fn read(spot: &Spot<'_>) -> Option<Syslog> {
    let section = spot.section(KEYS)?;
    let mut syslog = Syslog::default();
    section.fill("facility", &mut syslog.facility, |spot| {
        spot.word(&FACILITIES.map(|(name, code)| (name, Facility { name, code })))
    });
    section.fill("address", &mut syslog.address, address);
    Some(syslog)
}

fn address(spot: &Spot<'_>) -> Option<SyslogAddress> {
    let text = spot.text()?;
    if text == "local" {
        return Some(SyslogAddress::Local);
    }
    if text.starts_with('/') {
        return spot.folder(107).map(SyslogAddress::Socket);
    }
    let advice =
        "write local, or the path of a socket; to reach another machine let the local syslog forward";
    spot.fault(format!("{} is not a place for syslog; {advice}", spot.tree.shown()));
    None
}
