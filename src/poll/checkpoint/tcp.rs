//! Connections: `simple` and `tcp` want no more of a host.

use super::trouble::{Trouble, left};
use crate::core::time::Moment;
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpStream};

/// Whether a host answers at all: to refuse is an answer, too.
pub(super) fn knock(address: SocketAddr, deadline: Moment) -> Result<(), Trouble> {
    match TcpStream::connect_timeout(&address, left(deadline)?) {
        Err(e) if e.kind() == ErrorKind::ConnectionRefused => Ok(()),
        result => Ok(result.map(drop)?),
    }
}

/// Whether it takes connections there.
pub(super) fn connect(address: SocketAddr, deadline: Moment) -> Result<(), Trouble> {
    Ok(TcpStream::connect_timeout(&address, left(deadline)?).map(drop)?)
}
