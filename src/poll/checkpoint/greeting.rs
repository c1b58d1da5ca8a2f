//! A MySQL server, as far as its greeting.

use super::tcp;
use super::trouble::{Trouble, left};
use crate::core::time::Moment;
use std::io::Write;
use std::net::{SocketAddr, TcpStream};

/// The longest packet taken, bytes; those meant here have some hundred.
const LONGEST: usize = 4096;
/// What a greeting begins with, an error, and the question to log in by another plugin.
const GREETING: u8 = 10;
const ERROR: u8 = 255;
const SWITCH: u8 = 254;
/// Who says goodbye: nobody's account, so that nothing comes of it.
const NOBODY: &[u8] = b"mpp-checkpoint\0";
/// The protocol since 4.1, with a length before the password, and the plugin named.
const CAPABILITIES: u32 = 0x0200 | 0x8000 | 0x0008_0000;

/// Whether a server greets. An error instead, such as too many connections (1040) or this host blocked (1129), is an
/// answer as well.
pub(super) fn hear(address: SocketAddr, deadline: Moment) -> Result<(), Trouble> {
    let mut stream = tcp::connect(address, deadline)?;
    let mut head = [0; 5];
    tcp::fill(&stream, &mut head, deadline)?;
    let [a, b, c, 0, first @ (GREETING | ERROR)] = head else { return Err(no_server()) };
    let length = length([a, b, c]);
    if !(2..=LONGEST).contains(&length) {
        return Err(no_server());
    }
    if first == GREETING {
        // It has answered; how it takes the goodbye is its own business.
        let _ = leave(&mut stream, length - 1, deadline);
    }
    Ok(())
}

/// A server counts who goes away without a word, and ends by blocking the host (max_connect_errors). It does not count
/// whom it sends away: so it is given a name to refuse.
fn leave(stream: &mut TcpStream, rest: usize, deadline: Moment) -> Result<(), Trouble> {
    tcp::fill(stream, &mut vec![0; rest], deadline)?;
    let mut answer = Vec::from(CAPABILITIES.to_le_bytes());
    answer.extend([0, 0, 0, 1, 33]);
    answer.extend([0; 23]);
    answer.extend(NOBODY);
    answer.extend(b"\0mysql_native_password\0");
    send(stream, 1, &answer, deadline)?;
    let mut head = [0; 5];
    tcp::fill(stream, &mut head, deadline)?;
    let [a, b, c, number, SWITCH] = head else { return Ok(()) };
    let rest = length([a, b, c]).saturating_sub(1).min(LONGEST);
    tcp::fill(stream, &mut vec![0; rest], deadline)?;
    send(stream, number.wrapping_add(1), &[], deadline)?;
    tcp::fill(stream, &mut head, deadline)
}

fn send(stream: &mut TcpStream, number: u8, packet: &[u8], deadline: Moment) -> Result<(), Trouble> {
    let [a, b, c, ..] = packet.len().to_le_bytes();
    stream.set_write_timeout(Some(left(deadline)?))?;
    Ok(stream.write_all(&[&[a, b, c, number], packet].concat())?)
}

fn length([a, b, c]: [u8; 3]) -> usize {
    usize::from(a) | usize::from(b) << 8 | usize::from(c) << 16
}

fn no_server() -> Trouble {
    Trouble::Said("no MySQL server answers there".into())
}
