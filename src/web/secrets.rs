//! The token, certificates and keys, followed as their files change; at once at SIGHUP.

use super::app::Shared;
use super::log::say;
use crate::core::time::Duration;
use tokio::signal::unix::Signal;
use tokio::time::sleep;

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(1);

/// For ever: looks at them now and then, and reads them at SIGHUP.
pub(super) async fn keep(app: Shared, mut hangup: Signal) {
    let mut told = None;
    loop {
        let wanted = tokio::select! {
            // No more signals: then only by looking.
            hung = hangup.recv() => hung.is_some(),
            () = sleep(LOOK) => false,
        };
        look(&app, wanted, &mut told);
    }
}

/// What is wrong with the token is told once, for as long as it is wrong.
fn look(app: &Shared, wanted: bool, told: &mut Option<String>) {
    match app.tls.as_ref().map(|tls| tls.read_again(wanted)) {
        Some(Ok(true)) => say("certificate and key read again"),
        Some(Err(why)) => say(&format!("web.tls: {why}; the old certificate goes on being used")),
        Some(Ok(false)) | None => {}
    }
    let fault = app.token.read_again().err();
    if fault != *told || wanted {
        match &fault {
            Some(why) => say(&format!("web.token_file: {why}; the old token goes on being good")),
            None if told.is_some() => say("web.token_file can be read again"),
            None => {}
        }
        *told = fault;
    }
}
