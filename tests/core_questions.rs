//! Which answers count, what is asked, and which answer settles it: polls given to the pool one by one.

mod world;

use mpp::core::event::{Action, Author, Command, Event};
use mpp::core::node::Node;
use mpp::core::observation::{Answer, Observation, Offline, Run, Thread};
use mpp::core::time::{Duration, Moment};
use world::server::{MS, SEC};
use world::{World, pair, steady_as};

fn node(world: &World, node: usize) -> &Node {
    &world.pool.memory().nodes[node]
}

/// What a poll sees of a node.
type Saw = fn(&World, usize) -> Answer;

/// A poll that began and ended then, given to the pool alone: the world knows nothing of it.
fn polled(world: &mut World, node: usize, began: Moment, ended: Moment, saw: Saw) -> Vec<Action> {
    let answer = saw(world, node);
    world.pool.handle(Event::Polled(node, Observation { began, ended, answer }), ended)
}

/// What it last said.
fn online(world: &World, of: usize) -> Answer {
    Answer::Online(Box::new(node(world, of).facts.clone().expect("an answer")))
}

/// The same, with its source gone.
fn source_gone(world: &World, of: usize) -> Answer {
    let mut facts = node(world, of).facts.clone().expect("an answer");
    facts.channels[0].io = Thread { run: Run::Connecting, error: None };
    facts.channels[0].lag = None;
    Answer::Online(Box::new(facts))
}

fn refused(_: &World, _: usize) -> Answer {
    Answer::offline("connection refused")
}

fn silent(_: &World, _: usize) -> Answer {
    Answer::Offline(Offline { reason: "no greeting".into(), silent: true })
}

fn saturated(_: &World, _: usize) -> Answer {
    Answer::Saturated("1040 Too many connections".into())
}

/// What polls of db2 begun at these moments (ms from now) came to, all of them 1040.
fn saturated_at(moments: &[u64]) -> u32 {
    let mut world = steady_as(&pair(), |_| {});
    let start = world.now + SEC;
    for moment in moments {
        let at = Moment(start + moment * MS);
        polled(&mut world, 1, at, at, saturated);
    }
    node(&world, 1).errors
}

#[test]
fn polls_begin_on_time_more_or_less_and_1040_counts_once_an_interval_all_the_same() {
    assert_eq!(saturated_at(&[0, 950, 1890]), 3);
    assert_eq!(saturated_at(&[0, 800, 1700]), 2);
}

#[test]
fn a_node_polled_faster_than_before_is_not_late_at_once() {
    let mut world = steady_as(&pair(), |_| {});
    let mut at = Moment(world.now);
    for _ in 0..8 {
        at = at + Duration::from_secs(1);
        polled(&mut world, 1, at, at, silent);
        polled(&mut world, 0, at, at, online);
    }
    assert_eq!(world.pool.pace(1), Duration::from_secs(10), "each connection without a greeting doubles it");
    at = at + Duration::from_secs(6);
    let by = Author { who: "op".into(), why: None };
    world.pool.command(&Command::Recover(Some(1)), &by, at).0.expect("recovered");
    world.pool.handle(Event::Tick, at + Duration::from_millis(10));
    assert_eq!((world.pool.pace(1), node(&world, 1).errors), (Duration::from_millis(250), 0));
}

#[test]
fn a_fault_asks_its_source_unless_that_is_asked_as_it_is() {
    for (source, asked) in [(online as Saw, true), (refused, false)] {
        let mut world = steady_as(&pair(), |_| {});
        let at = |millis| Moment(world.now + millis * MS);
        let (first, second) = (at(600), at(700));
        polled(&mut world, 0, first, first, source);
        let actions = polled(&mut world, 1, second, second, source_gone);
        assert_eq!(actions.contains(&Action::Ask(0)), asked);
    }
}

#[test]
fn a_fault_that_no_dead_source_explains_counts_at_once() {
    let elsewhere: Saw = |world, of| {
        let mut answer = source_gone(world, of);
        if let Answer::Online(facts) = &mut answer {
            (facts.channels[0].source_host, facts.channels[0].source_id) = ("10.9.9.9".into(), 0);
        }
        answer
    };
    let connected: Saw = |world, of| {
        let mut answer = online(world, of);
        if let Answer::Online(facts) = &mut answer {
            facts.channels[0].io.error = Some((1595, "Relay log write failure".into()));
        }
        answer
    };
    for fault in [elsewhere, connected] {
        let mut world = steady_as(&pair(), |_| {});
        let at = Moment(world.now + 600 * MS);
        polled(&mut world, 1, at, at, fault);
        assert_eq!(node(&world, 1).errors, 1, "{}", node(&world, 1).message);
    }
}

#[test]
fn the_poll_begun_for_an_older_fault_settles_a_newer_one() {
    let mut world = steady_as(&pair(), |_| {});
    let start = world.now + 600 * MS;
    let at = |millis| Moment(start + millis * MS);
    polled(&mut world, 1, at(0), at(0), source_gone);
    polled(&mut world, 1, at(200), at(200), source_gone);
    assert_eq!(node(&world, 1).errors, 0);
    polled(&mut world, 0, at(1), at(300), online);
    assert_eq!(node(&world, 1).errors, 1);
}

#[test]
fn after_a_handover_that_was_given_up_an_answer_to_an_older_question_gives_nothing_back() {
    let mut world = steady_as(&pair(), |_| {});
    world.command(Command::Switchover { to: Some(1), force: false }).expect("a switchover");
    let start = world.now + 600 * MS;
    let at = |millis| Moment(start + millis * MS);
    polled(&mut world, 1, at(0), at(1), refused);
    polled(&mut world, 1, at(250), at(251), refused);
    polled(&mut world, 0, at(240), at(260), online);
    assert_eq!(world.active(), None);
    polled(&mut world, 0, at(261), at(262), online);
    assert_eq!(world.active(), Some(0));
}
