//! Telling people: one line an event, to syslog, standard error and hooks, never on the decision path.
//!
//! - `words`: every word of an event
//! - `line`: the event as users see it, the same words everywhere
//! - `lasting`: what lasts is told once, again now and then, and when it is over
//! - `flood`: hundreds of the same at once are told in short
//! - `queue`: what waits to be told; bounded, with a count of what was dropped
//! - `outlets`: every way out; `syslog`, `stderr`, `hook`: where it goes
//! - `pick`: which events a hook is run for; `run_hook`, `strays`: one run, and what it leaves behind

mod flood;
mod hook;
mod lasting;
mod line;
mod outlets;
mod pick;
mod queue;
mod run_hook;
mod stderr;
mod strays;
mod syslog;
pub mod words;

pub use flood::Flood;
pub use hook::{Hook, Report};
pub use lasting::{Lasting, Look, Ongoing, Patience};
pub use line::{Line, severity_number};
pub use outlets::{Alerts, Fresh, Ways};
pub use pick::Pick;
pub use syslog::Target;
