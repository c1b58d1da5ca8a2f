//! The full transition table: STATE x observation x role -> STATE, and what is counted.

use Saw::*;
use mpp::core::command::Refused;
use mpp::core::event::{Action, Author, Command, Event};
use mpp::core::observation::{Answer, Channel, Facts, Observation, Run, Thread};
use mpp::core::pool::Pool;
use mpp::core::position::{Coordinate, Gtids, Position};
use mpp::core::settings::{NodeSettings, PoolSettings};
use mpp::core::time::{Duration, Moment};
use mpp::core::words::State;

/// What a poll saw.
#[derive(Clone, Copy, Debug)]
enum Saw {
    Good,
    SqlStopped,
    SourceGone,
    Offline,
    Saturated,
    Denied,
    Overdue,
}

/// Where the node under test (the PRIMARY where it is ACTIVE, else the SECONDARY) starts.
#[derive(Clone, Copy, Debug)]
enum Start {
    Unknown,
    Standby,
    Active,
    HandingOver,
    FailOnline,
    FailOffline,
}

struct Bench {
    pool: Pool,
    now: Moment,
}

impl Bench {
    fn new() -> Bench {
        let mut settings = PoolSettings::named("db");
        settings.nodes = vec![
            NodeSettings::at("db1", "10.0.0.1", 3306),
            NodeSettings::at("db2", "10.0.0.2", 3306),
            NodeSettings { promotable: false, ..NodeSettings::at("db3", "10.0.0.3", 3306) },
        ];
        Bench { pool: Pool::new(settings, Moment(0)), now: Moment(0) }
    }

    /// A second later the node answers, and so do the others, well.
    fn see(&mut self, node: usize, saw: Saw) {
        self.now = self.now + Duration::from_millis(1000);
        if let Overdue = saw {
            for other in (0..3).filter(|&n| n != node) {
                self.poll(other, Good);
                self.now = self.now + Duration::from_millis(1100);
                self.poll(other, Good);
            }
            self.pool.handle(Event::Tick, self.now);
        } else {
            self.poll(node, saw);
        }
    }

    fn poll(&mut self, node: usize, saw: Saw) {
        let answer = match saw {
            Good => facts(node, Run::Yes, Run::Yes),
            SqlStopped => facts(node, Run::Yes, Run::No),
            SourceGone => facts(node, Run::Connecting, Run::Yes),
            Offline => Answer::offline("connection refused"),
            Saturated => Answer::Saturated("1040 Too many connections".into()),
            Denied => Answer::Denied("1045 Access denied".into()),
            Overdue => Answer::Overdue,
        };
        let now = self.now;
        let observation = Observation { began: now, ended: now, answer };
        self.pool.handle(Event::Polled(node, observation), now);
        self.now = now + Duration::from_millis(1);
    }

    fn at(start: Start) -> (Bench, usize) {
        let mut bench = Bench::new();
        if let Start::Unknown = start {
            return (bench, 1);
        }
        for _ in 0..3 {
            (0..3).for_each(|n| bench.see(n, Good));
        }
        let fail = |mut bench: Bench, saw| {
            (0..4).for_each(|_| bench.see(1, saw));
            (bench, 1)
        };
        match start {
            Start::Unknown | Start::Standby => (bench, 1),
            Start::Active => (bench, 0),
            Start::HandingOver => {
                let to = Command::Switchover { to: Some(1), force: false };
                bench.pool.command(&to, &Author::default(), bench.now).0.expect("a switchover");
                (bench, 0)
            }
            Start::FailOnline => fail(bench, Saturated),
            Start::FailOffline => fail(bench, Offline),
        }
    }
}

