//! An echo, through a socket for which no privilege is needed: net.ipv4.ping_group_range, for IPv6 too.

use super::trouble::{Trouble, left};
use crate::core::time::Moment;
use nix::errno::Errno;
use nix::sys::socket::{AddressFamily, SockFlag, SockProtocol, SockType, socket};
use nix::unistd::getegid;
use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr, UdpSocket};

/// Types of a request and its reply.
const V4: (u8, u8) = (8, 0);
const V6: (u8, u8) = (128, 129);
/// Type, code, checksum, identifier, sequence number.
const HEADER: usize = 8;

/// Whether a host sends an echo back. The kernel fills in checksum and identifier, and gives this socket its own replies
/// alone.
pub(super) fn echo(ip: IpAddr, deadline: Moment) -> Result<(), Trouble> {
    let (request, reply) = if ip.is_ipv6() { V6 } else { V4 };
    let socket = open(ip)?;
    socket.connect(SocketAddr::new(ip, 0))?;
    // A late reply to an earlier question, whose socket had the same identifier, must not pass for one to this.
    let token = deadline.0.to_be_bytes();
    let mut message = [0; HEADER + 8];
    message[0] = request;
    message[HEADER..].copy_from_slice(&token);
    socket.send(&message)?;
    let mut heard = [0; 64];
    loop {
        socket.set_read_timeout(Some(left(deadline)?))?;
        match socket.recv(&mut heard) {
            Ok(n) if heard[0] == reply && heard[..n].get(HEADER..) == Some(&token) => return Ok(()),
            Ok(_) => {}
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) => return Err(e.into()),
        }
    }
}

/// It is no UDP: the type is std's for any socket of datagrams.
fn open(ip: IpAddr) -> Result<UdpSocket, Trouble> {
    let (family, protocol) = match ip {
        IpAddr::V4(_) => (AddressFamily::Inet, SockProtocol::Icmp),
        IpAddr::V6(_) => (AddressFamily::Inet6, SockProtocol::IcmpV6),
    };
    match socket(family, SockType::Datagram, SockFlag::SOCK_CLOEXEC, protocol) {
        Ok(socket) => Ok(UdpSocket::from(socket)),
        Err(Errno::EACCES | Errno::EPERM) => Err(Trouble::Unable(format!(
            "mppd may not send echoes: group {} is not in net.ipv4.ping_group_range; widen it with sysctl",
            getegid()
        ))),
        Err(e) => Err(std::io::Error::from(e).into()),
    }
}
