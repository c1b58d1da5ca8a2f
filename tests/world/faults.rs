//! What goes wrong, when, and for how long.

use super::rng::Rng;
use super::server::{Io, MS, SEC};
use super::{Path, World};
use mpp::core::event::{Command, Event};
use mpp::core::time::Duration;

/// What goes wrong at a node (by its index), or everywhere.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// kill -9, or the power: it starts again at the end.
    Kill(usize),
    /// SIGSTOP, or the host sleeps.
    Freeze(usize),
    /// The monitor's packets to it are dropped, or refused.
    Drop(usize),
    Refuse(usize),
    /// The monitor is cut off from everything.
    DropAll,
    RefuseAll,
    /// 1040, 1045.
    Full(usize),
    Deny(usize),
    DenyAll,
    /// STOP SLAVE IO_THREAD, SQL_THREAD, an error 1062.
    StopIo(usize),
    StopSql(usize),
    DuplicateKey(usize),
    /// What it receives, or applies, is so old.
    SlowIo(usize, u64),
    SlowSql(usize, u64),
    /// It and its sources do not reach each other.
    CutOff(usize),
    ReadOnly(usize),
    /// So many of a thousand polls are lost, or late.
    Lossy(u64),
    Late(u64),
    /// Its poller is stuck.
    Stuck(usize),
    /// The kernel is not read back.
    Blind,
}

/// A change of the world at a moment.
#[derive(Clone, Debug)]
pub enum Change {
    Begins(Kind),
    Ends(Kind),
    Restart,
    WokeLate,
    Operator(Command),
    HealAll,
}

impl Change {
    pub fn apply(self, world: &mut World) {
        world.flow();
        if world.trace {
            eprintln!("{:>9.3} *** {self:?}", super::ms(world.now));
        }
        match self {
            Change::Begins(kind) => set(world, kind, true),
            Change::Ends(kind) => set(world, kind, false),
            Change::Restart => world.restart(None),
            Change::WokeLate => world.give(Event::WokeLate, None),
            Change::Operator(command) => _ = world.command(command),
            Change::HealAll => heal_all(world),
        }
    }
}

fn set(world: &mut World, kind: Kind, on: bool) {
    let now = world.now;
    let path = |world: &mut World, n: usize, bad: Path| world.paths[n] = if on { bad } else { Path::Open };
    match kind {
        Kind::Kill(n) if on => world.servers[n].up = false,
        Kind::Kill(n) => world.servers[n].start(now),
        Kind::Freeze(n) => world.servers[n].frozen = on,
        Kind::Drop(n) => path(world, n, Path::Drops),
        Kind::Refuse(n) => path(world, n, Path::Refuses),
        Kind::DropAll => (0..world.paths.len()).for_each(|n| path(world, n, Path::Drops)),
        Kind::RefuseAll => (0..world.paths.len()).for_each(|n| path(world, n, Path::Refuses)),
        Kind::Full(n) => world.servers[n].full = on,
        Kind::Deny(n) => world.servers[n].denying = on,
        Kind::DenyAll => world.servers.iter_mut().for_each(|s| s.denying = on),
        Kind::StopIo(n) => {
            for link in &mut world.servers[n].links {
                link.io = if on { Io::No } else { Io::Connecting(now) };
            }
        }
        Kind::StopSql(n) => world.servers[n].links.iter_mut().for_each(|l| l.sql = !on),
        Kind::DuplicateKey(n) => {
            for link in &mut world.servers[n].links {
                (link.sql, link.sql_error) = (!on, on.then(|| (1062, "Duplicate entry '7'".into())));
            }
        }
        Kind::SlowIo(n, by) => {
            world.servers[n].links.iter_mut().for_each(|l| l.io_delay = if on { by } else { 0 });
        }
        Kind::SlowSql(n, by) => {
            world.servers[n].links.iter_mut().for_each(|l| l.sql_delay = if on { by } else { 0 });
        }
        Kind::CutOff(n) => world.net.cut[n].iter_mut().for_each(|c| *c = on),
        Kind::ReadOnly(n) => world.servers[n].read_only = on,
        Kind::Lossy(of) => world.lost = if on { of } else { 0 },
        Kind::Late(of) => world.late = if on { of } else { 0 },
        Kind::Stuck(n) => world.stick(n, if on { now + 3600 * SEC } else { now }),
        Kind::Blind => world.consumes = !on,
    }
}

