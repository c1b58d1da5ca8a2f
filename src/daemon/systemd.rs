//! systemd's notifications. A thread sends them, for systemd may be slow; the decider's loop is what they vouch for.

use crate::keepalived::desk::Desk;
use sd_notify::NotifyState;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// How long the first track files are waited for: a directory that does not take them is told, and no reason not to run.
const FIRST_PUSH: Duration = Duration::from_secs(5);

/// Says that the decider's loop goes round.
#[derive(Clone, Default)]
pub(super) struct Pulse(Arc<AtomicBool>);

impl Pulse {
    /// One more round.
    pub(super) fn beat(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Says READY once the track files are written, for keepalived starts then; and from then on passes the pulse on if systemd
/// watches. Without systemd it does nothing.
pub(super) fn ready(pulse: &Pulse, desk: &Desk) -> io::Result<()> {
    let (pulse, desk) = (pulse.clone(), desk.clone());
    let run = move || {
        desk.wait_pushed(0, FIRST_PUSH);
        tell(&[NotifyState::Ready]);
        let Some(limit) = sd_notify::watchdog_enabled() else { return };
        loop {
            thread::sleep((limit / 4).max(Duration::from_millis(50)));
            if pulse.0.swap(false, Ordering::Relaxed) {
                tell(&[NotifyState::Watchdog]);
            }
        }
    };
    thread::Builder::new().name("systemd".into()).spawn(run)?;
    Ok(())
}

/// Says that the daemon ends.
pub(super) fn stopping() {
    tell(&[NotifyState::Stopping]);
}

fn tell(state: &[NotifyState]) {
    // Without systemd there is nobody to tell; with it gone, nobody to tell that.
    _ = sd_notify::notify(state);
}
