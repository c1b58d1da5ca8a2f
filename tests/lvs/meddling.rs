//! Somebody meddles with the track files, or with their directory.

use super::pool::Pool;
use super::site::Way;
use crate::in_a_guest;
use crate::support::wait_until;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

const BOUND: Duration = Duration::from_secs(60);

in_a_guest! {
    #[ignore = "by make test-lvs"]
    track_files_that_are_removed_or_spoilt_are_put_back_and_the_table_does_not_move,
    #[ignore = "by make test-lvs"]
    with_a_new_track_directory_a_switchover_goes_through_and_after_a_reload_weights_do_too,
    #[ignore = "by make test-lvs"]
    with_the_track_directory_moved_away_a_switchover_goes_through_before_and_after_a_reload,
}

fn track_files_that_are_removed_or_spoilt_are_put_back_and_the_table_does_not_move() {
    let mut pool = Pool::start(Way::Nat4);
    let began = Instant::now();
    let file = |name: &str| pool.agent().path("run/track").join(name);
    let [down_of_db1, down_of_db2, weight] = ["rw:db1:down", "rw:db2:down", "ro:db2:weight-1"].map(file);
    fs::remove_file(&down_of_db1).expect("removed");
    fs::remove_file(&down_of_db2).expect("removed");
    fs::write(&down_of_db2, "0\n").expect("spoilt");
    fs::write(&weight, "garbage").expect("spoilt");
    pool.director().wait_told("track", "had been removed or changed; written again");
    for (file, text) in [(&down_of_db1, "0\n"), (&down_of_db2, "1\n"), (&weight, "0\n")] {
        wait_for(file, text);
    }
    assert_eq!(pool.table().since(began, "rw"), ["db1=1"], "{}", pool.table());
    assert_eq!(pool.table().since(began, "ro"), ["db2=1"], "{}", pool.table());
    pool.switch_over_to("db2");
    pool.wait_until_led_to("db2", "db1");
}

fn wait_for(file: &Path, text: &str) {
    wait_until(&format!("{text:?} in {}", file.display()), BOUND, || {
        fs::read_to_string(file).is_ok_and(|found| found == text)
    });
}

fn with_a_new_track_directory_a_switchover_goes_through_and_after_a_reload_weights_do_too() {
    let mut pool = Pool::start(Way::Nat4);
    let writing = pool.client("rw");
    let began = Instant::now();
    let track = pool.agent().path("run/track");
    // mppd puts files back while they are being removed.
    wait_until("the directory is removed", BOUND, || fs::remove_dir_all(&track).is_ok());
    fs::create_dir(&track).expect("a new one");
    pool.director().wait_told("track", "reload keepalived");
    wait_for(&track.join("rw:db2:down"), "1\n");
    writing.wait_for_visits(20, "db1");
    assert_eq!(pool.table().since(began, "rw"), ["db1=1"], "{}", pool.table());
    assert_eq!(pool.table().since(began, "ro"), ["db2=1"], "{}", pool.table());

    pool.switch_over_to("db2");
    pool.wait_until_led_to("db2", "db1");
    writing.wait_for_visits(10, "db2");
    assert_eq!(pool.table().most("rw", began), 1, "{}", pool.table());
    reload_and_drain_db1(&mut pool);
}

/// keepalived goes on watching the old one; mppd goes on writing into it, wherever it is.
fn with_the_track_directory_moved_away_a_switchover_goes_through_before_and_after_a_reload() {
    let mut pool = Pool::start(Way::Nat4);
    let began = Instant::now();
    let track = pool.agent().path("run/track");
    fs::rename(&track, pool.agent().path("run/away")).expect("moved away");
    fs::create_dir(&track).expect("a new one");
    pool.director().wait_told("track", "reload keepalived");
    pool.switch_over_to("db2");
    pool.wait_until_led_to("db2", "db1");
    assert_eq!(pool.table().since(began, "rw"), ["db1=1", "", "db2=1"], "{}", pool.table());
    reload_and_drain_db1(&mut pool);
}

/// A weight goes by the files alone.
fn reload_and_drain_db1(pool: &mut Pool) {
    let reloaded = Instant::now();
    pool.director().keepalived.reload();
    pool.agent().orders(&["drain", "db/db1"]);
    pool.table().wait("ro", "db1=0 db2=1");
    assert_eq!(pool.table().since(reloaded, "rw"), ["db2=1"], "{}", pool.table());
}
