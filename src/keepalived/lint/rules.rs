//! The table of all rules.

use super::finding::{Finding, Findings, Severity};
use super::machine::Machine;
use super::seen::Seen;
use super::view::View;
use super::{directors, file_check, kernel, language, misc_check, pools, programs, servers, services};
use crate::config::Settings;
use crate::keepalived::conf::Conf;

/// A rule.
#[derive(Clone, Copy)]
pub struct Rule {
    /// Its name, which stays.
    pub name: &'static str,
    /// How bad what it finds is.
    pub severity: Severity,
    find: fn(&Seen<'_>, &mut Findings),
}

const fn error(name: &'static str, find: fn(&Seen<'_>, &mut Findings)) -> Rule {
    Rule { name, severity: Severity::Error, find }
}

const fn warning(name: &'static str, find: fn(&Seen<'_>, &mut Findings)) -> Rule {
    Rule { name, severity: Severity::Warning, find }
}

/// Every rule; docs/keepalived-check.md says of each what, why and what to write.
pub const RULES: &[Rule] = &[
    error("lost", language::lost),
    error("swallowed", language::swallowed),
    warning("not-understood", language::not_understood),
    error("no-protocol", services::no_protocol),
    error("no-delay-loop", services::no_delay_loop),
    warning("no-alpha", services::no_alpha),
    error("no-alpha-rw", services::no_alpha_rw),
    error("quorum", services::quorum),
    error("hysteresis", services::hysteresis),
    error("all-weights-0", services::all_weights_zero),
    error("virtual-server-twice", services::virtual_server_twice),
    error("sorry-server", services::sorry_server),
    error("inhibit-rw", services::inhibit_rw),
    error("mixed-roles", services::mixed_roles),
    warning("ha-suspend", services::ha_suspend),
    error("no-checker", servers::no_checker),
    error("real-server-twice", servers::real_server_twice),
    error("port-differs", servers::port_differs),
    warning("bare-tcp-check", servers::bare_tcp_check),
    error("unquoted-arguments", misc_check::unquoted_arguments),
    warning("no-misc-timeout", misc_check::no_misc_timeout),
    warning("long-misc-timeout", misc_check::long_misc_timeout),
    warning("short-misc-timeout", misc_check::short_misc_timeout),
    warning("warmup", misc_check::warmup),
    error("dynamic-exit-0", misc_check::dynamic_exit_0),
    warning("dynamic-program", misc_check::dynamic_program),
    error("dynamic-missing", misc_check::dynamic_missing),
    warning("dynamic-leak", misc_check::dynamic_leak),
    error("dynamic-twice", misc_check::dynamic_twice),
    warning("only-misc", misc_check::only_misc),
    error("no-track-file", file_check::no_track_file),
    error("track-directory", file_check::track_directory),
    warning("track-file-missing", file_check::track_file_missing),
    error("track-file-garbage", file_check::track_file_garbage),
    error("track-file-octal", file_check::track_file_octal),
    error("one-file-two-uses", file_check::one_file_two_uses),
    error("reverse", file_check::reverse),
    warning("file-weight", file_check::file_weight),
    warning("only-file", file_check::only_file),
    error("file-check-version", file_check::version),
    error("program-missing", programs::missing),
    warning("program-relative", programs::relative),
    error("not-executable", programs::not_executable),
    error("insecure", programs::dropped_as_insecure),
    warning("writable", programs::writable),
    error("no-user", programs::no_user),
    warning("runs-as-root", programs::runs_as_root),
    warning("no-script-security", programs::no_security),
    error("wrong-arguments", pools::wrong_arguments),
    error("alive-as-verdict", pools::alive_as_verdict),
    error("unknown-pool", pools::unknown_pool),
    error("unknown-node", pools::unknown_node),
    error("other-node", pools::other_node),
    warning("other-address", pools::other_address),
    warning("other-state", pools::other_state),
    error("expire-nodest-conn", kernel::nodest),
    error("expire-quiescent-template", kernel::quiescent),
    error("ip-forward", kernel::forward),
    warning("no-track-script", directors::no_track_script),
    warning("preempts", directors::preempts),
    error("nopreempt-weight", directors::nopreempt_weight),
    warning("nopreempt-master", directors::nopreempt_master),
    error("no-unicast-peer", directors::no_peer),
    warning("no-sync-group", directors::no_group),
    error("router-id-twice", directors::router_id_twice),
];

/// Asks every rule; what they find, in the order of the rules.
pub fn lint(conf: &Conf, machine: &Machine, settings: Option<&Settings>) -> Vec<Finding> {
    let seen = Seen { conf, view: View::of(conf), machine, settings };
    let mut findings = Findings { rule: "", severity: Severity::Error, list: Vec::new() };
    for rule in RULES {
        (findings.rule, findings.severity) = (rule.name, rule.severity);
        (rule.find)(&seen, &mut findings);
    }
    findings.list
}
