//! What goes wrong, when, and for how long.

use super::rng::Rng;
use super::server::{self, Io, MS, SEC};
use super::{Path, World};
use mpp::core::event::{Command, Event};
use mpp::core::settings::PoolSettings;
use mpp::core::time::Duration;

/// What goes wrong at a server (by its number), or everywhere.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// kill -9, or the power: it starts again at the end.
    Kill(usize),
    /// The same everywhere.
    KillAll,
    /// The power of one goes, or of all, and what was written so recently is not on the disk.
    Crash(usize, u64),
    CrashAll(u64),
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
    /// The last one everywhere.
    BreakAll,
    /// What it receives, or applies, is so old.
    SlowIo(usize, u64),
    SlowSql(usize, u64),
    /// It and its sources do not reach each other.
    CutOff(usize),
    /// Nobody reaches it to replicate from it.
    Shunned(usize),
    /// The first does not reach the second.
    Cut(usize, usize),
    /// Its host is off the network.
    Unplug(usize),
    /// It takes so much longer to answer.
    Slow(usize, u64),
    ReadOnly(usize),
    /// It refuses to be opened or closed.
    Stubborn(usize),
    /// So many of a thousand polls are lost, or late.
    Lossy(u64),
    Late(u64),
    /// Its poller is stuck.
    Stuck(usize),
    /// The kernel is not read back.
    Blind,
    /// No checkpoint answers; nor does any server but the first.
    Uplink,
    Site,
}

/// A change of the world at a moment.
#[derive(Clone, Debug)]
pub enum Change {
    Begins(Kind),
    Ends(Kind),
    Restart,
    WokeLate,
    /// The director's host stands still, or is switched off, for so long.
    Sleep(u64),
    Reboot(u64),
    /// Other settings; the second: `--force`.
    Reload(Box<PoolSettings>, bool),
    Operator(Command),
    HealAll,
}

impl Change {
    pub fn apply(self, world: &mut World) {
        let director = !matches!(self, Change::Begins(_) | Change::Ends(_) | Change::HealAll);
        if director && world.is_asleep() {
            return world.after_sleep(self);
        }
        world.flow();
        world.tell(|| match &self {
            Change::Reload(..) => "*** Reload".to_owned(),
            change => format!("*** {change:?}"),
        });
        match self {
            Change::Begins(kind) => set(world, kind, true),
            Change::Ends(kind) => set(world, kind, false),
            Change::Restart => world.restart(),
            Change::Sleep(lasts) => world.sleep(lasts),
            Change::Reboot(lasts) => world.reboot(lasts),
            Change::Reload(settings, force) => _ = world.reload(*settings, force),
            Change::WokeLate => world.give(Event::WokeLate, None),
            Change::Operator(command) => _ = world.command(command),
            Change::HealAll => heal_all(world),
        }
    }
}

fn set(world: &mut World, kind: Kind, on: bool) {
    let now = world.now;
    let all = 0..world.servers.len();
    let path = |world: &mut World, n: usize, bad: Path| world.paths[n] = if on { bad } else { Path::Open };
    match kind {
        Kind::Kill(n) => power(world, n, on, None),
        Kind::KillAll => all.for_each(|n| power(world, n, on, None)),
        Kind::Crash(n, unsynced) => power(world, n, on, Some(unsynced)),
        Kind::CrashAll(unsynced) => all.for_each(|n| power(world, n, on, Some(unsynced))),
        Kind::Freeze(n) => world.servers[n].frozen = on,
        Kind::Drop(n) => path(world, n, Path::Drops),
        Kind::Refuse(n) => path(world, n, Path::Refuses),
        Kind::DropAll => all.for_each(|n| path(world, n, Path::Drops)),
        Kind::RefuseAll => all.for_each(|n| path(world, n, Path::Refuses)),
        Kind::Full(n) => world.servers[n].full = on,
        Kind::Deny(n) => world.servers[n].denying = on,
        Kind::DenyAll => world.servers.iter_mut().for_each(|s| s.denying = on),
        Kind::Slow(n, by) => world.servers[n].slow = if on { by } else { 0 },
        Kind::Unplug(n) => world.servers[n].unplugged = on,
        Kind::ReadOnly(n) => world.servers[n].read_only = on,
        Kind::Stubborn(n) => world.servers[n].stubborn = on,
        Kind::Lossy(of) => world.lost = if on { of } else { 0 },
        Kind::Late(of) => world.late = if on { of } else { 0 },
        Kind::Stuck(n) => world.stick(n, if on { now + 3600 * SEC } else { now }),
        Kind::Blind => world.consumes = !on,
        Kind::Uplink => world.outside = !on,
        Kind::Site => {
            world.outside = !on;
            (1..world.servers.len()).for_each(|n| path(world, n, Path::Drops));
        }
        _ => replication(world, kind, on),
    }
}

/// `unsynced`: what was written so recently is lost.
fn power(world: &mut World, n: usize, off: bool, unsynced: Option<u64>) {
    let now = world.now;
    match (off, unsynced) {
        (true, None) => world.servers[n].up = false,
        (true, Some(unsynced)) => {
            server::crash(&mut world.servers, n, now, unsynced);
            world.checks.debt.forgotten |= !world.net.gtid;
        }
        (false, _) => server::start(&mut world.servers, &world.net, n, now),
    }
}

