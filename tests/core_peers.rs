//! Two agents that look after the same pool, each in a simulated world of its own where the same happens, telling each
//! other what they see.

mod world;

use mpp::core::event::{Author, Command, Event, What};
use mpp::core::peer::{FlagView, NodeView, Passing, View};
use mpp::core::pool::{Pool, Seat};
use mpp::core::settings::{
    CheckpointSettings, Failback, Isolation, PeerSettings, PoolRecovery, PoolSettings, Reach, Recovery,
};
use mpp::core::time::{Duration, Moment};
use mpp::core::trouble::Kind as Trouble;
use mpp::core::words::{Role, State};
use world::faults::{Change, Kind, any_command};
use world::histories::{explore, histories};
use world::rng::Rng;
use world::server::{MS, SEC};
use world::{World, pair, star};

/// The views are exchanged this often: as fast as a stream brings them.
const STEP: u64 = 5 * MS;
/// How long a silent peer counts as one that answers.
const LOST: u64 = 2 * SEC;

struct Duo {
    worlds: [World; 2],
    /// Whether they hear of each other; and since when they do not.
    link: bool,
    cut_at: u64,
    seen: [Option<View>; 2],
}

fn flag(flag: &mpp::core::event::Flag, now: Moment) -> FlagView {
    FlagView {
        by: flag.by.clone(),
        age: now.since(flag.since),
        left: flag.until.map(|until| until.since(now)),
    }
}

/// What an agent tells of itself.
fn view(pool: &Pool, now: Moment, leads: bool) -> View {
    let memory = pool.memory();
    let node = |n: usize| {
        let node = &memory.nodes[n];
        NodeView {
            name: pool.name(n).to_owned(),
            address: pool.settings().nodes[n].address(),
            local: pool.settings().nodes[n].local,
            failed: pool.state(n).failed(),
            recovered: node.recovered,
            drain: node.drain.as_ref().map(|d| (d.now, flag(&d.flag, now))),
        }
    };
    View {
        epoch: memory.epoch,
        active: pool.active().map(|n| pool.name(n).to_owned()),
        active_answers: pool
            .active()
            .is_some_and(|n| memory.nodes[n].errors == 0 && memory.nodes[n].positive()),
        handover: match &memory.seat {
            Seat::Passing(handover) => Some(Passing::of(pool, handover, now)),
            _ => None,
        },
        isolated: memory.isolation.is_some(),
        fresh: memory.fresh,
        leads,
        revision: memory.revision,
        pause: memory.pause.as_ref().map(|pause| flag(pause, now)),
        failback_off: memory.failback_off,
        chosen: memory.chosen,
        flapping: memory.flapping,
        acked: memory.acked,
        nodes: (0..memory.nodes.len()).map(node).collect(),
    }
}

/// What of it does not change by itself with time.
fn look(view: &View) -> View {
    let mut look = view.clone();
    let flags = look.nodes.iter_mut().filter_map(|n| n.drain.as_mut().map(|(_, flag)| flag));
    for flag in flags.chain(&mut look.pause) {
        (flag.age, flag.left) = Default::default();
    }
    look
}

impl Duo {
    /// Two directors of one site, or of two, ten seconds after their start.
    fn steady(shape: &[Vec<usize>], same_site: bool, change: impl Fn(usize, &mut PoolSettings)) -> Duo {
        let mut duo = Duo::new(shape, same_site, change);
        duo.run_for(10 * SEC);
        assert_eq!(duo.actives(), [Some(0), Some(0)]);
        duo
    }

    fn new(shape: &[Vec<usize>], same_site: bool, change: impl Fn(usize, &mut PoolSettings)) -> Duo {
        let world = |n: usize| {
            let mut settings = world::settings(shape.len());
            settings.peers = vec![PeerSettings { name: ["lb1", "lb2"][1 - n].into(), same_site }];
            change(n, &mut settings);
            let mut world = World::new(settings, shape, 7 + n as u64);
            world.net.slave_net_timeout = 4 * SEC;
            world.checks.restart_every = 0;
            world
        };
        Duo { worlds: [world(0), world(1)], link: true, cut_at: 0, seen: [None, None] }
    }

    fn pair() -> Duo {
        Duo::steady(&pair(), true, |_, settings| settings.failback = Failback::Manual)
    }

    fn step(&mut self) {
        let now = self.worlds[0].now + STEP;
        for world in &mut self.worlds {
            world.run_until(now);
        }
        for to in 0..2 {
            let from = &self.worlds[1 - to];
            let gone = from.is_asleep() || !self.link;
            let told = match gone {
                // lb1 leads.
                false => Some(view(&from.pool, Moment(from.now), to == 1)),
                true if now < self.cut_at + LOST => continue,
                true => None,
            };
            if self.worlds[to].is_asleep() || told.as_ref().map(look) == self.seen[to].as_ref().map(look) {
                continue;
            }
            self.seen[to] = told.clone();
            self.worlds[to].give(Event::Peer(0, told.map(Box::new)), None);
        }
    }

