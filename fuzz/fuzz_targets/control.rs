//! Any bytes at the control socket: one answer a client, a line, in bounds; what is a request reads back as it was
//! written, and so does every answer.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mpp::control::peer::Peer;
use mpp::control::protocol::{Answer, LARGEST_REQUEST, Request, answer_line, parse_answer};
use mpp::control::server::{Handler, Reply, listen};
use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

/// Answers with what it was asked, as it stands on the wire.
struct Echo;

impl Handler for Echo {
    fn handle(&self, request: Request, peer: &Peer) -> Reply {
        assert!(!peer.name.is_empty());
        match request {
            Request::Events { .. } => {
                Reply::Stream(Box::new([1, 2].into_iter().map(|n| Some(Answer::Ok(n.into()).into()))))
            }
            request => Reply::once(Ok(request.to_line().into())),
        }
    }

    fn control_group(&self) -> &str {
        "mpp"
    }

    fn owns_directory(&self) -> bool {
        true
    }
}

fuzz_target!(|bytes: &[u8]| {
    match bytes.split_first() {
        // A whole exchange costs more than a look at the bytes: one in four.
        Some((0..=63, bytes)) => exchange(bytes),
        Some((64..=127, bytes)) => answer(bytes),
        Some((_, bytes)) => request(bytes),
        None => {}
    }
});

fn request(bytes: &[u8]) {
    let Ok(request) = Request::parse(bytes) else { return };
    let line = request.to_line();
    assert!(line.ends_with('\n') && line.matches('\n').count() == 1, "{line}");
    assert_eq!(Request::parse(line.as_bytes()).as_ref(), Ok(&request), "{line}");
}

fn answer(bytes: &[u8]) {
    let Some(answer) = std::str::from_utf8(bytes).ok().and_then(|line| parse_answer(line).ok()) else {
        return;
    };
    let line = answer_line(&answer);
    assert_eq!(line.matches('\n').count(), 1, "{line}");
    assert_eq!(parse_answer(&line).expect("an answer"), answer, "{line}");
}

fn exchange(bytes: &[u8]) {
    let mut stream = UnixStream::connect(socket()).expect("the socket");
    // Whoever is refused early may not be read to the end.
    _ = stream.write_all(bytes);
    _ = stream.shutdown(Shutdown::Write);
    let mut told = String::new();
    if Read::take(&stream, 4 << 20).read_to_string(&mut told).is_err() {
        return;
    }
    let lines: Vec<&str> = told.lines().collect();
    let first = bytes.split(|&b| b == b'\n').next().unwrap_or_default();
    let whole = first.len() < bytes.len() && first.len() < LARGEST_REQUEST;
    let good = whole && Request::parse(first).is_ok();
    let follows = good && matches!(Request::parse(first), Ok(Request::Events { .. }));
    assert_eq!(lines.len(), if follows { 2 } else { 1 }, "{told}");
    for line in lines {
        let answer = parse_answer(line).expect("an answer");
        let busy = matches!(&answer, Err(f) if f.code == mpp::control::protocol::Code::Busy);
        assert!(busy || answer.is_ok() == good, "{told}");
    }
}

fn socket() -> &'static PathBuf {
    static SOCKET: OnceLock<PathBuf> = OnceLock::new();
    SOCKET.get_or_init(|| {
        let path = std::env::temp_dir().join(format!("mpp-fuzz-{}.sock", std::process::id()));
        listen(&path, Arc::new(Echo)).expect("a socket");
        path
    })
}
