//! A server as far as its greeting.

use super::answer::answered;
use super::fault::Fault;
use super::login::{Login, enter};
use super::packets::Packets;
use super::wire::Wire;
use crate::core::time::Moment;
use mysql_common::io::ParseBuf;
use mysql_common::packets::HandshakePacket;
use std::net::SocketAddr;

/// The protocol's version: the only one there is.
const PROTOCOL: u8 = 10;
/// From the end of the version to the length of the nonce, bytes: connection, half the nonce, capabilities, collation, status.
const TO_NONCE_LENGTH: usize = 21;
/// Nobody's account.
const NOBODY: &str = "mpp-checkpoint";

/// Whether a server greets by the deadline. An error instead, such as too many connections (1040) or this host blocked
/// (1129), is an answer as well.
pub(crate) fn hear(address: SocketAddr, deadline: Moment) -> Result<(), Fault> {
    let mut packets = Packets::on(Wire::connect(address, deadline)?);
    let greeting = match greeting(&mut packets) {
        Err(Fault::Refused(_)) => return Ok(()),
        greeting => greeting?,
    };
    // A server counts who goes away without a word, and ends by blocking the host (max_connect_errors). It does not count
    // whom it sends away: so it is given a name to refuse. It has answered; how it takes that is its own business.
    let nobody = Login { address, user: NOBODY, password: "", tls: None };
    if let Err(Fault::Plugin(_)) = enter(&mut packets, &greeting, &nobody, None) {
        // Whoever is asked for a proof and says nothing counts as gone without a word.
        let _ = packets.send(&[]).and_then(|()| packets.next().map(drop));
    }
    Ok(())
}

/// What the server says first.
pub(super) fn greeting(packets: &mut Packets<Wire>) -> Result<HandshakePacket<'static>, Fault> {
    let packet = answered(packets)?;
    if packet.first() != Some(&PROTOCOL) {
        return Err(Fault::senseless("no greeting"));
    }
    // The library adds and subtracts there with seven bits.
    let version = packet.iter().position(|byte| *byte == 0);
    let nonce = version.and_then(|end| packet.get(end + TO_NONCE_LENGTH));
    if nonce.is_none_or(|length| *length > i8::MAX as u8) {
        return Err(Fault::senseless("a greeting that breaks off"));
    }
    let greeting = ParseBuf(packet).parse::<HandshakePacket>(());
    Ok(greeting.map_err(|_| Fault::senseless("a greeting that breaks off"))?.into_owned())
}
