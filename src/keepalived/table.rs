//! The kernel's table of virtual servers: `/proc/net/ip_vs`, of our own network namespace. Read, never written.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

/// Where it is.
pub const PATH: &str = "/proc/net/ip_vs";

/// TCP virtual servers by their addresses, each with its real servers by theirs.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Table(pub HashMap<SocketAddr, BTreeMap<SocketAddr, Loaded>>);

/// A real server that the kernel has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// `Masq`, `Route`, `Tunnel` or `Local`.
    pub forward: String,
    /// 0: no new connections.
    pub weight: u32,
    /// Established connections.
    pub active: u32,
}

/// Reads the table.
///
/// # Errors
/// No IPVS in this kernel, or not for us to read.
pub fn read(path: &Path) -> io::Result<Table> {
    fs::read_to_string(path).map(|text| parse(&text))
}

/// Lines that are not understood, of UDP or of firewall marks, are passed over.
fn parse(text: &str) -> Table {
    let mut table = Table::default();
    let mut service: Option<SocketAddr> = None;
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            ["->", address, forward, weight, active, ..] => {
                let loaded = address_of(address).zip(weight.parse().ok()).zip(active.parse().ok());
                let reals = service.and_then(|s| table.0.get_mut(&s));
                if let (Some(((address, weight), active)), Some(reals)) = (loaded, reals) {
                    reals.insert(address, Loaded { forward: forward.to_owned(), weight, active });
                }
            }
            [protocol, address, ..] => {
                service = address_of(address).filter(|_| protocol == "TCP");
                if let Some(service) = service {
                    table.0.insert(service, BTreeMap::new());
                }
            }
            _ => {}
        }
    }
    table
}

/// `C0A80201:0CEA`, `[2001:0db8:0000:0000:0000:0000:0000:0001]:0CEA`.
fn address_of(text: &str) -> Option<SocketAddr> {
    let (host, port) = text.rsplit_once(':')?;
    let port = u16::from_str_radix(port, 16).ok().filter(|_| port.len() == 4)?;
    let ip = match host.strip_prefix('[') {
        Some(host) => IpAddr::V6(host.strip_suffix(']')?.parse::<Ipv6Addr>().ok()?),
        None => IpAddr::V4(Ipv4Addr::from_bits(u32::from_str_radix(host, 16).ok()?)),
    };
    Some(SocketAddr::new(ip, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
TCP  C0A80201:0CEA rr
  -> 0A000002:0CEA      Masq    1      3          7
TCP  [2001:0db8:0000:0000:0000:0000:0000:0001]:0CEB wlc persistent 50 FFFFFFFF
  -> [2001:0db8:0000:0000:0000:0000:0000:0011]:0CEB      Route   0      0          0
UDP  C0A80201:0CEA rr
  -> 0A000003:0CEA      Masq    1      0          0
FWM  00000005 rr
  -> 0A000004:0CEA      Masq    1      0          0
TCP  C0A80202:0CEA rr
";

    #[test]
    fn virtual_servers_of_tcp_are_read_with_their_real_servers() {
        let table = parse(TEXT);
        let loaded = |address: &str, forward: &str, weight, active| {
            BTreeMap::from([(address.parse().unwrap(), Loaded { forward: forward.into(), weight, active })])
        };
        let service = |address: &str| table.0.get(&address.parse().unwrap()).cloned();
        assert_eq!(service("192.168.2.1:3306"), Some(loaded("10.0.0.2:3306", "Masq", 1, 3)));
        let six = loaded("[2001:db8::11]:3307", "Route", 0, 0);
        assert_eq!(service("[2001:db8::1]:3307"), Some(six));
        assert_eq!(service("192.168.2.2:3306"), Some(BTreeMap::new()));
        assert_eq!(table.0.len(), 3);
    }

    #[test]
    fn nonsense_is_passed_over() {
        for text in
            ["", "TCP", "-> 0A000002:0CEA Masq 1 0 0", "TCP XYZ:1 rr\n -> x Masq y z", "TCP [::1]:0CEA:x rr"]
        {
            assert_eq!(parse(text), Table::default(), "{text}");
        }
    }
}
