//! Connections: `simple` and `tcp` want no more of a host.

use super::trouble::{Trouble, left};
use crate::core::time::Moment;
use std::io::{self, ErrorKind, Read};
use std::net::{SocketAddr, TcpStream};

/// Whether a host answers at all: to refuse is an answer, too.
pub(super) fn knock(address: SocketAddr, deadline: Moment) -> Result<(), Trouble> {
    match TcpStream::connect_timeout(&address, left(deadline)?) {
        Err(e) if e.kind() == ErrorKind::ConnectionRefused => Ok(()),
        result => Ok(result.map(drop)?),
    }
}

/// A connection.
pub(super) fn connect(address: SocketAddr, deadline: Moment) -> Result<TcpStream, Trouble> {
    Ok(TcpStream::connect_timeout(&address, left(deadline)?)?)
}

/// Fills the buffer; a host that sends one byte now and then has no more time than any other.
pub(super) fn fill(mut stream: &TcpStream, buffer: &mut [u8], deadline: Moment) -> Result<(), Trouble> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        stream.set_read_timeout(Some(left(deadline)?))?;
        match stream.read(rest) {
            Ok(0) => return Err(io::Error::from(ErrorKind::UnexpectedEof).into()),
            Ok(n) => filled += n,
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) => return Err(e.into()),
        }
    }
    Ok(())
}
