//! From the arguments to the exit code.

use core::ffi::CStr;

use super::args::{Ask, HELP, Request, VERSION, parse};
use super::fault::Fault;
use super::line::Line;
use super::system::System;
use crate::state::asked;
use crate::state::fault::StateFault;
use crate::state::reader::{Header, View};
use crate::state::verdict::{StalePolicy, Verdict};

/// UP, alive, or help was printed.
const UP: u8 = 0;
/// DOWN, not alive, or any fault.
const DOWN: u8 = 1;
/// What `--dynamic` adds to the weight.
const WEIGHT_BASE: u8 = 2;

/// Answers `args` (the program's name left out): the exit code. A fault is said in one line.
pub fn run<'s, 'a: 's>(system: &impl System<'s>, args: impl Iterator<Item = &'a CStr>) -> u8 {
    match parse(args).map_err(Fault::Usage).and_then(|request| answer(system, request)) {
        Ok(code) => code,
        Err(fault) => {
            system.complain(Line::of(format_args!("mpp-check: {fault}")).text());
            DOWN
        }
    }
}

fn answer<'s, 'a: 's>(system: &impl System<'s>, request: Request<'a>) -> Result<u8, Fault<'a>> {
    match request {
        Request::Help => system.print(HELP),
        Request::Version => system.print(VERSION),
        Request::Verdict(path, ask) => return verdict(system, path, ask),
        Request::Alive(path, max_age_ns) => {
            let (_, _, age_ns) = open(system, path)?;
            fresh(path, age_ns, max_age_ns)?;
        }
    }
    Ok(UP)
}

fn verdict<'s, 'a: 's>(system: &impl System<'s>, path: &'a CStr, ask: Ask<'a>) -> Result<u8, Fault<'a>> {
    let (view, header, age_ns) = open(system, path)?;
    let found = view.find(ask.pool, ask.node);
    if let Ok(found) = &found {
        // Stale or not: keepalived asks.
        let number = found.pool.first_node + found.position;
        mark(system, path, asked::offset(number, ask.role), header.heartbeat_ns + age_ns);
    }
    if header.stale_policy == StalePolicy::Down {
        fresh(path, age_ns, header.stale_after_ns)?;
    }
    let verdict = found.and_then(|found| view.verdict(&found, ask.role));
    Ok(exit_code(verdict.map_err(|fault| Fault::Verdict(ask, fault))?, ask.dynamic))
}

/// Leaves a mark that the word at this offset was asked for.
fn mark<'s>(system: &impl System<'s>, state: &CStr, at: u64, now_ns: u64) {
    if let Some(path) = asked::Path::beside(state).as_ref().and_then(asked::Path::as_c_str) {
        system.mark(path, at, now_ns);
    }
}

/// The state at `path`, its header, and how old its heartbeat is in ns.
fn open<'s, 'a>(system: &impl System<'s>, path: &'a CStr) -> Result<(View<'s>, Header, u64), Fault<'a>> {
    let (words, len) = system.state(path).map_err(|error| Fault::File(path, error))?;
    let state_fault = |fault: StateFault| Fault::State(path, fault);
    let view = View::check(words, len).map_err(state_fault)?;
    let boot_id = system.boot_id().ok_or(Fault::NoBootId)?;
    // The heartbeat before the clock: the other way round, one given in between is from the future.
    let header = view.header().map_err(state_fault)?;
    let age_ns = header.age_ns(system.boottime_ns(), &boot_id).map_err(state_fault)?;
    Ok((view, header, age_ns))
}

fn fresh(path: &CStr, age_ns: u64, limit_ns: u64) -> Result<(), Fault<'_>> {
    let stale = Fault::Stale { path, age_ns, limit_ns };
    (age_ns <= limit_ns).then_some(()).ok_or(stale)
}

fn exit_code(verdict: Verdict, dynamic: bool) -> u8 {
    match (verdict.up, dynamic) {
        (false, _) => DOWN,
        (true, false) => UP,
        (true, true) => verdict.weight.saturating_add(WEIGHT_BASE),
    }
}
