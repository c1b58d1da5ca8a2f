//! One real server and its checkers.

use std::path::Path;

use super::fragment::node_name;
use super::page::Page;
use super::target::Target;
use crate::config::{RealServer, Settings, VirtualServer};
use crate::keepalived::track;

/// Where mpp-check looks by itself.
const USUAL_RUNTIME_DIR: &str = "/run/mpp";

const BY_FILES: &str = "\
How a real server is checked: it is UP if all its checkers say so, because each fails open where the others do not.
- The first FILE_CHECK: 0 is UP, 1 is DOWN. mppd writes the file, and DOWN takes effect within a millisecond or so.
- The second carries the weight, less the 1 that stands here; never DOWN.
- MISC_CHECK: mpp-check tells mppd's verdict when the file is missing, or is watched no more. As files carry the DOWN, it
  may be late: it has 30 s, for keepalived before 2.3.0 may never run a check again that ends in the moment of its
  timeout; and one failed run is tried again before it counts, so that a moment's lack of memory takes no writer out.
  A run that takes longer than delay_loop delays the next; two never run at a time.
A server is DOWN until all of them have said UP once (alpha), and nothing is waited for at the start (warmup).";

const BY_CHECK: &str = "\
How a real server is checked: by mpp-check alone, for this keepalived has no FILE_CHECK that can be used. It exits with 1
for DOWN and with the weight and 2 for UP; never with 0, after which a reload would drain the server.
DOWN counts at once (retry 0). A run has 5 s; it takes a millisecond, but while it hangs nothing is known of its server.
A server is DOWN until it has been told UP once (alpha), and nothing is waited for at the start (warmup).";

/// How real servers are checked, in words.
pub(super) fn how(target: Target) -> &'static str {
    if target.has_file_check() { BY_FILES } else { BY_CHECK }
}

/// mpp-check's option for a state that is not where it looks by itself.
pub(super) fn state(settings: &Settings) -> String {
    match settings.runtime_dir.as_path() {
        dir if dir == Path::new(USUAL_RUNTIME_DIR) => String::new(),
        dir => format!(" --state {}", dir.join("state").display()),
    }
}

/// The two files of a real server.
pub(super) fn track_files(page: &mut Page, server: &str, node: &str, settings: &Settings) {
    let folder = track::directory(&settings.runtime_dir);
    for (name, weight) in [(track::down(server, node), 0), (track::weight(server, node), 1)] {
        page.block(format_args!("track_file {name}"), |page| {
            page.line(format_args!("file \"{}\"", folder.join(&name).display()));
            page.line(format_args!("weight {weight}"));
        });
    }
}

/// The real server.
pub(super) fn write(
    page: &mut Page,
    real: &RealServer,
    server: &VirtualServer,
    settings: &Settings,
    target: Target,
) {
    let pool = &settings.pools[server.pool];
    let node = node_name(pool, real.node);
    page.comment(node);
    page.block(format_args!("real_server {} {}", real.address.ip(), real.address.port()), |page| {
        page.line("weight 1");
        if let Some(method) = real.method {
            page.line(format_args!("lvs_method {}", method.word()));
        }
        let verdict = format!("{} {} {node}", server.role, pool.decision.name);
        if target.has_file_check() {
            file_check(page, &track::down(&server.name, node), 0);
            file_check(page, &track::weight(&server.name, node), 1);
            misc_check(page, &verdict, PATIENT, settings);
        } else {
            misc_check(page, &format!("--dynamic {verdict}"), ALONE, settings);
        }
        page.own(&real.extra);
    });
}

fn file_check(page: &mut Page, name: &str, weight: u8) {
    page.block("FILE_CHECK", |page| {
        page.line(format_args!("track_file {name}"));
        page.line(format_args!("weight {weight}"));
    });
}

/// Where files carry the DOWN.
const PATIENT: [&str; 4] = ["misc_timeout 30", "retry 1", "delay_before_retry 0.25", "warmup 0"];
/// Where nothing else does.
const ALONE: [&str; 4] = ["misc_dynamic", "misc_timeout 5", "retry 0", "warmup 0"];

fn misc_check(page: &mut Page, asked: &str, manner: [&str; 4], settings: &Settings) {
    page.block("MISC_CHECK", |page| {
        let check = settings.keepalived.check_path.display();
        page.line(format_args!("misc_path \"{check}{} {asked}\"", state(settings)));
        manner.into_iter().for_each(|line| page.line(line));
    });
}
