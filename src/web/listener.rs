//! A listening socket: who connects gets a seat, if need be another's.

use super::app::Shared;
use super::connection;
use axum::Router;
use nix::sys::socket::{setsockopt, sockopt::Ipv6V6Only};
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket};

/// Connections that wait to be accepted.
const BACKLOG: u32 = 1024;
/// After a refusal by the kernel: no descriptors, no memory.
const PAUSE: Duration = Duration::from_millis(100);

/// Listens at an address.
///
/// # Errors
/// In words, naming the address.
pub(super) fn listen(address: SocketAddr) -> Result<TcpListener, String> {
    let bound = || -> io::Result<TcpListener> {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        socket.set_reuseaddr(true)?;
        if address.is_ipv6() {
            // So that 0.0.0.0 may be listened at beside [::].
            setsockopt(&socket, Ipv6V6Only, &true)?;
        }
        socket.bind(address)?;
        socket.listen(BACKLOG)
    };
    bound().map_err(|e| format!("can't listen at {address}: {e}; see web.listen"))
}

/// Accepts for ever.
pub(super) async fn accept(app: Shared, router: Router, listener: TcpListener) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // Whoever finds no place is hung up on.
                if let Some(place) = app.seats.take(peer.ip().to_canonical()) {
                    tokio::spawn(connection::serve(app.clone(), router.clone(), place, stream));
                }
            }
            Err(e) if is_of_the_client(&e) => {}
            Err(e) => {
                app.log.say(format!("can't accept a connection: {e}"));
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// It hung up before it was accepted.
fn is_of_the_client(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset)
}
