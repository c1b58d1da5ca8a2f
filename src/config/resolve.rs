//! Host names, resolved once, at load: DNS must not decide a failover.

use crate::clock;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::net::{IpAddr, ToSocketAddrs};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// How long all names of a file may take together.
const LIMIT: Duration = Duration::from_secs(5);

/// The names met so far, and the time they have left.
#[derive(Debug)]
pub(super) struct Resolver {
    known: RefCell<HashMap<String, Result<IpAddr, String>>>,
    left: Cell<Duration>,
}

impl Default for Resolver {
    fn default() -> Resolver {
        Resolver { known: RefCell::default(), left: Cell::new(LIMIT) }
    }
}

impl Resolver {
    /// One that is out of time: no name is asked for.
    #[cfg(test)]
    pub(super) fn late() -> Resolver {
        Resolver { left: Cell::new(Duration::ZERO), ..Resolver::default() }
    }

    /// The first address of a name.
    ///
    /// # Errors
    /// Why there is none, in words.
    pub(super) fn ip(&self, host: &str) -> Result<IpAddr, String> {
        if let Some(known) = self.known.borrow().get(host) {
            return known.clone();
        }
        let began = clock::now();
        let answer = ask(host.to_owned(), self.left.get());
        self.left.set(self.left.get().saturating_sub(clock::now().since(began)));
        self.known.borrow_mut().insert(host.to_owned(), answer.clone());
        answer
    }
}

/// The system's resolver has no deadline of its own; a thread that is too late is left to end by itself.
fn ask(host: String, limit: Duration) -> Result<IpAddr, String> {
    let late = || format!("no answer within {} s for all names of the file", LIMIT.as_secs());
    if limit.is_zero() {
        return Err(late());
    }
    let (answer, asked) = mpsc::sync_channel(1);
    let thread = thread::Builder::new().name("resolve".to_owned()).spawn(move || {
        let found = (host.as_str(), 0).to_socket_addrs().map(|mut all| all.next().map(|a| a.ip()));
        // Nobody listens any more if this came too late.
        let _ = answer.send(found);
    });
    thread.map_err(|e| e.to_string())?;
    match asked.recv_timeout(limit) {
        Ok(Ok(Some(ip))) => Ok(ip),
        Ok(Ok(None)) => Err("it has no address".to_owned()),
        Ok(Err(e)) => Err(e.to_string()),
        Err(_) => Err(late()),
    }
}
