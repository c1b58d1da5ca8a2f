//! Telling people: one line an event, to syslog and to standard error, never on the decision path.
//!
//! - `line`: the event as users see it, the same words everywhere
//! - `queue`: what waits to be told; bounded, with a count of what was dropped
//! - `syslog`, `stderr`: where it goes

mod line;
mod queue;
mod stderr;
mod syslog;

pub use line::{Line, severity_number};
pub use queue::Alerts;
pub use syslog::Target;
