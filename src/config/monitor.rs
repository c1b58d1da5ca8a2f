//! `monitor`: at the top, overridden by a pool, overridden by a node, field by field.

use std::path::PathBuf;
use std::time::Duration;

use super::duration::written;
use super::password::PasswordSource;
use super::section::{Section, Spot};
use super::settings::Tls;
use super::{secrets, values};
use crate::core::settings::{OnDenied, Pace};

/// Keys of `monitor`.
pub(super) const KEYS: &[&str] = &[
    "user",
    "password_file",
    "credential",
    "tls",
    "ca",
    "interval",
    "retry_interval",
    "timeout",
    "reconnect_every",
    "on_denied",
];

/// The words of `tls`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TlsWord {
    Disabled,
    Preferred,
    Required,
    Verify,
}

/// A value that was given, and where.
#[derive(Clone, Debug)]
struct Given<'t, T> {
    value: T,
    spot: Spot<'t>,
}

/// `monitor` as written, with what lies above it.
#[derive(Clone, Debug, Default)]
pub(super) struct Written<'t> {
    user: Option<Given<'t, String>>,
    password: Option<Given<'t, PasswordSource>>,
    tls: Option<Given<'t, TlsWord>>,
    ca: Option<Given<'t, PathBuf>>,
    interval: Option<Given<'t, Duration>>,
    retry_interval: Option<Given<'t, Duration>>,
    timeout: Option<Given<'t, Duration>>,
    reconnect_every: Option<Given<'t, Duration>>,
    on_denied: Option<Given<'t, OnDenied>>,
}

/// What a node is monitored with.
pub(super) struct Monitor {
    pub(super) user: String,
    pub(super) password: PasswordSource,
    pub(super) tls: Tls,
    pub(super) reconnect_every: Duration,
    pub(super) pace: Pace,
    pub(super) on_denied: OnDenied,
}

fn given<'t, T>(
    section: &Section<'t>,
    key: &str,
    target: &mut Option<Given<'t, T>>,
    read: impl Fn(&Spot<'t>) -> Option<T>,
) {
    section.fill(key, target, |spot| Some(Some(Given { value: read(spot)?, spot: spot.clone() })));
}

impl<'t> Written<'t> {
    /// This one, with the `monitor` of a section laid over it.
    pub(super) fn overridden(&self, section: &Section<'t>) -> Written<'t> {
        let mut written = self.clone();
        if let Some(monitor) = section.get("monitor").and_then(|spot| spot.section(KEYS)) {
            written.identity(&monitor);
            written.rhythm(&monitor);
        }
        written
    }

    fn identity(&mut self, monitor: &Section<'t>) {
        given(monitor, "user", &mut self.user, user);
        given(monitor, "password_file", &mut self.password, secrets::password_file);
        if let Some(credential) = monitor.get("credential") {
            match monitor.get("password_file") {
                Some(_) => credential.fault("stands beside password_file; keep one of them"),
                None => given(monitor, "credential", &mut self.password, secrets::credential),
            }
        }
        given(monitor, "tls", &mut self.tls, tls);
        given(monitor, "ca", &mut self.ca, secrets::ca);
        let verify = self.tls.as_ref().is_some_and(|tls| tls.value == TlsWord::Verify);
        if let Some(ca) = monitor.get("ca").filter(|_| !verify) {
            ca.fault("is used by \"tls: verify\" only; write that beside it, or remove it");
        }
    }

    fn rhythm(&mut self, monitor: &Section<'t>) {
        let pace = |spot: &Spot<'_>| spot.duration(values::ms(10)..=values::seconds(60));
        given(monitor, "interval", &mut self.interval, pace);
        given(monitor, "retry_interval", &mut self.retry_interval, pace);
        given(monitor, "timeout", &mut self.timeout, pace);
        let hour = values::seconds(3600);
        given(monitor, "reconnect_every", &mut self.reconnect_every, |s| s.duration(values::ms(10)..=hour));
        given(monitor, "on_denied", &mut self.on_denied, |spot| {
            spot.word(&[("alert", OnDenied::Alert), ("fail", OnDenied::Fail)])
        });
    }

    /// What a node is monitored with; `node` is told what is missing.
    pub(super) fn settle(&self, node: &Spot<'t>) -> Option<Monitor> {
        let pace = self.pace();
        let Some(user) = &self.user else {
            node.fault(
                "has no monitor user; write \"monitor: { user: mpp, password_file: ... }\" at the top",
            );
            return None;
        };
        Some(Monitor {
            user: user.value.clone(),
            password: self.password.as_ref().map_or(PasswordSource::None, |p| p.value.clone()),
            tls: self.tls()?,
            reconnect_every: or(&self.reconnect_every, values::seconds(5)),
            pace,
            on_denied: or(&self.on_denied, OnDenied::Alert),
        })
    }

    /// Deadline of a poll, as far as it is known here.
    pub(super) fn timeout(&self) -> Duration {
        or(&self.timeout, Pace::default().timeout)
    }

    fn pace(&self) -> Pace {
        let default = Pace::default();
        let pace = Pace {
            interval: or(&self.interval, default.interval),
            retry_interval: or(&self.retry_interval, default.retry_interval),
            timeout: or(&self.timeout, default.timeout),
        };
        for (what, given, value) in [
            ("retry_interval", &self.retry_interval, pace.retry_interval),
            ("timeout", &self.timeout, pace.timeout),
        ] {
            if value > pace.interval {
                self.too_long(what, given.as_ref(), value, pace.interval);
            }
        }
        pace
    }

    /// Told where the operator wrote the one that is to be changed: the default cannot be at fault.
    fn too_long(&self, what: &str, given: Option<&Given<'t, Duration>>, value: Duration, interval: Duration) {
        let (value, interval) = (written(value), written(interval));
        match (given, &self.interval) {
            (Some(given), _) => given.spot.fault(format!(
                "{value} is more than the interval ({interval}); write at most that, or a longer interval"
            )),
            (None, Some(given)) => given.spot.fault(format!(
                "{interval} is less than {what} ({value}, the default); write {what} too, at most {interval}"
            )),
            (None, None) => {}
        }
    }

    fn tls(&self) -> Option<Tls> {
        let Some(given) = &self.tls else { return Some(Tls::Preferred) };
        match (given.value, &self.ca) {
            (TlsWord::Disabled, _) => Some(Tls::Disabled),
            (TlsWord::Preferred, _) => Some(Tls::Preferred),
            (TlsWord::Required, _) => Some(Tls::Required),
            (TlsWord::Verify, Some(ca)) => Some(Tls::Verify { ca: ca.value.clone() }),
            (TlsWord::Verify, None) => {
                given.spot.fault("verify needs to know the signer; write \"ca: FILE\" (PEM) beside it");
                None
            }
        }
    }
}

fn or<T: Clone>(given: &Option<Given<'_, T>>, default: T) -> T {
    given.as_ref().map_or(default, |given| given.value.clone())
}

fn user(spot: &Spot<'_>) -> Option<String> {
    let text = spot.text()?;
    if text.chars().count() > 80 {
        spot.fault(format!(
            "{} is longer than the 80 characters a server takes; shorten it",
            spot.tree.shown()
        ));
        return None;
    }
    Some(text.to_owned())
}

fn tls(spot: &Spot<'_>) -> Option<TlsWord> {
    spot.word(&[
        ("disabled", TlsWord::Disabled),
        ("preferred", TlsWord::Preferred),
        ("required", TlsWord::Required),
        ("verify", TlsWord::Verify),
    ])
}
