//! The Debian package: what is in it; and, with `make test-deb`, how it is installed, upgraded, removed and purged by the
//! real dpkg under a real systemd.
#![cfg(feature = "daemon")]

mod support;

#[path = "package/contents.rs"]
mod contents;
#[path = "package/life.rs"]
mod life;
#[path = "package/machine.rs"]
mod machine;
#[path = "package/watch.rs"]
mod watch;
