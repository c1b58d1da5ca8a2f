//! The daemon's end of the socket. Each client has a thread and little time; a slow one costs nobody else anything.

use super::peer::Peer;
use super::protocol::{Answer, Code, Failure, LARGEST_REQUEST, Request, answer_line};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use serde_json::Value;
use std::fs;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::fd::AsFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

/// How many clients at a time, followers included.
const MOST_CLIENTS: usize = 64;
/// How long a client may take to send its request, and to take each line of the answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a client may be silent, and how much it may say, once it has its answer.
const FAREWELL: Duration = Duration::from_millis(100);
const LARGEST_FAREWELL: u64 = 4 << 20;
/// A client thread does little.
const STACK: usize = 256 * 1024;

/// What a request leads to.
pub enum Reply {
    /// One answer, and the exchange is over.
    Once(Answer),
    /// Values until the client or the daemon has enough; `None`: nothing yet.
    Stream(Box<dyn Iterator<Item = Option<Value>> + Send>),
}

/// Who answers. Called on client threads; may wait for the decider, with a bound.
pub trait Handler: Send + Sync + 'static {
    /// Answers one request.
    fn handle(&self, request: Request, peer: &Peer) -> Reply;
    /// Whose members may change things.
    fn control_group(&self) -> String;
}

/// Listens at `path`, in place of whatever was left there; ready when it returns.
///
/// # Errors
/// If the socket cannot be made there.
pub fn listen(path: &Path, handler: Arc<dyn Handler>) -> io::Result<()> {
    let fresh = path.with_extension("sock.new");
    _ = fs::remove_file(&fresh);
    let listener = UnixListener::bind(&fresh)?;
    fs::set_permissions(&fresh, fs::Permissions::from_mode(0o666))?;
    fs::rename(&fresh, path)?;
    thread::Builder::new().name("control".into()).spawn(move || accept(&listener, &handler))?;
    Ok(())
}

fn accept(listener: &UnixListener, handler: &Arc<dyn Handler>) {
    let clients = Arc::new(AtomicUsize::new(0));
    for stream in listener.incoming() {
        // Out of file descriptors, say: the next client may have more luck.
        let Ok(stream) = stream else {
            thread::sleep(Duration::from_millis(50));
            continue;
        };
        let ticket = Ticket::take(&clients);
        let handler = Arc::clone(handler);
        let serve = move || serve(stream, ticket, handler.as_ref());
        _ = thread::Builder::new().name("client".into()).stack_size(STACK).spawn(serve);
    }
}

/// One of the places for clients; given back when dropped.
struct Ticket {
    clients: Arc<AtomicUsize>,
    number: usize,
}

impl Ticket {
    fn take(clients: &Arc<AtomicUsize>) -> Ticket {
        let number = clients.fetch_add(1, Ordering::Relaxed);
        Ticket { clients: Arc::clone(clients), number }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.clients.fetch_sub(1, Ordering::Relaxed);
    }
}

fn serve(mut stream: UnixStream, ticket: Ticket, handler: &dyn Handler) {
    if stream.set_write_timeout(Some(PATIENCE)).is_err() {
        return;
    }
    if ticket.number >= MOST_CLIENTS {
        let text = format!("{MOST_CLIENTS} clients are connected already; try again");
        return send(&mut stream, &Err(Failure::new(Code::Busy, text)));
    }
    match read_request(&mut stream).and_then(|line| permitted(&stream, &line, handler)) {
        Err(failure) => send(&mut stream, &Err(failure)),
        Ok(Reply::Once(answer)) => send(&mut stream, &answer),
        Ok(Reply::Stream(values)) => follow(&mut stream, values),
    }
}

fn permitted(stream: &UnixStream, line: &[u8], handler: &dyn Handler) -> Result<Reply, Failure> {
    let request = Request::parse(line)?;
    let unknown = || Failure::new(Code::NotPermitted, "the kernel does not say who you are");
    let peer = Peer::of(stream).ok_or_else(unknown)?;
    let group = handler.control_group();
    if request.changes() && !peer.may_change(&group) {
        let text = format!("{} may not do this: be root, or a member of the group {group}", peer.name);
        return Err(Failure::new(Code::NotPermitted, text));
    }
    Ok(handler.handle(request, &peer))
}

/// One line, bounded in size and time, however it drips in.
fn read_request(stream: &mut UnixStream) -> Result<Vec<u8>, Failure> {
    let timed_out = || Failure::new(Code::TimedOut, format!("no whole request within {PATIENCE:?}"));
    let started = crate::clock::now();
    let mut line = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let left = PATIENCE.saturating_sub(crate::clock::now().since(started));
        if left.is_zero() {
            return Err(timed_out());
        }
        stream.set_read_timeout(Some(left)).map_err(|_| timed_out())?;
        let count = match stream.read(&mut chunk) {
            Ok(0) => return Err(Failure::new(Code::BadRequest, "the request ends before its newline")),
            Ok(count) => count,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => return Err(timed_out()),
        };
        line.extend_from_slice(&chunk[..count]);
        if let Some(end) = line.iter().position(|&b| b == b'\n') {
            line.truncate(end);
            return Ok(line);
        }
        if line.len() >= LARGEST_REQUEST {
            return Err(Failure::new(
                Code::TooLarge,
                format!("a request has at most {LARGEST_REQUEST} bytes"),
            ));
        }
    }
}

/// Sends the one answer and ends the exchange. What the client still had to say is taken in, within bounds: closing
/// on it would reset the connection, and the answer with it.
fn send(stream: &mut UnixStream, answer: &Answer) {
    let sent = stream.write_all(answer_line(answer).as_bytes()).is_ok();
    if !sent || stream.shutdown(Shutdown::Write).is_err() || stream.set_read_timeout(Some(FAREWELL)).is_err()
    {
        return;
    }
    let mut rest = stream.take(LARGEST_FAREWELL);
    _ = io::copy(&mut rest, &mut io::sink());
}

fn follow(stream: &mut UnixStream, values: Box<dyn Iterator<Item = Option<Value>> + Send>) {
    for value in values {
        let alive = match value {
            Some(value) => stream.write_all(answer_line(&Ok(value)).as_bytes()).is_ok(),
            None => !hung_up(stream),
        };
        if !alive {
            return;
        }
    }
}

fn hung_up(stream: &UnixStream) -> bool {
    let mut fds = [PollFd::new(stream.as_fd(), PollFlags::empty())];
    poll(&mut fds, PollTimeout::ZERO).is_ok_and(|ready| ready > 0)
}