    fn run_for(&mut self, nanos: u64) {
        let end = self.worlds[0].now + nanos;
        while self.worlds[0].now < end {
            self.step();
        }
    }

    /// By hand, at one of them.
    #[track_caller]
    fn switchover(&mut self, at: usize, to: usize) {
        self.worlds[at].command(Command::Switchover { to: Some(to), force: false }).expect("a switchover");
    }

    #[track_caller]
    fn until(&mut self, within: u64, done: impl Fn(&Duo) -> bool) -> u64 {
        let start = self.worlds[0].now;
        while !done(self) {
            assert!(self.worlds[0].now < start + within, "{}", self.words());
            self.step();
        }
        self.worlds[0].now - start
    }

    fn words(&self) -> String {
        let words = |w: &World| {
            let notes: Vec<String> = w
                .notes
                .iter()
                .map(|(at, n)| format!("{:.3} {} {}", world::ms(*at), n.what.word(), n.reason))
                .collect();
            format!("{:?} epoch {} {:?} {notes:#?}", w.states(), w.pool.memory().epoch, w.pool.flags())
        };
        format!("lb1: {}\nlb2: {}", words(&self.worlds[0]), words(&self.worlds[1]))
    }

    fn cut(&mut self) {
        (self.link, self.cut_at) = (false, self.worlds[0].now);
    }

    fn heal(&mut self) {
        self.link = true;
    }

    fn fault(&mut self, kind: Kind, on: bool) {
        for world in &mut self.worlds {
            if on { world.begin(kind) } else { world.end(kind) }
        }
    }

    fn actives(&self) -> [Option<usize>; 2] {
        [self.worlds[0].active(), self.worlds[1].active()]
    }

    fn epochs(&self) -> [u64; 2] {
        [self.worlds[0].pool.memory().epoch, self.worlds[1].pool.memory().epoch]
    }

    fn agree(&self, active: usize) -> bool {
        self.actives() == [Some(active); 2] && self.epochs()[0] == self.epochs()[1]
    }

    fn writers(&self) -> Vec<usize> {
        let writer = |w: &World| (0..w.servers.len()).find(|&n| w.pool.verdict(n, Role::Rw).up);
        let mut all: Vec<usize> = self.worlds.iter().filter_map(writer).collect();
        all.dedup();
        all
    }

    fn troubles(&self, n: usize) -> Vec<Trouble> {
        let world = &self.worlds[n];
        world.pool.troubles(Moment(world.now)).into_iter().map(|t| t.kind).collect()
    }

    fn trouble(&self, n: usize, kind: Trouble) -> Option<mpp::core::trouble::Trouble> {
        let world = &self.worlds[n];
        world.pool.troubles(Moment(world.now)).into_iter().find(|t| t.kind == kind)
    }
}

#[test]
fn both_decide_a_failover_once_and_agree_on_the_epoch() {
    let mut duo = Duo::pair();
    let before = duo.epochs();
    duo.fault(Kind::Kill(0), true);
    let took = duo.until(3 * SEC, |d| d.agree(1));
    assert!(took <= 1_200 * MS, "{} ms", took / MS);
    assert_eq!(duo.epochs(), before.map(|epoch| epoch + 1));
    let failovers: usize = duo.worlds.iter().map(|w| w.count(What::Failover)).sum();
    assert_eq!(failovers, 1, "{}", duo.words());
    duo.run_for(30 * SEC);
    assert!(duo.agree(1), "{}", duo.words());
}

#[test]
fn of_three_servers_both_take_the_same() {
    let mut duo = Duo::steady(&star(), true, |_, s| s.failback = Failback::Manual);
    // One of them sees another order of things: db2 does not answer it.
    duo.worlds[1].begin(Kind::Drop(1));
    duo.run_for(5 * SEC);
    duo.fault(Kind::Kill(0), true);
    duo.until(10 * SEC, |d| d.agree(1) || d.agree(2));
}

#[test]
fn while_a_peer_sees_the_active_node_answer_nobody_is_promoted_and_both_say_so() {
    let mut duo = Duo::pair();
    duo.worlds[1].begin(Kind::Drop(0));
    duo.until(20 * SEC, |d| {
        d.worlds[1].held().starts_with("lb1 sees db1 answer, as ACTIVE; from here: timeout")
    });
    duo.run_for(60 * SEC);
    assert!(duo.agree(0), "{}", duo.words());
    assert!(duo.troubles(1).contains(&Trouble::Held));
    // The peer loses it too.
    duo.worlds[0].begin(Kind::Kill(0));
    duo.until(5 * SEC, |d| d.agree(1));
}

