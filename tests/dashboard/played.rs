//! What `mppd` would say on its control socket, played to a real `mpp-web`: for what takes hundreds of servers, or a site.

use super::support::{Agent, Background};
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// A sign of life that often: twice as often as promised.
const PACE: Duration = Duration::from_millis(250);

/// An `mppd` that says what it is told to.
pub struct Played {
    /// Its directory, in which no real one runs.
    pub place: Agent,
    said: Arc<Mutex<Said>>,
    _socket: Background<()>,
}

/// What it says now.
struct Said {
    /// Every line of it, numbered.
    lines: Vec<String>,
    status: Value,
    events: Value,
}

impl Played {
    /// Says this status, and that these events came, the newest last.
    pub fn start(status: Value, events: Value) -> Played {
        let place = Agent::prepare("      - { name: db1, address: \"127.0.0.1:1\" }\n", "", "");
        fs::create_dir(place.path("run")).expect("a directory");
        let listener = UnixListener::bind(place.path("run/mpp.sock")).expect("a socket");
        listener.set_nonblocking(true).expect("a socket");
        let said = Arc::new(Mutex::new(Said { lines: Vec::new(), status, events }));
        let answers = Arc::clone(&said);
        let socket = Background::start(move |stop| accept(&listener, &answers, stop));
        Played { place, said, _socket: socket }
    }

    /// The file of a token.
    pub fn token(&self, token: &str) -> PathBuf {
        let file = self.place.path("token");
        fs::write(&file, token).expect("the token written");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("its mode");
        file
    }

    /// A pool is so from now on.
    pub fn change(&self, pool: Value) {
        let mut said = self.said.lock().expect("a lock");
        let pools = said.status["pools"].as_array_mut().expect("pools");
        let known =
            pools.iter_mut().find(|known| known["name"] == pool["name"]).expect("a pool of this name");
        known.clone_from(&pool);
        said.lines.push(format!("{}\n", json!({ "ok": true, "data": { "pool": pool } })));
    }
}

fn accept(listener: &UnixListener, said: &Arc<Mutex<Said>>, stop: &AtomicBool) {
    // Who follows is answered by a thread of its own, which ends when the reader goes: the socket goes with us.
    while !stop.load(Ordering::Relaxed) {
        if let Ok((stream, _)) = listener.accept() {
            let said = Arc::clone(said);
            thread::spawn(move || answer(stream, &said));
        } else {
            thread::sleep(Duration::from_millis(5));
        }
    }
}

/// Answers one request; `None`: that is all, or nobody listens any more.
fn answer(mut stream: UnixStream, said: &Mutex<Said>) -> Option<()> {
    stream.set_nonblocking(false).ok()?;
    let mut line = String::new();
    BufReader::new(&stream).read_line(&mut line).ok()?;
    let request: Value = serde_json::from_str(&line).ok()?;
    let (status, events, mut seen) = {
        let said = said.lock().ok()?;
        (said.status.clone(), said.events.clone(), said.lines.len())
    };
    let data = match request["cmd"].as_str()? {
        "status" => status,
        _ if request["after"].is_null() => {
            json!({ "events": events, "more": false, "seq": 100, "faults": [] })
        }
        _ => json!({ "events": [], "more": false, "seq": 100, "faults": [] }),
    };
    stream.write_all(format!("{}\n", json!({ "ok": true, "data": data })).as_bytes()).ok()?;
    if request["follow"] != true {
        return None;
    }
    loop {
        let new = said.lock().ok()?.lines[seen..].concat();
        seen += new.lines().count();
        let alive = format!("{new}{}\n", json!({ "ok": true, "data": {} }));
        stream.write_all(alive.as_bytes()).ok()?;
        thread::sleep(PACE);
    }
}