fn facts(node: usize, io: Run, sql: Run) -> Answer {
    let source = (node + 2) % 3;
    let place = || Coordinate { file: "bin.000001".into(), offset: 4 };
    let gtid = Gtids::parse("0-1-100").expect("a GTID");
    let channel = Channel {
        name: String::new(),
        source_host: format!("10.0.0.{}", source + 1),
        source_port: 3306,
        source_id: if io == Run::Yes { source as u32 + 1 } else { 0 },
        lag: (io == Run::Yes && sql == Run::Yes).then_some(Duration::ZERO),
        io: Thread { run: io, error: None },
        sql: Thread { run: sql, error: None },
        received: place(),
        executed: place(),
        received_gtid: gtid.clone(),
    };
    Answer::Online(Box::new(Facts {
        server_id: node as u32 + 1,
        version: "10.11.19-MariaDB".into(),
        read_only: false,
        position: Position { gtid, binlog: Some(place()), ..Position::default() },
        channels: vec![channel],
        round_trip: Duration::ZERO,
    }))
}

#[test]
fn every_state_meets_every_observation() {
    use State::{Active, FailOffline, FailOnline, Standby, Unknown};
    // (start, seen, STATE after it, errors after it, req after it)
    let table = [
        (Start::Unknown, Good, Standby, 0, 0),
        (Start::Unknown, SqlStopped, Unknown, 1, 1),
        (Start::Unknown, SourceGone, Unknown, 0, 0),
        (Start::Unknown, Offline, Unknown, 1, 1),
        (Start::Unknown, Saturated, Unknown, 1, 1),
        (Start::Unknown, Denied, Unknown, 1, 1),
        (Start::Unknown, Overdue, Unknown, 1, 1),
        (Start::Standby, Good, Standby, 0, 0),
        (Start::Standby, SqlStopped, Standby, 1, 1),
        (Start::Standby, SourceGone, Standby, 0, 0),
        (Start::Standby, Offline, Standby, 1, 1),
        (Start::Standby, Saturated, Standby, 1, 1),
        (Start::Standby, Denied, Standby, 1, 1),
        (Start::Standby, Overdue, Standby, 1, 1),
        (Start::Active, Good, Active, 0, 0),
        (Start::Active, SqlStopped, Active, 0, 0),
        (Start::Active, SourceGone, Active, 0, 0),
        (Start::Active, Offline, Active, 1, 1),
        (Start::Active, Saturated, Active, 1, 1),
        (Start::Active, Denied, Active, 0, 1),
        (Start::Active, Overdue, Active, 1, 1),
        (Start::HandingOver, Good, Standby, 0, 0),
        (Start::HandingOver, SqlStopped, Standby, 0, 0),
        (Start::HandingOver, SourceGone, Standby, 0, 0),
        (Start::HandingOver, Offline, Standby, 1, 2),
        (Start::HandingOver, Saturated, Standby, 1, 2),
        (Start::HandingOver, Denied, Standby, 0, 2),
        (Start::FailOnline, Good, FailOnline, 0, 0),
        (Start::FailOnline, SqlStopped, FailOnline, 5, 5),
        (Start::FailOnline, SourceGone, FailOnline, 4, 4),
        (Start::FailOnline, Offline, FailOffline, 5, 5),
        (Start::FailOnline, Saturated, FailOnline, 5, 5),
        (Start::FailOnline, Denied, FailOnline, 5, 5),
        (Start::FailOnline, Overdue, FailOffline, 5, 5),
        (Start::FailOffline, Good, FailOnline, 0, 0),
        (Start::FailOffline, SqlStopped, FailOnline, 5, 5),
        (Start::FailOffline, SourceGone, FailOnline, 4, 4),
        (Start::FailOffline, Offline, FailOffline, 5, 5),
        (Start::FailOffline, Saturated, FailOnline, 5, 5),
        (Start::FailOffline, Denied, FailOnline, 5, 5),
        (Start::FailOffline, Overdue, FailOffline, 5, 5),
    ];
    for (start, saw, state, errors, req) in table {
        let (mut bench, node) = Bench::at(start);
        bench.see(node, saw);
        let pool = &bench.pool;
        let is = (pool.state(node), pool.memory().nodes[node].errors, pool.req(node));
        assert_eq!(is, (state, errors, req), "{start:?} sees {saw:?}");
    }
}