#[test]
fn a_director_that_reaches_no_checkpoint_follows_the_other_one_that_does() {
    let mut duo = Duo::steady(&pair(), true, |_, settings| {
        settings.failback = Failback::Manual;
        one_outside(settings);
    });
    duo.worlds[0].outside = false;
    duo.until(10 * SEC, |d| d.worlds[0].pool.memory().isolation.is_some());
    duo.switchover(1, 1);
    duo.until(10 * SEC, |d| {
        assert!(d.writers().len() <= 1, "{}", d.words());
        d.agree(1)
    });
    duo.run_for(10 * SEC);
    duo.fault(Kind::Kill(1), true);
    duo.until(10 * SEC, |d| d.agree(0));
    duo.run_for(30 * SEC);
    assert!(duo.agree(0) && duo.worlds[0].pool.memory().isolation.is_some(), "{}", duo.words());
}

#[test]
fn a_director_that_withdrew_takes_up_again_what_the_other_one_of_its_site_has_gone_on_with() {
    let mut duo = Duo::steady(&pair(), true, |_, settings| {
        settings.failback = Failback::Manual;
        withdrawing(settings);
    });
    let epochs = duo.epochs();
    duo.worlds[1].outside = false;
    duo.until(10 * SEC, |d| d.actives() == [Some(0), None]);
    duo.worlds[1].outside = true;
    duo.until(20 * SEC, |d| {
        assert_eq!(d.writers(), [0], "{}", d.words());
        d.actives() == [Some(0); 2]
    });
    duo.run_for(10 * SEC);
    assert!(duo.agree(0) && duo.epochs() == epochs, "{}", duo.words());
}

#[test]
fn a_director_that_is_cut_off_is_so_until_an_operator_recovers_the_pool_there_or_at_the_other_one() {
    let mut duo = Duo::steady(&pair(), true, |_, settings| {
        settings.failback = Failback::Manual;
        one_outside(settings);
    });
    let isolated = |d: &Duo| d.worlds[1].pool.memory().isolation.is_some();
    duo.worlds[1].outside = false;
    duo.until(10 * SEC, isolated);
    duo.worlds[1].outside = true;
    duo.until(10 * SEC, |d| d.worlds[1].pool.memory().checkpoints[0].errors == 0);
    duo.worlds[0].command(Command::Pause { lasting: None }).expect("paused");
    duo.worlds[0].command(Command::Resume).expect("resumed");
    duo.run_for(5 * SEC);
    assert_eq!(duo.worlds[1].pool.memory().revision, duo.worlds[0].pool.memory().revision);
    assert!(isolated(&duo), "{}", duo.words());
    duo.worlds[0].command(Command::Recover(None)).expect("recovered");
    duo.until(SEC, |d| !isolated(d));
}

#[test]
fn a_peer_that_is_gone_changes_nothing() {
    let mut duo = Duo::pair();
    duo.cut();
    duo.run_for(5 * SEC);
    duo.fault(Kind::Kill(0), true);
    let took = duo.until(3 * SEC, |d| d.actives() == [Some(1); 2]);
    assert!(took <= SEC, "{} ms", took / MS);
    assert!(!duo.troubles(0).contains(&Trouble::Disagreement));
}

#[test]
fn a_switchover_at_one_is_a_switchover_at_both_and_there_are_never_two_writers() {
    for at in 0..2 {
        let mut duo = Duo::pair();
        duo.switchover(at, 1);
        let start = duo.worlds[0].now;
        while !duo.agree(1) {
            assert!(duo.worlds[0].now < start + 10 * SEC, "{}", duo.words());
            duo.step();
            // The one follows the other within a step of the stream.
            assert!(duo.writers().len() <= 1 || duo.worlds[0].now - start < 3 * STEP, "{}", duo.words());
        }
        assert_eq!(duo.worlds[1 - at].count(What::Handover), 0, "it follows");
        let last = duo.worlds[1 - at].last(What::Followed);
        assert!(last.starts_with("db2 is ACTIVE at lb"), "{}", duo.words());
        duo.run_for(60 * SEC);
        assert!(duo.agree(1), "no failback: an operator chose; {}", duo.words());
    }
}

#[test]
fn a_switchover_waits_for_the_kernel_of_the_other_director() {
    let mut duo = Duo::steady(&pair(), true, |_, s| {
        s.failback = Failback::Manual;
        s.handover = std::time::Duration::from_secs(10);
    });
    duo.worlds[1].consumes = false;
    duo.switchover(0, 1);
    duo.run_for(5 * SEC);
    assert_eq!(duo.actives(), [None, None], "{}", duo.words());
    duo.until(10 * SEC, |d| d.agree(1));
}

