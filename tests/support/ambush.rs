//! A relay to a server that lets something happen just before certain words reach it.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

type Trap = Arc<Mutex<Option<Box<dyn FnOnce() + Send>>>>;

/// Relays connections to `target`, which speak in the clear, from the address it gives back; once, just before what the
/// client says with `words` in it is passed on, `trap` is sprung. It ends with the process.
pub fn before(target: SocketAddr, words: &'static str, trap: impl FnOnce() + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a listener");
    let address = listener.local_addr().expect("its address");
    let trap: Trap = Arc::new(Mutex::new(Some(Box::new(trap))));
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let Ok(server) = TcpStream::connect(target) else { continue };
            for (from, to, words) in [(&client, &server, Some(words)), (&server, &client, None)] {
                let (from, to) = (from.try_clone().expect("a handle"), to.try_clone().expect("a handle"));
                let trap = Arc::clone(&trap);
                thread::spawn(move || {
                    // The end of one direction, whatever its cause, is the end of both.
                    let _ = pump(&from, &to, words, &trap);
                    let _ = from.shutdown(Shutdown::Both);
                    let _ = to.shutdown(Shutdown::Both);
                });
            }
        }
    });
    address
}

fn pump(mut from: &TcpStream, mut to: &TcpStream, words: Option<&str>, trap: &Trap) -> io::Result<()> {
    let mut buffer = [0; 4096];
    loop {
        let n = from.read(&mut buffer)?;
        if n == 0 {
            return Ok(());
        }
        if words.is_some_and(|words| String::from_utf8_lossy(&buffer[..n]).contains(words))
            && let Some(trap) = trap.lock().expect("no panic in the relay").take()
        {
            trap();
        }
        to.write_all(&buffer[..n])?;
    }
}