fn heal_all(world: &mut World) {
    let now = world.now;
    for n in 0..world.servers.len() {
        let s = &mut world.servers[n];
        (s.frozen, s.full, s.denying, s.read_only) = (false, false, false, false);
        if !s.up {
            s.start(now);
        }
        for link in &mut s.links {
            (link.sql, link.sql_error, link.io_delay, link.sql_delay) = (true, None, 0, 0);
            if link.io == Io::No {
                link.io = Io::Connecting(now);
            }
        }
        world.net.cut[n].iter_mut().for_each(|c| *c = false);
        world.paths[n] = Path::Open;
        world.stick(n, now);
    }
    (world.lost, world.late, world.consumes) = (0, 0, true);
}

impl World {
    /// A fault from a moment on, for so long; 0: for good.
    pub fn fault(&mut self, kind: Kind, at: u64, lasts: u64) {
        self.fault_at(at, Change::Begins(kind));
        if lasts > 0 {
            self.fault_at(at + lasts, Change::Ends(kind));
        }
    }

    pub fn begin(&mut self, kind: Kind) {
        Change::Begins(kind).apply(self);
    }

    pub fn end(&mut self, kind: Kind) {
        Change::Ends(kind).apply(self);
    }

    pub fn heal(&mut self) {
        Change::HealAll.apply(self);
    }
}

/// How long faults last: from a lost packet to longer than everything that waits.
pub const LASTS: [u64; 9] =
    [100 * MS, 300 * MS, 600 * MS, SEC, 1500 * MS, 3 * SEC, 6 * SEC, 20 * SEC, 90 * SEC];

/// Every kind of fault at one node.
pub fn kinds_at(n: usize) -> Vec<Kind> {
    vec![
        Kind::Kill(n),
        Kind::Freeze(n),
        Kind::Drop(n),
        Kind::Refuse(n),
        Kind::Full(n),
        Kind::Deny(n),
        Kind::StopIo(n),
        Kind::StopSql(n),
        Kind::DuplicateKey(n),
        Kind::SlowIo(n, 5 * SEC),
        Kind::SlowSql(n, 20 * SEC),
        Kind::SlowSql(n, 45 * SEC),
        Kind::CutOff(n),
        Kind::ReadOnly(n),
        Kind::Stuck(n),
    ]
}

/// Any fault in a world of so many nodes.
pub fn any(rng: &mut Rng, nodes: usize) -> Kind {
    match rng.below(8) {
        0 => rng.pick(&[Kind::DropAll, Kind::RefuseAll, Kind::DenyAll]),
        1 => rng.pick(&[Kind::Lossy(50), Kind::Lossy(400), Kind::Late(100), Kind::Late(500), Kind::Blind]),
        2 => {
            let n = rng.below(nodes as u64) as usize;
            rng.pick(&[Kind::Kill(n), Kind::Freeze(n)])
        }
        _ => {
            let n = rng.below(nodes as u64) as usize;
            rng.pick(&kinds_at(n))
        }
    }
}

/// Any command; most are refused, and that is part of it.
pub fn any_command(rng: &mut Rng, nodes: usize, force: bool) -> Command {
    let node = rng.below(nodes as u64) as usize;
    let lasting = rng.one_in(2).then(|| Duration::from_secs(5));
    match rng.below(9) {
        0 | 1 => Command::Switchover { to: rng.one_in(2).then_some(node), force: false },
        2 => Command::Switchover { to: Some(node), force: force && rng.one_in(2) },
        3 => Command::Drain { node, now: rng.one_in(2), force: rng.one_in(3), lasting },
        4 => Command::Undrain(node),
        5 => Command::Pause { lasting },
        6 => Command::Resume,
        7 => Command::Recover(rng.one_in(2).then_some(node)),
        _ => Command::Ack,
    }
}
