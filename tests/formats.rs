//! Formats that outlive a version: what this one wrote, every later one must read.

mod world;

use mpp::core::event::Command;
use mpp::core::pool::{Memory, Pool};
use mpp::core::time::{Duration, Moment};
use std::fs;
use std::path::PathBuf;
use world::faults::Kind;
use world::server::SEC;
use world::{World, settings, star};

fn golden() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/cases/state/memory-0.1.json")
}

/// A pool with a bit of everything in its memory: a failed node, a drain, a pause, a handover.
fn eventful() -> Memory {
    let mut world = World::new(settings(3), &star(), 7);
    world.run_for(10 * SEC);
    world.command(Command::Switchover { to: Some(1), force: false }).expect("a handover");
    world.run_for(5 * SEC);
    world.begin(Kind::Kill(2));
    world.run_for(10 * SEC);
    let drain = Command::Drain { node: 2, now: true, force: false, lasting: Some(Duration::from_secs(60)) };
    world.command(drain).expect("a drain");
    world.command(Command::Switchover { to: Some(0), force: false }).expect("another handover");
    world.command(Command::Pause { lasting: None }).expect("a pause");
    world.pool.memory().clone()
}

#[test]
fn what_version_0_1_remembered_can_be_taken_up() {
    if std::env::var_os("MPP_BLESS").is_some() {
        let text = serde_json::to_string_pretty(&eventful()).expect("JSON");
        fs::write(golden(), text + "\n").expect("written");
    }
    let text = fs::read_to_string(golden()).expect("the golden file");
    let memory: Memory = serde_json::from_str(&text).expect("a memory of version 0.1");
    let pool = Pool::restore(settings(3), memory.clone(), Moment(1 << 60));
    assert_eq!((pool.memory().epoch, pool.memory().nodes.len()), (memory.epoch, 3));
    assert_eq!(pool.flags(), ["paused", "handover", "failback_off"]);
    assert!(pool.memory().nodes[2].drain.is_some() && pool.state(2).failed());
}

#[test]
fn what_a_later_version_adds_to_what_is_remembered_is_left_alone() {
    let text = fs::read_to_string(golden()).expect("the golden file");
    let mut value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let plain: Memory = serde_json::from_value(value.clone()).expect("a memory");
    value["of_a_later_version"] = serde_json::json!({"a": 1});
    value["nodes"][0]["of_a_later_version"] = serde_json::json!([1]);
    let later: Memory = serde_json::from_value(value).expect("a memory of a later version");
    assert_eq!(later, plain);
}
