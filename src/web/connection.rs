//! One connection, from its handshake to its end.

use super::app::Shared;
use super::seat::Seat;
use super::seats::Place;
use super::service::respond;
use super::watched::Watched;
use axum::Router;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

/// No request's head is larger, bytes.
const LARGEST_HEAD: usize = 16 * 1024;
/// No request has more headers.
const MOST_HEADERS: usize = 64;

/// Serves a connection until it ends, or is cut.
pub(super) async fn serve(app: Shared, router: Router, place: Place, stream: TcpStream) {
    let seat = Arc::clone(&place.seat);
    // Answers are small, and none waits for the next.
    _ = stream.set_nodelay(true);
    let stream = Watched { stream, seat: Arc::clone(&seat) };
    tokio::select! {
        () = seat.until_cut() => {}
        () = speak(app, router, Arc::clone(&seat), stream) => {}
    }
}

async fn speak(app: Shared, router: Router, seat: Arc<Seat>, stream: Watched) {
    let Some(tls) = &app.tls else { return converse(app, router, seat, stream).await };
    match tls.acceptor().accept(stream).await {
        Ok(stream) => converse(app, router, seat, stream).await,
        Err(e) => {
            app.counts.tls_failures.up();
            app.log.say(format!("no TLS with {}: {e}", seat.peer));
        }
    }
}

async fn converse(app: Shared, router: Router, seat: Arc<Seat>, stream: impl AsyncRead + AsyncWrite + Unpin) {
    let service = service_fn(|request| respond(Arc::clone(&app), router.clone(), Arc::clone(&seat), request));
    let mut http = http1::Builder::new();
    http.max_buf_size(LARGEST_HEAD).max_headers(MOST_HEADERS);
    // What ends it is the client's: there is nobody to tell.
    _ = http.serve_connection(TokioIo::new(stream), service).await;
}