#[test]
fn a_switchover_whose_director_dies_in_the_middle_is_ended_by_the_other() {
    let mut duo = Duo::pair();
    duo.switchover(0, 1);
    duo.until(SEC, |d| d.actives() == [None, None]);
    Change::Reboot(20 * SEC).apply(&mut duo.worlds[0]);
    duo.cut_at = duo.worlds[0].now;
    duo.until(15 * SEC, |d| d.worlds[1].active() == Some(1));
    duo.until(60 * SEC, |d| d.agree(1));
    duo.run_for(30 * SEC);
    assert_eq!(duo.troubles(0), duo.troubles(1), "{}", duo.words());
}

#[test]
fn a_handover_that_is_given_up_is_given_up_at_both() {
    let mut duo = Duo::pair();
    duo.switchover(0, 1);
    duo.until(SEC, |d| d.actives() == [None, None]);
    duo.fault(Kind::Kill(1), true);
    duo.until(20 * SEC, |d| d.agree(0));
}

#[test]
fn an_automatic_failback_is_made_by_one_of_them() {
    let mut duo = Duo::steady(&pair(), true, |_, s| {
        s.recovery = Recovery::Auto;
        s.max_failovers = 100;
    });
    duo.fault(Kind::Kill(0), true);
    duo.until(5 * SEC, |d| d.agree(1));
    duo.fault(Kind::Kill(0), false);
    duo.until(60 * SEC, |d| d.agree(0));
    let handovers: usize = duo.worlds.iter().map(|w| w.count(What::Handover)).sum();
    assert_eq!(handovers, 1, "{}", duo.words());
}

#[test]
fn what_an_operator_says_at_one_holds_at_both() {
    let mut duo = Duo::pair();
    let flagged = |d: &Duo, flag: &str| d.worlds.iter().filter(|w| w.pool.flags().contains(&flag)).count();
    duo.worlds[1].command(Command::Pause { lasting: None }).expect("paused");
    duo.until(SEC, |d| flagged(d, "paused") == 2);
    let why = duo.worlds[0].pool.memory().pause.as_ref().map(|p| p.by.clone());
    assert_eq!(why, Some(Author { who: "op".into(), why: None }));
    duo.fault(Kind::Kill(0), true);
    duo.run_for(10 * SEC);
    assert!(duo.agree(0));
    duo.worlds[0].command(Command::Resume).expect("resumed");
    duo.until(5 * SEC, |d| d.agree(1) && flagged(d, "paused") == 0);
    duo.fault(Kind::Kill(0), false);
    duo.run_for(10 * SEC);
    assert!(duo.worlds.iter().all(|w| w.states()[0] == State::FailOnline), "{}", duo.words());
    duo.worlds[1].command(Command::Recover(Some(0))).expect("recovered");
    duo.until(20 * SEC, |d| d.worlds.iter().all(|w| w.states()[0] == State::Standby));
    duo.worlds[0]
        .command(Command::Drain { node: 0, now: true, force: false, lasting: None })
        .expect("drained");
    duo.until(SEC, |d| {
        d.worlds.iter().all(|w| w.pool.memory().nodes[0].drain.as_ref().is_some_and(|d| d.now))
    });
    duo.worlds[1].command(Command::Undrain(0)).expect("undrained");
    duo.until(SEC, |d| d.worlds.iter().all(|w| w.pool.memory().nodes[0].drain.is_none()));
}

#[test]
fn who_was_away_takes_over_what_was_said_and_decided_meanwhile() {
    let mut duo = Duo::pair();
    Change::Reboot(30 * SEC).apply(&mut duo.worlds[1]);
    duo.cut_at = duo.worlds[0].now;
    duo.run_for(5 * SEC);
    assert!(duo.worlds[1].is_asleep());
    duo.fault(Kind::Kill(0), true);
    duo.until(5 * SEC, |d| d.worlds[0].active() == Some(1));
    duo.worlds[0].command(Command::Pause { lasting: None }).expect("paused");
    duo.fault(Kind::Kill(0), false);
    // The one that comes back has db1 for ACTIVE, and an epoch ahead of use; but it is not UP before it has asked.
    duo.until(60 * SEC, |d| {
        let w = &d.worlds[1];
        assert!(w.is_asleep() || !w.pool.verdict(0, Role::Rw).up, "{}", d.words());
        w.active() == Some(1)
    });
    duo.until(60 * SEC, |d| d.agree(1) && d.worlds.iter().all(|w| w.pool.flags().contains(&"paused")));
    let followed = duo.epochs();
    assert!(followed[0] >= 1000, "it goes on above both: {followed:?}");
    duo.run_for(60 * SEC);
    assert!(duo.agree(1), "{}", duo.words());
}

#[test]
fn after_both_were_off_nobody_fights() {
    let mut duo = Duo::pair();
    for world in &mut duo.worlds {
        Change::Reboot(10 * SEC).apply(world);
    }
    duo.cut_at = duo.worlds[0].now;
    duo.run_for(30 * SEC);
    assert!(duo.agree(0), "{}", duo.words());
    duo.fault(Kind::Kill(0), true);
    duo.until(5 * SEC, |d| d.agree(1));
}

