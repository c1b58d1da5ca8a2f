//! One question to a name server.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Duration;

/// How long an answer may take; then it is asked again by whoever waits.
const PATIENCE: Duration = Duration::from_secs(2);

/// An address and its TTL in seconds.
pub type Answer = (Ipv4Addr, u32);

/// The A records of a name; none too, if there is no answer or a bad one.
pub fn addresses(server: SocketAddr, name: &str) -> Vec<Answer> {
    ask(server, name).unwrap_or_default()
}

fn ask(server: SocketAddr, name: &str) -> Option<Vec<Answer>> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).ok()?;
    socket.set_read_timeout(Some(PATIENCE)).ok()?;
    let question = question(name);
    socket.send_to(&question, server).ok()?;
    let mut buffer = [0; 512];
    let (length, from) = socket.recv_from(&mut buffer).ok()?;
    (from == server).then(|| records(buffer.get(question.len()..length)?, buffer[7]))?
}

/// RFC 1035, section 4: a header that asks one thing, the name, type A, class IN.
fn question(name: &str) -> Vec<u8> {
    let mut message = vec![0x4d, 0x50, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in name.split('.') {
        message.push(u8::try_from(label.len()).expect("a short label"));
        message.extend(label.bytes());
    }
    message.extend([0, 0, 1, 0, 1]);
    message
}

/// The first so many records; each one's name is a pointer to the question's.
fn records(mut rest: &[u8], count: u8) -> Option<Vec<Answer>> {
    let mut answers = Vec::new();
    for _ in 0..count {
        let (record, others) = rest.split_at_checked(16)?;
        let ttl = u32::from_be_bytes(record[6..10].try_into().ok()?);
        let address: [u8; 4] = record[12..].try_into().ok()?;
        answers.push((Ipv4Addr::from(address), ttl));
        rest = others;
    }
    Some(answers)
}
