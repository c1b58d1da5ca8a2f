//! What comes in: keys, signals, the end of the terminal, and what the daemon says; each from a thread of its own.

use super::ask::Answer;
use super::terminal;
use crate::alert;
use crate::cli::connect::Trouble;
use crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;
use std::io;
use std::os::fd::AsFd;
use std::sync::mpsc::SyncSender;
use std::thread;
use std::time::Duration;

/// How long a signal waits for a screen that is stuck because its terminal takes nothing any more.
const STUCK: Duration = Duration::from_secs(1);

/// Something the screen has to do with.
pub(super) enum Input {
    /// The reader pressed a key.
    Key(Key),
    /// The terminal has this size now, columns and lines.
    Size(u16, u16),
    /// A signal came.
    Signal(i32),
    /// The terminal is gone.
    HungUp,
    /// The daemon was asked.
    Answer(Answer),
    /// The daemon refuses to answer.
    Refused(Trouble),
    /// Something happened.
    Event(Box<alert::Line>),
}

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// So many lines down; up, if negative.
    Lines(isize),
    /// So many screens down; up, if negative.
    Pages(isize),
    /// To the first line.
    First,
    /// To the last line.
    Last,
    /// Everything anew.
    Redraw,
    /// Stop until the shell says to go on.
    Suspend,
    /// The end.
    Quit,
}

impl Key {
    fn of(key: KeyEvent) -> Option<Key> {
        if key.modifiers.contains(KeyModifiers::CONTROL) {
            return match key.code {
                KeyCode::Char('c') => Some(Key::Quit),
                KeyCode::Char('z') => Some(Key::Suspend),
                KeyCode::Char('l') => Some(Key::Redraw),
                KeyCode::Char('f') => Some(Key::Pages(1)),
                KeyCode::Char('b') => Some(Key::Pages(-1)),
                _ => None,
            };
        }
        match key.code {
            KeyCode::Char('q') => Some(Key::Quit),
            KeyCode::Char('j') | KeyCode::Down => Some(Key::Lines(1)),
            KeyCode::Char('k') | KeyCode::Up => Some(Key::Lines(-1)),
            KeyCode::Char(' ') | KeyCode::PageDown => Some(Key::Pages(1)),
            KeyCode::Char('b') | KeyCode::PageUp => Some(Key::Pages(-1)),
            KeyCode::Char('g') | KeyCode::Home => Some(Key::First),
            KeyCode::Char('G') | KeyCode::End => Some(Key::Last),
            _ => None,
        }
    }
}

/// Starts the threads for keys, signals and the terminal's end.
///
/// # Errors
/// If there is no thread, or no signal handler, to be had.
pub(super) fn listen(inbox: &SyncSender<Input>) -> io::Result<()> {
    let signals = Signals::new([SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGCONT])?;
    spawn("signals", inbox, |inbox| obey(signals, inbox))?;
    spawn("hang-up", inbox, wait_for_hang_up)?;
    spawn("keys", inbox, keys)
}

/// Starts a thread that fills the inbox.
///
/// # Errors
/// If there is none to be had.
pub(super) fn spawn(
    name: &str,
    inbox: &SyncSender<Input>,
    run: impl FnOnce(&SyncSender<Input>) + Send + 'static,
) -> io::Result<()> {
    let inbox = inbox.clone();
    thread::Builder::new().name(name.into()).spawn(move || run(&inbox)).map(drop)
}

/// A signal ends this program also where the screen is stuck: then without the last words to the terminal.
fn obey(mut signals: Signals, inbox: &SyncSender<Input>) {
    for signal in signals.forever() {
        _ = inbox.try_send(Input::Signal(signal));
        if signal != SIGCONT {
            thread::sleep(STUCK);
            terminal::cook();
            _ = emulate_default_handler(signal);
        }
    }
}

/// Crossterm reads from a terminal that is gone for ever, as fast as it can; and `SIGHUP` does not come to everybody whose
/// terminal goes, such as to what `sudo` has started.
fn wait_for_hang_up(inbox: &SyncSender<Input>) {
    let screen = io::stdout();
    let mut terminal = [PollFd::new(screen.as_fd(), PollFlags::empty())];
    while poll(&mut terminal, PollTimeout::NONE).is_err() {}
    _ = inbox.send(Input::HungUp);
}

fn keys(inbox: &SyncSender<Input>) {
    while let Ok(event) = event::read() {
        let input = match event {
            Event::Key(key) if key.kind != KeyEventKind::Release => Key::of(key).map(Input::Key),
            Event::Resize(columns, lines) => Some(Input::Size(columns, lines)),
            _ => None,
        };
        if input.is_some_and(|input| inbox.send(input).is_err()) {
            return;
        }
    }
}