#[test]
fn a_pool_without_active_node_says_whose_first_word_it_awaits() {
    let mut duo = Duo::new(&pair(), true, |_, _| {});
    (duo.link, duo.cut_at) = (false, u64::MAX - LOST);
    duo.run_for(2 * SEC);
    let pool = &duo.worlds[0].pool;
    assert_eq!((pool.active(), pool.waits_for()), (None, Some("the first word of lb2 is awaited".into())));
    duo.run_for(8 * SEC);
    assert_eq!(duo.actives(), [Some(0), Some(0)]);
}

#[test]
fn a_pool_that_is_new_at_one_takes_what_the_other_has() {
    let mut duo = Duo::pair();
    duo.switchover(0, 1);
    duo.until(10 * SEC, |d| d.agree(1));
    let settings = duo.worlds[1].pool.settings().clone();
    let now = Moment(duo.worlds[1].now);
    duo.worlds[1].pool = Pool::new(settings, now);
    duo.seen[1] = None;
    duo.until(20 * SEC, |d| d.agree(1));
}

#[test]
fn after_a_split_the_higher_epoch_is_followed_and_equal_ones_are_an_alert() {
    let mut duo = Duo::pair();
    duo.cut();
    duo.run_for(3 * SEC);
    duo.switchover(1, 1);
    duo.until(10 * SEC, |d| d.actives() == [Some(0), Some(1)]);
    duo.heal();
    duo.until(5 * SEC, |d| d.agree(1));

    let mut duo = Duo::steady(&star(), true, |_, s| s.failback = Failback::Manual);
    duo.cut();
    duo.run_for(3 * SEC);
    duo.switchover(0, 1);
    duo.switchover(1, 2);
    duo.until(10 * SEC, |d| d.actives() == [Some(1), Some(2)]);
    duo.heal();
    duo.until(10 * SEC, |d| (0..2).all(|n| d.troubles(n).contains(&Trouble::Disagreement)));
    duo.run_for(30 * SEC);
    assert_eq!(duo.actives(), [Some(1), Some(2)], "nothing is adopted");
    duo.worlds[1].command(Command::Switchover { to: Some(1), force: true }).expect("the way out");
    duo.until(20 * SEC, |d| d.agree(1) && !d.troubles(0).contains(&Trouble::Disagreement));
}

#[test]
fn an_active_node_that_only_the_peer_knew_is_known_by_its_server_id_from_its_first_answer_on() {
    let mut duo = Duo::new(&pair(), true, |_, settings| settings.failback = Failback::Manual);
    duo.worlds[0].begin(Kind::Drop(1));
    duo.run_for(10 * SEC);
    duo.cut();
    duo.run_for(3 * SEC);
    duo.switchover(1, 1);
    duo.until(10 * SEC, |d| d.actives() == [Some(0), Some(1)]);
    duo.heal();
    duo.until(5 * SEC, |d| d.agree(1));
    let server_id = |d: &Duo| d.worlds[0].pool.memory().reign.as_ref().and_then(|r| r.server_id);
    assert_eq!(server_id(&duo), None, "it has never answered here");
    duo.worlds[0].end(Kind::Drop(1));
    duo.until(15 * SEC, |d| server_id(d) == Some(2));
}

#[test]
fn what_was_shown_before_a_planned_change_is_owed_at_both() {
    let mut duo = Duo::steady(&star(), true, |_, settings| settings.failback = Failback::Manual);
    duo.fault(Kind::SlowIo(2, 20 * SEC), true);
    duo.run_for(5 * SEC);
    let drain = Command::Drain { node: 0, now: false, force: false, lasting: None };
    duo.worlds[0].command(drain).expect("a handover");
    duo.until(10 * SEC, |d| d.agree(1));
    duo.fault(Kind::Freeze(1), true);
    duo.run_for(10 * SEC);
    assert!(duo.agree(1), "{}", duo.words());
}

// ---- two sites ----

fn sites(peers: bool) -> Duo {
    Duo::steady(&pair(), false, |n, s| {
        s.nodes[n].local = true;
        s.failback = Failback::Manual;
        if !peers {
            s.peers.clear();
        }
    })
}

#[test]
fn a_returning_site_does_not_make_its_node_active_while_the_other_is_further() {
    let mut duo = sites(true);
    // Site 1 is gone, with its server.
    Change::Reboot(30 * SEC).apply(&mut duo.worlds[0]);
    duo.cut();
    duo.worlds[1].begin(Kind::Drop(0));
    duo.until(10 * SEC, |d| d.worlds[1].active() == Some(1));
    duo.run_for(30 * SEC);
    duo.heal();
    duo.worlds[1].end(Kind::Drop(0));
    duo.until(SEC, |d| d.worlds[0].active() != Some(0));
    duo.until(20 * SEC, |d| d.agree(1));
    duo.run_for(60 * SEC);
    assert!(duo.agree(1), "{}", duo.words());
}

