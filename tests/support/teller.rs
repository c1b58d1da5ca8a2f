//! Somebody at a peer's address: what `mpp-web` would tell of a daemon, without `mpp-web`; or whatever is to be told.

use super::background::Background;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// The head of a stream of events.
pub const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";

/// It listens until it goes.
pub struct Teller {
    address: SocketAddr,
    /// The heads of the requests that came.
    asked: Arc<Mutex<Vec<String>>>,
    _listening: Background<()>,
}

impl Teller {
    /// Tells how things are with the daemon of this socket.
    pub fn of(socket: PathBuf) -> Teller {
        Teller::with(move |stream, stop| _ = relay(&socket, stream, stop, usize::MAX))
    }

    /// The same, but it hangs up after so many events.
    pub fn cutting(socket: PathBuf, events: usize) -> Teller {
        Teller::with(move |stream, stop| _ = relay(&socket, stream, stop, events))
    }

    /// Says this, to each who comes; then nothing more, but stays on the line.
    pub fn saying(words: impl Into<Vec<u8>>) -> Teller {
        let words = words.into();
        Teller::with(move |mut stream, stop| {
            _ = stream.write_all(&words);
            while !stop.load(Ordering::Relaxed) {
                thread::sleep(Duration::from_millis(20));
            }
        })
    }

    /// Does this with each who comes.
    pub fn with(tell: impl Fn(TcpStream, &AtomicBool) + Send + Sync + 'static) -> Teller {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("its address");
        listener.set_nonblocking(true).expect("a bound");
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let heads = Arc::clone(&asked);
        let listen = move |stop: &AtomicBool| {
            thread::scope(|scope| {
                while !stop.load(Ordering::Relaxed) {
                    match listener.accept() {
                        Ok((stream, _)) => {
                            stream.set_nonblocking(false).expect("a waiting stream");
                            let (tell, heads) = (&tell, &heads);
                            scope.spawn(move || {
                                heads.lock().expect("unpoisoned").push(head(&stream));
                                tell(stream, stop);
                            });
                        }
                        Err(_) => thread::sleep(Duration::from_millis(5)),
                    }
                }
            });
        };
        Teller { address, asked, _listening: Background::start(listen) }
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The heads of the requests that came so far.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("unpoisoned").clone()
    }
}

fn head(stream: &TcpStream) -> String {
    stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a bound");
    let lines = BufReader::new(stream).lines().map_while(Result::ok).take_while(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("\n")
}

fn relay(socket: &Path, mut to: TcpStream, stop: &AtomicBool, events: usize) -> std::io::Result<()> {
    let mut from = UnixStream::connect(socket)?;
    from.set_read_timeout(Some(Duration::from_secs(3)))?;
    from.write_all(b"{\"v\":1,\"cmd\":\"status\",\"follow\":true}\n")?;
    to.write_all(HEAD.as_bytes())?;
    for line in BufReader::new(from).lines().take(events) {
        let answer: serde_json::Value = serde_json::from_str(&line?)?;
        let data = &answer["data"];
        let kind = ["version", "pool", "peers"].into_iter().find(|key| data.get(key).is_some());
        let name = kind.map_or("alive", |kind| if kind == "version" { "status" } else { kind });
        let data = if matches!(name, "pool" | "peers") { &data[name] } else { data };
        to.write_all(format!("event: {name}\ndata: {data}\n\n").as_bytes())?;
        if stop.load(Ordering::Relaxed) {
            break;
        }
    }
    Ok(())
}
