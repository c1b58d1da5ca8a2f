//! Addresses of nodes: `10.0.0.1:3306`, `[::1]:3306`, `db1.example.com:3306`.

use std::net::{IpAddr, SocketAddr};

/// An address as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    /// An IP literal without brackets, or a host name.
    pub(super) host: String,
    /// The IP, if the host is one.
    pub(super) ip: Option<IpAddr>,
    /// TCP port, 1 to 65535.
    pub(super) port: u16,
}

/// The address of a text.
///
/// # Errors
/// What is wrong with the text, and what to write.
pub(super) fn parse(text: &str) -> Result<Address, String> {
    if let Some(advice) = no_port(text) {
        return Err(format!("has no port; write \"{advice}:3306\""));
    }
    let (host, port) = text.rsplit_once(':').unwrap_or((text, ""));
    let port = match port.parse::<u16>() {
        Ok(port) if port > 0 && port.to_string().len() == text.len() - host.len() - 1 => port,
        _ => return Err("has no port from 1 to 65535; write \"10.0.0.1:3306\"".to_owned()),
    };
    if let Ok(socket) = text.parse::<SocketAddr>() {
        return literal(socket.ip(), port, text);
    }
    if !is_host_name(host) {
        let forms = "\"10.0.0.1:3306\", \"[2001:db8::1]:3306\" or \"db1.example.com:3306\"";
        return Err(format!("is neither an IP address nor a host name with a port; write it like {forms}"));
    }
    Ok(Address { host: host.to_owned(), ip: None, port })
}

/// The host of a text that has no port: its IP literal without brackets, or its name, and the IP if it is one.
///
/// # Errors
/// What is wrong with the text, and what to write.
pub(super) fn host(text: &str) -> Result<(String, Option<IpAddr>), String> {
    let inner = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    if let Ok(ip) = inner.parse::<IpAddr>() {
        return literal(ip, 0, text).map(|address| (address.host, address.ip));
    }
    if !is_host_name(text) {
        let forms = "\"10.0.0.1\", \"[2001:db8::1]\" or \"www.example.com\"";
        return Err(format!("is neither an IP address nor a host name; write it like {forms}"));
    }
    Ok((text.to_owned(), None))
}

/// What to put before the port if there is only a host.
fn no_port(text: &str) -> Option<String> {
    let inner = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    match inner.parse::<IpAddr>() {
        Ok(IpAddr::V6(ip)) => Some(format!("[{ip}]")),
        Ok(IpAddr::V4(ip)) => Some(ip.to_string()),
        Err(_) => is_host_name(text).then(|| text.to_owned()),
    }
}

fn literal(ip: IpAddr, port: u16, text: &str) -> Result<Address, String> {
    let broadcast = ip == IpAddr::from([255; 4]);
    if ip.is_unspecified() || ip.is_multicast() || broadcast {
        return Err("is not the address of one server; write one server's own".to_owned());
    }
    if text.contains('%') {
        return Err("names a zone (%), which is not supported; write an address that is routed".to_owned());
    }
    Ok(Address { host: ip.to_string(), ip: Some(ip), port })
}

/// Letters, digits, dash and underscore between dots; the last part not a number, as in a mistyped IP.
fn is_host_name(text: &str) -> bool {
    let good = |part: &str| {
        let plain = part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
        plain && !part.is_empty() && part.len() <= 63 && !part.starts_with('-') && !part.ends_with('-')
    };
    let last = text.rsplit('.').next().unwrap_or(text);
    text.len() <= 253 && text.split('.').all(good) && !last.chars().all(|c| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ip_literals_and_host_names_are_addresses() {
        for (text, host, ip) in [
            ("10.0.0.1:3306", "10.0.0.1", true),
            ("[::1]:3306", "::1", true),
            ("[2001:DB8::1]:3306", "2001:db8::1", true),
            ("db1:3306", "db1", false),
            ("db-1.my_site.example:3306", "db-1.my_site.example", false),
        ] {
            let address = parse(text).unwrap();
            assert_eq!(
                (address.host.as_str(), address.ip.is_some(), address.port),
                (host, ip, 3306),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_address_is_refused_with_advice() {
        for (text, advice) in [
            ("10.0.0.1", "has no port; write \"10.0.0.1:3306\""),
            ("::1", "has no port; write \"[::1]:3306\""),
            ("[::1]", "has no port; write \"[::1]:3306\""),
            ("db1", "has no port; write \"db1:3306\""),
            ("10.0.0.1:0", "has no port from 1 to 65535"),
            ("10.0.0.1:65536", "has no port from 1 to 65535"),
            ("db1:+3306", "has no port from 1 to 65535"),
            ("db1:03306", "has no port from 1 to 65535"),
            ("10.0.0.300:3306", "is neither"),
            ("tcp://db1:3306", "is neither"),
            (":3306", "is neither"),
            ("0.0.0.0:3306", "is not the address of one server"),
            ("[ff02::1]:3306", "is not the address of one server"),
            ("[fe80::1%2]:3306", "names a zone"),
        ] {
            let why = parse(text).unwrap_err();
            assert!(why.starts_with(advice), "{text}: {why}");
        }
    }
}