fn replication(world: &mut World, kind: Kind, on: bool) {
    let now = world.now;
    let links = |world: &mut World, n: usize, change: &dyn Fn(&mut server::Link)| {
        world.servers[n].links.iter_mut().for_each(change);
    };
    let breaks =
        |l: &mut server::Link| (l.sql, l.sql_error) = (!on, on.then_some((1062, "Duplicate entry '7'")));
    match kind {
        Kind::StopIo(n) if on => links(world, n, &|l| l.io = Io::No),
        Kind::StopIo(n) => links(world, n, &|l| l.start_io(now)),
        Kind::StopSql(n) => links(world, n, &|l| l.sql = !on),
        Kind::DuplicateKey(n) => links(world, n, &breaks),
        Kind::BreakAll => (0..world.servers.len()).for_each(|n| links(world, n, &breaks)),
        Kind::SlowIo(n, by) => links(world, n, &|l| l.io_delay = if on { by } else { 0 }),
        Kind::SlowSql(n, by) => links(world, n, &|l| l.sql_delay = if on { by } else { 0 }),
        Kind::CutOff(n) => world.net.cut[n].iter_mut().for_each(|c| *c = on),
        Kind::Shunned(n) => world.net.cut.iter_mut().for_each(|row| row[n] = on),
        Kind::Cut(replica, source) => world.net.cut[replica][source] = on,
        other => unreachable!("{other:?} is no fault of replication"),
    }
}

fn heal_all(world: &mut World) {
    let now = world.now;
    for n in 0..world.servers.len() {
        if !world.servers[n].up {
            power(world, n, false, None);
        }
        server::replay_own(&mut world.servers, n, now);
        let ends: Vec<usize> = world.servers.iter().map(|s| s.log.len()).collect();
        let lives: Vec<usize> = world.servers.iter().map(|s| s.cuts.len()).collect();
        let s = &mut world.servers[n];
        (s.frozen, s.full, s.denying, s.read_only) = (false, false, false, false);
        (s.slow, s.unplugged, s.stubborn) = (0, false, false);
        for link in &mut s.links {
            (link.sql, link.sql_error, link.io_delay, link.sql_delay) = (true, None, 0, 0);
            if link.io == Io::No {
                link.start_io(now);
            }
            heal_position(link, ends[link.source], lives[link.source]);
        }
        world.net.cut[n].iter_mut().for_each(|c| *c = false);
        world.paths[n] = Path::Open;
        world.stick(n, now);
    }
    (world.lost, world.late, world.consumes, world.outside) = (0, 0, true, true);
}

/// A replica that has read more than its source still has is set to where the source is: an operator's work.
fn heal_position(link: &mut server::Link, end: usize, life: usize) {
    if link.life != life && link.received > end {
        link.relay.clear();
        (link.received, link.executed, link.last) = (end, end, None);
    }
    link.life = life;
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

/// Every kind of fault at one server.
pub fn kinds_at(n: usize) -> Vec<Kind> {
    vec![
        Kind::Kill(n),
        Kind::Crash(n, SEC),
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
        Kind::Shunned(n),
        Kind::Unplug(n),
        Kind::Slow(n, 450 * MS),
        Kind::Slow(n, 5 * SEC),
        Kind::ReadOnly(n),
        Kind::Stubborn(n),
        Kind::Stuck(n),
    ]
}

/// Every kind of fault that is everywhere.
pub fn kinds_everywhere() -> Vec<Kind> {
    let faults =
        [Kind::KillAll, Kind::CrashAll(SEC), Kind::DropAll, Kind::RefuseAll, Kind::DenyAll, Kind::BreakAll];
    let rates = [Kind::Lossy(300), Kind::Late(300), Kind::Blind, Kind::Uplink, Kind::Site];
    faults.into_iter().chain(rates).collect()
}

/// Any fault in a world of so many servers.
pub fn any(rng: &mut Rng, servers: usize) -> Kind {
    let n = rng.below(servers as u64) as usize;
    match rng.below(10) {
        0 => rng.pick(&kinds_everywhere()),
        1 => rng.pick(&[Kind::Lossy(50), Kind::Lossy(400), Kind::Late(100), Kind::Late(500), Kind::Blind]),
        2 => rng.pick(&[Kind::Kill(n), Kind::Freeze(n), Kind::Crash(n, 10 * SEC)]),
        3 => Kind::Cut(n, rng.below(servers as u64) as usize),
        _ => rng.pick(&kinds_at(n)),
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

/// Something that happens to the director itself.
pub fn any_trouble_of_the_director(rng: &mut Rng, world: &World) -> Change {
    let lasts = rng.pick(&[SEC, 4 * SEC, 20 * SEC]) + rng.below(SEC);
    match rng.below(6) {
        0 => Change::Restart,
        1 => Change::WokeLate,
        2 => Change::Sleep(lasts),
        3 => Change::Reboot(lasts * 2),
        _ => Change::Reload(Box::new(super::options::edited(rng, world)), rng.one_in(3)),
    }
}