#[test]
fn two_sites_that_were_both_active_are_an_alert_until_somebody_says_who_is() {
    let mut duo = sites(true);
    // The link between them is cut, and nothing else: neither can tell it from the death of the other.
    duo.cut();
    duo.worlds[0].begin(Kind::Drop(1));
    duo.worlds[1].begin(Kind::Drop(0));
    duo.until(10 * SEC, |d| d.actives() == [Some(0), Some(1)]);
    duo.run_for(30 * SEC);
    duo.heal();
    duo.worlds[0].end(Kind::Drop(1));
    duo.worlds[1].end(Kind::Drop(0));
    duo.until(10 * SEC, |d| (0..2).all(|n| d.troubles(n).contains(&Trouble::Disagreement)));
    duo.run_for(30 * SEC);
    assert_eq!(duo.actives(), [Some(0), Some(1)], "nobody is taken away from where the clients may be");
    duo.worlds[1].command(Command::Switchover { to: Some(0), force: true }).expect("the way out");
    duo.until(20 * SEC, |d| d.actives() == [Some(0); 2]);
    duo.run_for(10 * SEC);
    assert!((0..2).all(|n| !duo.troubles(n).contains(&Trouble::Disagreement)), "{}", duo.words());
}

#[test]
fn a_planned_change_moves_both_sites_together() {
    for at in 0..2 {
        let mut duo = sites(true);
        duo.switchover(at, 1);
        duo.until(10 * SEC, |d| d.agree(1));
        duo.run_for(10 * SEC);
        duo.switchover(at, 0);
        duo.until(10 * SEC, |d| d.agree(0));
    }
}

#[test]
fn a_site_whose_way_to_the_other_server_is_cut_does_not_promote_against_the_other_site() {
    let mut duo = sites(true);
    duo.worlds[1].begin(Kind::Drop(0));
    duo.until(20 * SEC, |d| d.worlds[1].held().contains("lb1 sees db1 answer"));
    duo.run_for(30 * SEC);
    assert_eq!(duo.actives(), [Some(0); 2]);
}

#[test]
fn flags_stay_at_the_site_where_they_were_set() {
    let mut duo = sites(true);
    duo.worlds[0].command(Command::Pause { lasting: None }).expect("paused");
    duo.run_for(5 * SEC);
    assert!(duo.worlds[1].pool.memory().pause.is_none());
}

// ---- any history ----

fn any_trouble(duo: &mut Duo, rng: &mut Rng) {
    let nodes = duo.worlds[0].servers.len();
    let some = rng.below(2) as usize;
    match rng.below(9) {
        0 => duo.cut(),
        1 => duo.heal(),
        2 => duo.worlds[some].restart(),
        3 => {
            Change::Reboot(rng.range(2, 20) * SEC).apply(&mut duo.worlds[some]);
            duo.cut_at = duo.worlds[0].now;
        }
        4 | 5 => {
            let force = rng.one_in(4);
            let command = any_command(rng, nodes, force);
            _ = duo.worlds[some].command(command);
        }
        // Seen by both, or by one alone.
        6 => {
            let kind =
                rng.pick(&[Kind::Drop(0), Kind::Drop(1), Kind::Refuse(0), Kind::Stuck(0), Kind::Lossy(200)]);
            duo.worlds[some].begin(kind);
        }
        _ => {
            let n = rng.below(nodes as u64) as usize;
            let kinds = [Kind::Kill(n), Kind::Freeze(n), Kind::Full(n), Kind::StopSql(n), Kind::Unplug(n)];
            duo.fault(rng.pick(&kinds), true);
        }
    }
}

/// Both directors say the same of a healthy pool, or somebody is told that they do not.
fn ends(duo: &mut Duo) {
    for world in &mut duo.worlds {
        world.run_until_awake();
    }
    let now = duo.worlds.iter().map(|w| w.now).max().unwrap_or(0);
    duo.worlds.iter_mut().for_each(|world| world.run_until(now));
    duo.heal();
    duo.worlds.iter_mut().for_each(World::heal);
    duo.run_for(60 * SEC);
    let same = duo.actives()[0] == duo.actives()[1];
    let told = (0..2).all(|n| duo.troubles(n).contains(&Trouble::Disagreement));
    let waits = duo.worlds.iter().any(|w| w.active().is_none());
    assert!(same || told || waits, "{}", duo.words());
    if same && duo.actives()[0].is_some() {
        assert_eq!(duo.epochs()[0], duo.epochs()[1], "{}", duo.words());
    }
    let paused = |w: &World| w.pool.memory().pause.is_some();
    assert_eq!(paused(&duo.worlds[0]), paused(&duo.worlds[1]), "{}", duo.words());
}

