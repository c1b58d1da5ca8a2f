//! `mpp status --watch` on a terminal: a screen that is kept open.
//!
//! ```text
//! ask, input -> view -> screen -> terminal
//! ```
//!
//! - `ask`, `input`: threads that wait for the daemon, for keys and signals; all of them fill one bounded inbox
//! - `view`, `changes`: what is known, and what was otherwise a moment ago
//! - `screen`, `pool`, `columns`, `line`: the picture, a pure function of that
//! - `terminal`: draws what differs, and gives the terminal back

mod ask;
mod changes;
mod columns;
mod input;
mod line;
mod pool;
#[cfg(test)]
mod sample;
mod screen;
mod terminal;
#[cfg(test)]
mod tests;
mod view;

use super::connect::{Daemon, Trouble, report};
use super::print;
use crate::clock::Clocks;
use crate::exit::Exit;
use input::{Input, Key, listen, spawn};
use jiff::tz::TimeZone;
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, gethostname};
use screen::{Screen, screen};
use signal_hook::consts::SIGCONT;
use signal_hook::low_level::emulate_default_handler;
use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;
use terminal::{Terminal, give_back};
use view::View;

/// Ages go on while nothing else happens.
const TICK: Duration = Duration::from_secs(1);
/// What comes within this is one picture: no more than twenty a second, whatever happens.
const TOGETHER: Duration = Duration::from_millis(50);
/// What may wait for the screen; whoever finds no room waits.
const WAITING: usize = 256;

/// How it ends.
enum End {
    Quit,
    Signal(i32),
    /// Nobody looks any more.
    HungUp,
    /// Refused before anything could be shown.
    Refused(Trouble),
}

/// Shows pools and nodes until the reader has enough; with `colour`, or without.
pub(super) fn run(daemon: &Daemon, pool: Option<String>, colour: bool) -> Exit {
    let end = match watch(daemon, pool, colour) {
        Ok(end) => end,
        Err(e) => {
            print::err(&format!("mpp: can't show a screen here: {e}; pipe it for a plain table: | cat"));
            return Exit::No;
        }
    };
    match end {
        End::Quit | End::HungUp => Exit::Done,
        End::Signal(signal) => {
            // Whoever waits for us sees what ended us.
            _ = emulate_default_handler(signal);
            Exit::No
        }
        End::Refused(trouble) => report(&trouble),
    }
}

fn watch(daemon: &Daemon, pool: Option<String>, colour: bool) -> io::Result<End> {
    let (inbox, inputs) = sync_channel(WAITING);
    let host = gethostname().map(|host| host.to_string_lossy().into_owned()).unwrap_or_default();
    let view = View::new(host, TimeZone::system(), &Clocks::read());
    let terminal = Terminal::take(colour)?;
    let ((asker, of), (follower, about)) = ((daemon.clone(), pool.clone()), (daemon.clone(), pool));
    let started = listen(&inbox)
        .and_then(|()| spawn("status", &inbox, move |inbox| ask::status(&asker, of, inbox)))
        .and_then(|()| spawn("events", &inbox, move |inbox| ask::events(&follower, about, inbox)));
    let end = started.map(|()| Watch { view, terminal, page: 1 }.until_the_end(&inputs));
    // Where the terminal is gone there is nothing to give back.
    _ = give_back();
    end
}

struct Watch {
    view: View,
    terminal: Terminal,
    /// How many lines of the pools are on the screen.
    page: usize,
}

impl Watch {
    /// A terminal that takes nothing more is one that is gone.
    fn until_the_end(mut self, inputs: &Receiver<Input>) -> End {
        loop {
            match self.show().and_then(|()| self.listen(inputs)) {
                Ok(None) => {}
                Ok(Some(end)) => return end,
                Err(_) => return End::HungUp,
            }
        }
    }

    fn show(&mut self) -> io::Result<()> {
        self.view.pass(&Clocks::read());
        let Screen { lines, top, page } = screen(&self.view, self.terminal.size);
        (self.view.top, self.page) = (top, page);
        self.terminal.draw(lines)
    }

    /// Takes what comes: until the picture is old enough for the next one, and no more than that may wait by then.
    fn listen(&mut self, inputs: &Receiver<Input>) -> io::Result<Option<End>> {
        let drawn = self.view.now;
        let (mut patience, mut late) = (TICK, 0);
        while late < WAITING {
            let input = match inputs.recv_timeout(patience) {
                Ok(input) => input,
                Err(RecvTimeoutError::Timeout) => return Ok(None),
                Err(RecvTimeoutError::Disconnected) => return Ok(Some(End::HungUp)),
            };
            self.view.pass(&Clocks::read());
            if let Some(end) = self.take(input)? {
                return Ok(Some(end));
            }
            patience = TOGETHER.saturating_sub(self.view.now.since(drawn));
            late += usize::from(patience.is_zero());
        }
        Ok(None)
    }

    fn take(&mut self, input: Input) -> io::Result<Option<End>> {
        match input {
            Input::Key(key) => return self.press(key),
            Input::Signal(SIGCONT) => self.terminal.take_again()?,
            Input::Signal(signal) => return Ok(Some(End::Signal(signal))),
            Input::HungUp => return Ok(Some(End::HungUp)),
            Input::Size(columns, lines) => self.terminal.resize((columns, lines))?,
            Input::Refused(trouble) if self.view.status.is_none() && self.view.problem.is_none() => {
                return Ok(Some(End::Refused(trouble)));
            }
            Input::Refused(trouble) => self.view.take(ask::Answer::Nothing(trouble.to_string())),
            Input::Answer(answer) => self.view.take(answer),
            Input::Event(event) => self.view.tell(*event),
        }
        Ok(None)
    }

    fn press(&mut self, key: Key) -> io::Result<Option<End>> {
        let top = &mut self.view.top;
        let page = isize::try_from(self.page).unwrap_or(1).max(1);
        match key {
            Key::Quit => return Ok(Some(End::Quit)),
            Key::Suspend => self.suspend()?,
            Key::Redraw => self.terminal.clear()?,
            Key::Lines(lines) => *top = top.saturating_add_signed(lines),
            Key::Pages(pages) => *top = top.saturating_add_signed(pages * page),
            Key::First => *top = 0,
            Key::Last => *top = usize::MAX,
        }
        Ok(None)
    }

    /// Stops here until the shell has it go on; where there is no shell that would, the kernel does not stop it.
    fn suspend(&mut self) -> io::Result<()> {
        give_back()?;
        kill(Pid::from_raw(0), Signal::SIGTSTP)?;
        self.terminal.take_again()
    }
}
