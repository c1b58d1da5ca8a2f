//! Rules about MISC_CHECK.

use super::check::Asked;
use super::finding::Findings;
use super::language::keywords;
use super::numbers::number;
use super::seen::Seen;
use crate::keepalived::versions::{KEEPS_CHECKS, LEAKS};

/// Seconds that a run may take on a busy director: a timeout below is met.
const SHORT: u64 = 5;
/// Seconds that a program may take where nothing else can take the server out, or twice its delay_loop.
const PATIENCE: f64 = 10.0;

pub(super) fn unquoted_arguments(seen: &Seen<'_>, findings: &mut Findings) {
    // A keyword behind the program is told as one.
    let keywords = || ["MISC_CHECK", "vrrp_script"].into_iter().flat_map(keywords);
    let lost = |lost: &[String]| lost.first().is_some_and(|first| !keywords().any(|word| word == first));
    for program in seen.programs().iter().filter(|program| lost(&program.lost)) {
        let (path, lost) = (program.path().display(), program.lost.join(" "));
        findings.tell(
            &program.at.place,
            format!("the arguments `{lost}` stand outside of quotes"),
            format!("keepalived runs {path} without them"),
            format!("{} \"{path} {lost}\"", program.at.keyword()),
        );
    }
}

pub(super) fn no_misc_timeout(seen: &Seen<'_>, findings: &mut Findings) {
    for (service, server, check) in seen.view.checks().filter(|(_, _, c)| c.program.is_some()) {
        if check.timeout().is_none() {
            let seconds = service.delay_loop().unwrap_or(60.0);
            let would = match seconds < 1.0 {
                true => "a run that takes longer on a busy director is killed, and its server is taken out",
                false => "for so long a program that hangs leaves its server as it is",
            };
            let found = format!("no misc_timeout: it is the virtual server's delay_loop, {seconds} s");
            let write = if server.is_decided_by_file() { "misc_timeout 30" } else { "misc_timeout 2" };
            findings.tell(&check.at.place, found, would, write);
        }
    }
}

pub(super) fn long_misc_timeout(seen: &Seen<'_>, findings: &mut Findings) {
    for (service, server, check) in seen.view.checks().filter(|(_, _, c)| c.program.is_some()) {
        let Some(timeout) = check.timeout() else { continue };
        let delay = server.inherited(service, check, "delay_loop").and_then(number::<f64>).unwrap_or(60.0);
        if timeout as f64 > PATIENCE.max(2.0 * delay) && !server.is_decided_by_file() {
            findings.tell(
                &check.at.place,
                format!("misc_timeout {timeout} with delay_loop {delay}"),
                format!(
                    "no run begins before the last one ended: a program that hangs leaves its server as it is for {} s",
                    timeout.saturating_add(2)
                ),
                "misc_timeout 2, or a FILE_CHECK with weight 0 beside it",
            );
        }
    }
}

pub(super) fn short_misc_timeout(seen: &Seen<'_>, findings: &mut Findings) {
    let Some(version) = seen.machine.version.filter(|version| *version < KEEPS_CHECKS) else { return };
    let programs =
        seen.view.checks().filter(|(_, server, c)| c.program.is_some() && server.is_decided_by_file());
    for (_, _, check) in programs {
        if let Some(timeout) = check.timeout().filter(|timeout| *timeout < SHORT) {
            findings.tell(
                &check.at.place,
                format!("misc_timeout {timeout} beside a FILE_CHECK, and keepalived here is {version}"),
                "before 2.3.0 a run that ends in the moment of its timeout may be the last one: the check stays as it was \
                 until a reload",
                "misc_timeout 30: the FILE_CHECK takes the server out at once all the same",
            );
        }
    }
}

pub(super) fn warmup(seen: &Seen<'_>, findings: &mut Findings) {
    for (service, server, check) in seen.view.checks().filter(|(_, _, c)| c.program.is_some()) {
        let warmup = server.inherited(service, check, "warmup");
        if warmup.and_then(number::<f64>) != Some(0.0) {
            let said = warmup.map_or("no warmup".into(), |at| at.words.join(" "));
            findings.tell(
                &check.at.place,
                format!("{said}: the first run waits for a random time, up to the delay_loop unless said"),
                "after a start nobody knows for so long whether the server is UP",
                "warmup 0",
            );
        }
    }
}

pub(super) fn dynamic_exit_0(seen: &Seen<'_>, findings: &mut Findings) {
    for (_, _, check) in seen.view.checks().filter(|(_, _, c)| c.is_dynamic()) {
        if let Some(Asked::Verdict { dynamic: false, .. }) = check.asked {
            findings.tell(
                &check.at.place,
                "misc_dynamic, and mpp-check without --dynamic exits 0",
                "after a reload that changes nothing keepalived takes exit 0 for weight 0, and drains the service",
                "misc_path \"... mpp-check --dynamic ...\", or no misc_dynamic",
            );
        }
    }
}

pub(super) fn dynamic_program(seen: &Seen<'_>, findings: &mut Findings) {
    for (_, _, check) in seen.view.checks().filter(|(_, _, c)| c.is_dynamic() && c.asked.is_none()) {
        if let Some(program) = &check.program {
            findings.tell(
                &check.at.place,
                format!("misc_dynamic with {}", program.path().display()),
                "if it ever exits 0, a reload that changes nothing gives the server weight 0",
                "a program that exits with its weight plus 2, and never with 0",
            );
        }
    }
}

pub(super) fn dynamic_missing(seen: &Seen<'_>, findings: &mut Findings) {
    for (_, _, check) in seen.view.checks().filter(|(_, _, c)| !c.is_dynamic()) {
        if let Some(Asked::Verdict { dynamic: true, .. }) = check.asked {
            findings.tell(
                &check.at.place,
                "mpp-check --dynamic without misc_dynamic",
                "it exits with its weight plus 2, which is DOWN without misc_dynamic: the server is DOWN for good",
                "misc_dynamic, or mpp-check without --dynamic",
            );
        }
    }
}

pub(super) fn dynamic_leak(seen: &Seen<'_>, findings: &mut Findings) {
    if seen.machine.version.is_some_and(|version| version > LEAKS) || !seen.has_file_check() {
        return;
    }
    for (_, _, check) in seen.view.checks().filter(|(_, _, c)| c.is_dynamic()) {
        findings.tell(
            &check.at.place,
            "misc_dynamic, with a keepalived up to 2.4.3",
            "each run that times out moves the server's weight for good",
            "the weight in a file: FILE_CHECK with weight 1, and misc_dynamic gone",
        );
    }
}

pub(super) fn dynamic_twice(seen: &Seen<'_>, findings: &mut Findings) {
    for (_, server) in seen.view.servers() {
        for check in server.checks.iter().filter(|c| c.is_dynamic()).skip(1) {
            findings.tell(
                &check.at.place,
                "a second misc_dynamic for the same real server",
                "each one sets the weight against the other",
                "misc_dynamic in one of them",
            );
        }
    }
}

pub(super) fn only_misc(seen: &Seen<'_>, findings: &mut Findings) {
    if !seen.has_file_check() {
        return;
    }
    for (_, server) in seen.view.servers().filter(|(_, server)| !server.is_decided_by_file()) {
        if let Some(check) = server.checks.iter().find(|c| c.asked.is_some()) {
            findings.tell(
                &check.at.place,
                "a MISC_CHECK with no FILE_CHECK of weight 0 beside it",
                "a check that can't be run, while its program is replaced, counts as UP; and one failed fork stops it",
                "a FILE_CHECK on the track file that mppd writes; mpp keepalived render writes both",
            );
        }
    }
}