#[test]
fn any_history_of_two_directors_ends_with_both_saying_the_same_or_with_an_alert() {
    histories(40 * explore(), |seed| any_history(&mut Rng::new(seed ^ 0xD00), |_| {}, any_trouble));
}

#[test]
fn any_history_of_two_directors_that_may_be_cut_off_ends_with_both_saying_the_same_or_with_an_alert() {
    let outside = |settings: &mut PoolSettings| {
        one_outside(settings);
        settings.pool_recovery = PoolRecovery::Auto;
    };
    let trouble = |duo: &mut Duo, rng: &mut Rng| match rng.below(3) {
        0 => duo.worlds[rng.below(2) as usize].begin(Kind::Uplink),
        _ => any_trouble(duo, rng),
    };
    histories(40 * explore(), |seed| any_history(&mut Rng::new(seed ^ 0xD01), outside, trouble));
}

#[test]
fn any_history_of_two_directors_of_a_site_that_steps_down_ends_with_both_saying_the_same_or_with_an_alert() {
    let trouble = |duo: &mut Duo, rng: &mut Rng| match rng.below(3) {
        0 => duo.worlds[rng.below(2) as usize].begin(Kind::Uplink),
        _ => any_trouble(duo, rng),
    };
    histories(40 * explore(), |seed| any_history(&mut Rng::new(seed ^ 0xD02), withdrawing, trouble));
}

fn any_history(rng: &mut Rng, change: impl Fn(&mut PoolSettings), trouble: impl Fn(&mut Duo, &mut Rng)) {
    let shape = if rng.one_in(3) { star() } else { pair() };
    let (recovery, failback) =
        (rng.pick(&[Recovery::Auto, Recovery::Standby]), rng.pick(&[Failback::Auto, Failback::Manual]));
    let mut duo = Duo::new(&shape, true, |_, s| {
        (s.recovery, s.failback) = (recovery, failback);
        change(s);
    });
    duo.run_for(rng.below(8) * SEC);
    for _ in 0..rng.range(2, 6) {
        trouble(&mut duo, rng);
        duo.run_for(rng.pick(&[200 * MS, SEC, 3 * SEC, 8 * SEC]));
        if rng.one_in(4) {
            duo.worlds.iter_mut().for_each(World::heal);
        }
    }
    ends(&mut duo);
}

/// A checkpoint tells each whether it is cut off; nobody steps down for it.
fn one_outside(settings: &mut PoolSettings) {
    let (id, timeout) = ("external:http:a.example:default".into(), Duration::from_secs(1));
    settings.checkpoints = vec![CheckpointSettings { id, reach: Reach::External, node: None, timeout }];
}

/// The same, but the site's own node, db1, steps down; and it is over by itself when a checkpoint answers.
fn withdrawing(settings: &mut PoolSettings) {
    one_outside(settings);
    settings.nodes[0].local = true;
    (settings.isolation, settings.pool_recovery) = (Isolation::Withdraw, PoolRecovery::Auto);
}

#[test]
fn a_handover_whose_director_has_lost_both_servers_is_ended_by_the_other() {
    let mut duo = Duo::pair();
    duo.switchover(0, 1);
    duo.until(SEC, |d| d.actives() == [None, None]);
    // lb1, which leads, gets to nobody any more, and is heard as ever.
    duo.worlds[0].begin(Kind::Drop(0));
    duo.worlds[0].begin(Kind::Drop(1));
    duo.until(40 * SEC, |d| d.worlds[1].active() == Some(1));
    duo.until(SEC, |d| d.agree(1));
}

#[test]
fn after_a_reboot_a_pause_makes_no_epoch_of_the_mark() {
    let mut duo = Duo::pair();
    Change::Reboot(5 * SEC).apply(&mut duo.worlds[0]);
    duo.cut();
    duo.fault(Kind::Kill(0), true);
    duo.until(5 * SEC, |d| d.worlds[1].active() == Some(1));
    duo.until(5 * SEC, |d| !d.worlds[0].is_asleep());
    // The two do not hear each other still: lb1 has what it wrote to disk.
    duo.run_for(5 * SEC);
    assert_eq!(duo.worlds[0].active(), Some(0), "{}", duo.words());
    duo.worlds[0].command(Command::Pause { lasting: None }).expect("paused");
    duo.heal();
    duo.until(SEC, |d| d.agree(1));
    duo.run_for(5 * SEC);
    assert!(duo.agree(1), "{}", duo.words());
}

#[test]
fn after_a_reboot_a_switchover_is_not_undone_by_what_the_other_site_has_heard_of_it() {
    let mut duo = Duo::steady(&pair(), false, |n, s| s.nodes[n].local = true);
    Change::Reboot(5 * SEC).apply(&mut duo.worlds[0]);
    duo.run_for(10 * SEC);
    assert!(duo.worlds[0].pool.memory().fresh && duo.actives() == [Some(0); 2], "{}", duo.words());
    duo.switchover(0, 1);
    duo.until(10 * SEC, |d| d.agree(1));
    assert_eq!(duo.worlds[0].count(What::HandoverGivenUp), 0, "{}", duo.words());
}

