//! From verdicts to packets: what keepalived is given, and what the kernel has loaded.
//!
//! ```text
//! decider --> desk --> push: track files --> keepalived (FILE_CHECK) --> IPVS
//!    ^                  |                                                 |
//!    |                  v                                                 v
//!    +----------------- watch: /proc/net/ip_vs compared with what was decided
//! ```
//!
//! - `render`: the fragment for keepalived.conf, and what the kernel needs beside it; `deposit`: writing them, whole or not
//!   at all
//! - `program`: the keepalived of this machine: its version, and what it makes of a file; `process`: whether it runs
//! - `conf`: keepalived's configuration language, read; `lint`: what would bite in it; `check`: all that `mpp keepalived
//!   check` tells; `diff`: what differs between two configurations, for people
//! - `versions`: what is known of keepalived's versions
//! - `own_test`: what `keepalived -t` says, as findings; `sysctl`: the kernel's settings
//! - `plan`: virtual servers and their real servers, and what is decided for each
//! - `desk`: where the newest decision lies for those two threads
//! - `track`: names and contents of the track files; `folder`: their directory; `push`: the thread that writes them
//! - `ipvsadm`: for where no keepalived runs
//! - `asked`: when `mpp-check` was last asked for each verdict
//! - `table`: the kernel's table; `compare`: how it differs; `faults`: what of that lasts; `watch`: the thread that looks

pub mod asked;
pub mod check;
pub mod compare;
pub mod conf;
pub mod deposit;
pub mod desk;
pub mod diff;
pub mod faults;
mod folder;
mod inotify;
pub mod ipvsadm;
pub mod lint;
mod own_test;
pub mod plan;
pub mod process;
pub mod program;
pub mod push;
pub mod render;
pub mod sysctl;
pub mod table;
pub mod track;
pub mod versions;
pub mod watch;
