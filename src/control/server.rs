//! The daemon's end of the socket. Each client has a thread and little time; a slow one costs nobody else anything.

use super::peer::Peer;
use super::places::{Place, Places};
use super::protocol::{Answer, Code, Failure, LARGEST_REQUEST, Request, Told, answer_line, told_line};
use super::timed::Timed;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::fs;
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// How long a client may take to send its request, and to take each line of the answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often it is looked whether the socket is still there, milliseconds.
const LOOK_ROUND: u16 = 1000;
/// A client thread does little.
const STACK: usize = 256 * 1024;

/// What a request leads to.
pub enum Reply {
    /// One answer, and the exchange is over.
    Once(Told),
    /// The same, as a line of the wire that is written already: it may be large.
    Line(String),
    /// Answers until the client or the daemon has enough; `None`: nothing yet.
    Stream(Box<dyn Iterator<Item = Option<Told>> + Send>),
}

impl Reply {
    /// One answer, which is nothing to peers.
    pub fn once(answer: Answer) -> Reply {
        Reply::Once(answer.into())
    }

    /// Such answers, until the client or the daemon has enough.
    pub fn stream(answers: impl Iterator<Item = Option<Answer>> + Send + 'static) -> Reply {
        Reply::Stream(Box::new(answers.map(|answer| answer.map(Told::from))))
    }
}

/// Who answers. Called on client threads; may wait for the decider, with a bound.
pub trait Handler: Send + Sync + 'static {
    /// Answers one request.
    fn handle(&self, request: Request, peer: &Peer) -> Reply;
    /// Whose members may change things.
    fn control_group(&self) -> &str;
    /// Whether the socket's directory is still ours: another daemon's socket is not to be replaced.
    fn owns_directory(&self) -> bool;
}

/// Listens at `path`, in place of whatever was left there; ready when it returns. If somebody removes the socket it is
/// put back.
///
/// # Errors
/// If the socket cannot be made there.
pub fn listen(path: &Path, handler: Arc<dyn Handler>) -> io::Result<()> {
    let mut socket = Socket::bind(path)?;
    let accept = move || {
        let places = Places::default();
        loop {
            if let Some(stream) = socket.next(handler.as_ref()) {
                admit(stream, &places, &handler);
            }
        }
    };
    thread::Builder::new().name("control".into()).spawn(accept)?;
    Ok(())
}

/// The socket, where it is, and what tells it from another one there.
struct Socket {
    path: PathBuf,
    listener: UnixListener,
    inode: u64,
}

impl Socket {
    fn bind(path: &Path) -> io::Result<Socket> {
        let fresh = path.with_extension("sock.new");
        _ = fs::remove_file(&fresh);
        let listener = UnixListener::bind(&fresh)?;
        fs::set_permissions(&fresh, fs::Permissions::from_mode(0o666))?;
        let inode = fs::symlink_metadata(&fresh)?.ino();
        fs::rename(&fresh, path)?;
        Ok(Socket { path: path.to_owned(), listener, inode })
    }

    /// The next client, if one comes soon. Looks now and then whether clients can still find the way.
    fn next(&mut self, handler: &dyn Handler) -> Option<UnixStream> {
        let mut fds = [PollFd::new(self.listener.as_fd(), PollFlags::POLLIN)];
        if poll(&mut fds, LOOK_ROUND).is_ok_and(|ready| ready > 0) {
            if let Ok((stream, _)) = self.listener.accept() {
                return Some(stream);
            }
            // Out of file descriptors, say: the next client may have more luck.
            thread::sleep(Duration::from_millis(50));
            return None;
        }
        if fs::symlink_metadata(&self.path).map_or(0, |m| m.ino()) != self.inode
            && handler.owns_directory()
            && let Ok(again) = Socket::bind(&self.path)
        {
            *self = again;
        }
        None
    }
}

/// Gives a client a place and a thread. Who gets none is told so on the spot, and waited for no longer.
fn admit(mut stream: UnixStream, places: &Places, handler: &Arc<dyn Handler>) {
    let place = Peer::of(&stream).and_then(|peer| Some((places.take(peer.uid, peer.is_trusted())?, peer)));
    let Some((place, peer)) = place else {
        let busy = Failure::new(Code::Busy, "too many clients are connected already; try again");
        if stream.set_nonblocking(true).is_ok() {
            _ = stream.write_all(answer_line(&Err(busy)).as_bytes());
        }
        return;
    };
    let handler = Arc::clone(handler);
    let serve = move || serve(stream, &place, peer, handler.as_ref());
    _ = thread::Builder::new().name("client".into()).stack_size(STACK).spawn(serve);
}

fn serve(mut stream: UnixStream, _place: &Place, peer: Peer, handler: &dyn Handler) {
    let peer = peer.named();
    let request = match read_request(&mut stream).and_then(|line| permitted(&peer, &line, handler)) {
        Ok(request) => request,
        Err(failure) => {
            _ = send(&mut stream, &Err(failure).into());
            return;
        }
    };
    // Who gave up while this machine stood still has perhaps done something else about it since.
    if request.changes() && hung_up(&stream) {
        return;
    }
    match handler.handle(request, &peer) {
        Reply::Line(line) => _ = write(&mut stream, &line),
        Reply::Once(answer) => _ = send(&mut stream, &answer),
        Reply::Stream(answers) => follow(&mut stream, answers),
    }
}

fn permitted(peer: &Peer, line: &[u8], handler: &dyn Handler) -> Result<Request, Failure> {
    let request = Request::parse(line)?;
    let group = handler.control_group();
    if request.changes() && !peer.may_change(group) {
        let text = format!("{} may not do this: be root, or a member of the group {group}", peer.name);
        return Err(Failure::new(Code::NotPermitted, text));
    }
    Ok(request)
}

/// One line, bounded in size and time.
fn read_request(stream: &mut UnixStream) -> Result<Vec<u8>, Failure> {
    let mut stream = Timed::new(stream, PATIENCE);
    let mut line = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let count = match stream.read(&mut chunk) {
            Ok(0) => return Err(Failure::new(Code::BadRequest, "the request ends before its newline")),
            Ok(count) => count,
            Err(e) if e.kind() == ErrorKind::Interrupted => continue,
            Err(_) => {
                return Err(Failure::new(Code::TimedOut, format!("no whole request within {PATIENCE:?}")));
            }
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

fn send(stream: &mut UnixStream, told: &Told) -> io::Result<()> {
    write(stream, &told_line(told))
}

fn write(stream: &mut UnixStream, line: &str) -> io::Result<()> {
    Timed::new(stream, PATIENCE).write_all(line.as_bytes())
}

fn follow(stream: &mut UnixStream, answers: Box<dyn Iterator<Item = Option<Told>> + Send>) {
    for answer in answers {
        let alive = match answer {
            Some(answer) => send(stream, &answer).is_ok(),
            None => !hung_up(stream),
        };
        if !alive {
            return;
        }
    }
}

fn hung_up(stream: &UnixStream) -> bool {
    // No events asked for: the kernel tells of a hang-up anyway.
    let mut fds = [PollFd::new(stream.as_fd(), PollFlags::empty())];
    poll(&mut fds, PollTimeout::ZERO).is_ok_and(|ready| ready > 0)
}
