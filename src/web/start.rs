//! From the command line to the listening sockets, and its end.

use super::app::{App, Shared};
use super::log::say;
use super::router::router;
use super::{feed, listener, secrets};
use crate::cli::{MppWebOptions, print};
use crate::clock;
use crate::config::{self, Web};
use crate::exit::Exit;
use crate::heap;
use clap::Parser;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use sd_notify::NotifyState;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::sleep;

/// File descriptors beside those of connections: the state, the control socket, logs.
const DESCRIPTORS_BESIDE: u64 = 64;
/// How long requests under way may take once the program is to end.
const FAREWELL: Duration = Duration::from_secs(1);

/// Answers until SIGTERM.
pub fn web_main() -> ExitCode {
    let options = MppWebOptions::parse();
    match begin(&options.config) {
        Ok(app) => end(serve(app)),
        Err(why) => {
            print::err(&why);
            Exit::Config.into()
        }
    }
}

/// Reads the configuration, and the files it names.
fn begin(path: &Path) -> Result<Shared, String> {
    let ((runtime_dir, settings), warnings) = config::web(path).map_err(|faults| faults.to_string())?;
    for warning in warnings {
        say(&format!("warning: {warning}"));
    }
    let boot_id = clock::boot_id()?;
    let app =
        App::new(&runtime_dir, settings, boot_id).map_err(|why| format!("{}: {why}", path.display()))?;
    Ok(Arc::new(app))
}

fn end(served: Result<(), String>) -> ExitCode {
    match served {
        Ok(()) => Exit::Done.into(),
        Err(why) => {
            say(&why);
            Exit::No.into()
        }
    }
}

fn serve(app: Shared) -> Result<(), String> {
    heap::keep_large_buffers_apart();
    raise_file_limit(&app.settings)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|e| format!("can't start: {e}"))?.block_on(run(app))
}

async fn run(app: Shared) -> Result<(), String> {
    let no_signals = |e| format!("can't catch signals: {e}");
    let mut terminate = signal(SignalKind::terminate()).map_err(no_signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(no_signals)?;
    let hangup = signal(SignalKind::hangup()).map_err(no_signals)?;
    let listeners =
        app.settings.listen.iter().map(|a| listener::listen(*a)).collect::<Result<Vec<_>, _>>()?;
    tokio::spawn(feed::run(Arc::clone(&app)));
    tokio::spawn(feed::refresh(Arc::clone(&app)));
    tokio::spawn(secrets::keep(Arc::clone(&app), hangup));
    let seats = Arc::clone(&app.seats);
    tokio::spawn(async move { seats.keep().await });
    let accepting: Vec<_> = listeners.into_iter().map(|listener| open(&app, listener)).collect();
    tell(NotifyState::Ready);
    tokio::spawn(watchdog());
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tell(NotifyState::Stopping);
    accepting.iter().for_each(tokio::task::JoinHandle::abort);
    farewell(&app).await;
    Ok(())
}

/// Says where it listens, and does.
fn open(app: &Shared, listener: TcpListener) -> tokio::task::JoinHandle<()> {
    let scheme = if app.tls.is_some() { "https" } else { "http" };
    match listener.local_addr() {
        Ok(address) => say(&format!("listening at {scheme}://{address}")),
        Err(e) => say(&format!("listening, but where: {e}")),
    }
    tokio::spawn(listener::accept(Arc::clone(app), router(Arc::clone(app)), listener))
}

/// Lets what is being answered come to its end, for a while.
async fn farewell(app: &Shared) {
    app.readers.end();
    let ended = async {
        while app.seats.len() > 0 {
            app.seats.cut_idle();
            sleep(Duration::from_millis(10)).await;
        }
    };
    // Whoever takes longer is cut off by our end.
    _ = tokio::time::timeout(FAREWELL, ended).await;
}

/// Says that requests are answered, if systemd watches.
async fn watchdog() {
    let Some(limit) = sd_notify::watchdog_enabled() else { return };
    loop {
        // Not here: systemd may be slow to take it.
        _ = tokio::task::spawn_blocking(|| tell(NotifyState::Watchdog)).await;
        sleep(limit / 4).await;
    }
}

fn tell(state: NotifyState<'_>) {
    // Without systemd there is nobody to tell.
    _ = sd_notify::notify(&[state]);
}

/// The soft limit is often 1,024; without enough descriptors nobody could connect.
fn raise_file_limit(settings: &Web) -> Result<(), String> {
    let wanted = u64::from(settings.max_connections) + DESCRIPTORS_BESIDE;
    let (_, hard) =
        getrlimit(Resource::RLIMIT_NOFILE).map_err(|e| format!("can't ask for the file limit: {e}"))?;
    if hard < wanted {
        return Err(format!(
            "web.max_connections: {} wants {wanted} file descriptors, the limit is {hard}; raise LimitNOFILE=, or lower it",
            settings.max_connections
        ));
    }
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard)
        .map_err(|e| format!("can't raise the file limit to {hard}: {e}"))
}