#[test]
fn the_fourth_negative_fails_a_node_that_is_not_active_and_no_other() {
    let table = [
        (Start::Unknown, Offline, State::FailOffline),
        (Start::Unknown, Saturated, State::FailOnline),
        (Start::Unknown, SqlStopped, State::FailOnline),
        (Start::Standby, Offline, State::FailOffline),
        (Start::Standby, Saturated, State::FailOnline),
        (Start::Standby, Denied, State::FailOnline),
        (Start::Standby, SqlStopped, State::FailOnline),
        (Start::Standby, SourceGone, State::Standby),
        (Start::Active, Offline, State::Active),
        (Start::Active, Saturated, State::Active),
        (Start::Active, Denied, State::Active),
        (Start::Active, SqlStopped, State::Active),
    ];
    for (start, saw, state) in table {
        let (mut bench, node) = Bench::at(start);
        (0..4).for_each(|_| bench.see(node, saw));
        assert_eq!(bench.pool.state(node), state, "{start:?} sees {saw:?} four times");
    }
}

#[test]
fn a_failed_node_recovers_to_unknown_and_from_there_to_standby() {
    let (mut bench, node) = Bench::at(Start::FailOffline);
    let states = [0; 6].map(|_| {
        bench.see(node, Good);
        bench.pool.state(node)
    });
    let fail = State::FailOnline;
    assert_eq!(states, [fail, fail, fail, fail, State::Unknown, State::Standby]);
}

#[test]
fn only_offline_counts_more_than_once_an_interval() {
    for (saw, errors) in [(Offline, 4), (Saturated, 1), (Denied, 1), (SqlStopped, 1)] {
        let (mut bench, node) = Bench::at(Start::Standby);
        for _ in 0..4 {
            bench.now = bench.now + Duration::from_millis(200);
            bench.poll(node, saw);
        }
        assert_eq!(bench.pool.memory().nodes[node].errors, errors, "{saw:?}");
    }
}

#[test]
fn a_tick_that_is_late_still_comes_however_many_events_do() {
    let (mut bench, _) = Bench::at(Start::Standby);
    bench.now = bench.now + Duration::from_secs(5);
    bench.poll(1, Good);
    let late = bench.pool.deadline(bench.now);
    assert!(
        late > bench.now && late.since(bench.now) <= Duration::from_millis(1),
        "db1 has been quiet for 5s"
    );
    bench.pool.handle(Event::Tick, late);
    assert_eq!(bench.pool.memory().nodes[0].errors, 1);
}

#[test]
fn whoever_woke_late_asks_again_and_drops_what_was_asked_before() {
    let (mut bench, _) = Bench::at(Start::Active);
    let asleep = bench.now;
    (0..4).for_each(|_| bench.poll(0, Offline));
    bench.now = bench.now + Duration::from_secs(9);
    let woke = bench.now;
    let actions = bench.pool.handle(Event::WokeLate, woke);
    assert!(actions.contains(&Action::Ask(1)), "{actions:?}");
    let old = Observation { began: asleep, ended: woke, answer: Answer::offline("long ago") };
    bench.pool.handle(Event::Polled(1, old), woke);
    assert_eq!(bench.pool.memory().nodes[1].errors, 0);
    bench.pool.handle(Event::Tick, woke + Duration::from_millis(900));
    assert_eq!(bench.pool.memory().nodes[1].errors, 0, "nobody is late for who slept");
}

#[test]
fn whatever_number_comes_from_outside_is_checked() {
    let mut bench = Bench::new();
    let (now, by) = (Moment(5), Author::default());
    let answer = Observation { began: now, ended: now, answer: Answer::offline("nobody") };
    assert_eq!(bench.pool.handle(Event::Polled(99, answer), now), []);
    let commands = [
        Command::Recover(Some(99)),
        Command::Switchover { to: Some(99), force: false },
        Command::Switchover { to: Some(99), force: true },
        Command::Drain { node: 99, now: true, force: true, lasting: Some(Duration::MAX) },
        Command::Undrain(99),
    ];
    for command in commands {
        let refused = Refused("pool db has no node number 99".into());
        assert_eq!(bench.pool.command(&command, &by, now).0, Err(refused), "{command:?}");
    }
    let future = Observation { began: Moment(u64::MAX), ended: now, answer: Answer::offline("later") };
    bench.pool.handle(Event::Polled(0, future), now);
    assert_eq!(bench.pool.memory().nodes[0].last_began(), now, "nothing begins after it was told");
}
