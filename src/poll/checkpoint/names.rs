//! Host names, each looked up by a thread of its own: one that hangs delays no question and no other name.

use super::trouble::left;
use crate::clock::now;
use crate::core::time::{Duration, Moment};
use crate::poll::failure::shorten;
use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, ToSocketAddrs};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;

/// How long what was found is taken for true.
const GOOD: Duration = Duration::from_secs(30);
/// How soon a name is looked up again that was not found, or whose address does not answer.
const AGAIN: Duration = Duration::from_secs(1);
/// How many addresses of a name are remembered.
const MOST: usize = 8;
/// Stack of a thread, bytes: the system's resolver is not frugal.
const STACK: usize = 256 << 10;

/// The names in use.
static NAMES: Mutex<BTreeMap<String, Weak<Name>>> = Mutex::new(BTreeMap::new());

/// A name, looked up for as long as somebody holds it.
pub(super) struct Name(Arc<Desk>);

#[derive(Default)]
struct Desk {
    known: Mutex<Known>,
    changed: Condvar,
}

#[derive(Default)]
struct Known {
    /// The addresses that were found last.
    addresses: Vec<IpAddr>,
    /// Why they could not be found this time.
    fault: Option<String>,
    /// It has been looked up at least once.
    asked: bool,
    /// An address does not answer: it may be another one by now.
    doubted: bool,
    ended: bool,
}

impl Name {
    /// The name of a host, looked up from now on if it is not already.
    ///
    /// # Errors
    /// No thread to be had.
    pub(super) fn of(host: &str) -> io::Result<Arc<Name>> {
        let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
        names.retain(|_, name| name.strong_count() > 0);
        if let Some(name) = names.get(host).and_then(Weak::upgrade) {
            return Ok(name);
        }
        let (desk, own) = (Arc::new(Desk::default()), host.to_owned());
        let name = Arc::new(Name(Arc::clone(&desk)));
        let thread = thread::Builder::new().name(format!("name-{host}")).stack_size(STACK);
        thread.spawn(move || look_up(&own, &desk))?;
        names.insert(host.to_owned(), Arc::downgrade(&name));
        Ok(name)
    }

    /// Its addresses, as last found. Waits only for the very first look-up, and no longer than until `deadline`.
    ///
    /// # Errors
    /// It was never found, and why, in words.
    pub(super) fn addresses(&self, deadline: Moment) -> Result<Vec<IpAddr>, String> {
        let mut known = self.0.lock();
        while !known.asked {
            let Ok(left) = left(deadline) else { return Err("its name is not looked up yet".into()) };
            let waited = self.0.changed.wait_timeout(known, left);
            known = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        match &known.fault {
            Some(fault) if known.addresses.is_empty() => Err(format!("its name is not known: {fault}")),
            _ => Ok(known.addresses.clone()),
        }
    }

    /// Its addresses do not answer: it is looked up soon. Says why that did not work the last time.
    pub(super) fn doubt(&self) -> Option<String> {
        let mut known = self.0.lock();
        known.doubted = true;
        self.0.changed.notify_all();
        known.fault.clone()
    }
}

impl Drop for Name {
    fn drop(&mut self) {
        self.0.lock().ended = true;
        self.0.changed.notify_all();
    }
}

impl Desk {
    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes down what was found, and waits until it is to be looked up again; false: no more.
    fn note(&self, found: Result<Vec<IpAddr>, String>) -> bool {
        let looked = now();
        let mut known = self.lock();
        known.asked = true;
        known.doubted = false;
        known.fault = match found {
            Ok(addresses) => {
                known.addresses = addresses;
                None
            }
            Err(fault) => Some(fault),
        };
        self.changed.notify_all();
        while !known.ended {
            let soon = known.doubted || known.fault.is_some();
            let Ok(left) = left(looked + if soon { AGAIN } else { GOOD }) else { break };
            let waited = self.changed.wait_timeout(known, left);
            known = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        !known.ended
    }
}

fn look_up(host: &str, desk: &Desk) {
    while desk.note(find(host)) {}
}

/// Asks the system's resolver, which may take its time.
fn find(host: &str) -> Result<Vec<IpAddr>, String> {
    let found = (host, 0).to_socket_addrs().map_err(|e| shorten(&e.to_string()))?;
    let addresses: Vec<IpAddr> = found.map(|address| address.ip()).take(MOST).collect();
    if addresses.is_empty() { Err("it has no address".into()) } else { Ok(addresses) }
}