#[test]
fn after_a_reboot_a_restart_does_not_make_up_for_the_word_of_a_peer() {
    let mut duo = Duo::pair();
    duo.cut();
    duo.run_for(5 * SEC);
    Change::Reboot(SEC).apply(&mut duo.worlds[0]);
    duo.until(5 * SEC, |d| !d.worlds[0].is_asleep());
    let up = |d: &Duo| d.worlds[0].pool.verdict(0, Role::Rw).up;
    assert!(!up(&duo) && duo.worlds[0].active() == Some(0), "{}", duo.words());
    Change::Restart.apply(&mut duo.worlds[0]);
    assert!(!up(&duo), "{}", duo.words());
    duo.until(5 * SEC, up);
}

#[test]
fn agents_that_list_their_nodes_in_another_order_do_not_hand_active_to_and_fro_and_say_why() {
    let mut duo = Duo::new(&pair(), true, |n, settings| {
        if n == 1 {
            settings.nodes.swap(0, 1);
        }
    });
    duo.run_for(60 * SEC);
    let handovers: usize = duo.worlds.iter().map(|w| w.count(What::Handover)).sum();
    assert_eq!(handovers, 0, "{}", duo.words());
    let told = [
        "lb2 has db2 for PRIMARY, here it is db1: no automatic failback",
        "lb1 has db1 for PRIMARY, here it is db2: no automatic failback",
    ];
    for (n, words) in told.into_iter().enumerate() {
        let trouble = duo.trouble(n, Trouble::Disagreement);
        assert!(trouble.is_some_and(|t| t.words.starts_with(words)), "{}", duo.words());
    }
}

#[test]
fn a_peer_that_means_another_server_by_a_name_is_not_heeded() {
    let mut duo = Duo::new(&pair(), true, |n, settings| {
        if n == 1 {
            let [a, b] = settings.nodes.as_mut_slice() else { unreachable!("a pair") };
            std::mem::swap(&mut a.name, &mut b.name);
        }
    });
    duo.run_for(30 * SEC);
    duo.worlds[0].command(Command::Pause { lasting: None }).expect("paused");
    duo.run_for(5 * SEC);
    assert_eq!(duo.actives(), [Some(0), Some(0)], "one server, by whatever name: {}", duo.words());
    assert!(!duo.worlds[1].pool.flags().contains(&"paused"), "{}", duo.words());
    for n in 0..2 {
        let trouble = duo.trouble(n, Trouble::Disagreement);
        assert!(trouble.is_some_and(|t| t.words.contains("is not heeded")), "{}", duo.words());
    }
}

#[test]
fn a_node_that_stands_at_two_sites_or_at_another_than_the_peer_has_it_is_told() {
    let cases: [(bool, [bool; 2], &str); 3] = [
        (false, [true, true], "db1 is local here and at lb2 too, which is another site"),
        (
            true,
            [true, false],
            "db1 is local here and is not at lb2: if that is another site, it wants same_site: false",
        ),
        (true, [false, true], "db1 is not local here and is at lb2"),
    ];
    for (same_site, local, words) in cases {
        let mut duo = Duo::new(&pair(), same_site, |n, settings| settings.nodes[0].local = local[n]);
        duo.run_for(10 * SEC);
        let trouble = duo.trouble(0, Trouble::Disagreement).map(|t| t.words);
        assert!(trouble.as_ref().is_some_and(|told| told.starts_with(words)), "{trouble:?}");
    }
}

#[test]
fn a_director_that_slept_through_a_handover_hears_its_peer_before_it_gives_it_up() {
    let mut duo = Duo::pair();
    duo.switchover(0, 1);
    duo.until(SEC, |d| d.actives() == [None, None]);
    Change::Sleep(20 * SEC).apply(&mut duo.worlds[0]);
    duo.cut();
    let wakes = duo.worlds[0].now + 20 * SEC;
    duo.until(10 * SEC, |d| d.worlds[1].active() == Some(1));
    // When it wakes it takes a moment until they hear each other again.
    duo.cut_at = wakes;
    duo.until(30 * SEC, |d| d.worlds[0].now > wakes + SEC);
    duo.heal();
    duo.until(5 * SEC, |d| d.agree(1));
    assert_eq!(duo.worlds[0].count(What::HandoverGivenUp), 0, "{}", duo.words());
    // Where nobody is heard, it goes on alone.
    duo.run_for(5 * SEC);
    duo.switchover(0, 0);
    duo.until(SEC, |d| d.actives() == [None, None]);
    Change::Sleep(20 * SEC).apply(&mut duo.worlds[0]);
    duo.cut();
    duo.until(60 * SEC, |d| d.worlds[0].active().is_some());
}
