//! Planned changes of ACTIVE on real servers: what each command says, what it does, and what goes wrong in the middle.

mod support;

use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::Duration;
use support::agent::{nodes, program};
use support::writer::{self, LINGER, Writer, finish_without_loss, goes_on_at, have_the_same, rows};
use support::{Agent, Server, Use, pair_master_master, wait_until};

const BOUND: Duration = Duration::from_secs(60);
/// Long enough for a writer's old connections, short enough for a test.
const QUICK: &str = "    handover: 500ms\n";

/// Who runs the tests, as events have it.
fn me() -> String {
    let user = nix::unistd::User::from_uid(nix::unistd::geteuid()).expect("the user database");
    user.expect("a user").name
}

fn start(pool_extra: &str) -> ([Server; 2], Agent) {
    let servers = pair_master_master(Use::Gtid);
    let agent = Agent::start(&nodes(&servers), pool_extra);
    agent.wait_active("db1");
    ready(&agent, "db2");
    (servers, agent)
}

/// Waits until a switchover would be taken.
fn ready(agent: &Agent, to: &str) {
    wait_until(&format!("{to} could take over"), BOUND, || {
        agent.mpp(&["switchover", "db", "--to", to, "--dry-run"]).status.success()
    });
}

fn words(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// `mpp` in the background.
fn begin(agent: &Agent, args: &[&str]) -> Child {
    let mut mpp = Command::new(program("mpp"));
    mpp.arg("--config").arg(agent.config()).args(args).stdout(Stdio::piped()).stderr(Stdio::piped());
    mpp.spawn().expect("mpp started")
}

/// A switchover, under way. Refused, for a machine that is busy for a moment, it is asked for once more.
#[track_caller]
fn switchover_under_way(agent: &Agent, to: &str) -> Child {
    let ask = || begin(agent, &["switchover", "db", "--to", to]);
    let mut mpp = ask();
    wait_until("it has begun", BOUND, || {
        if mpp.try_wait().expect("its state").is_some() {
            let refused = std::mem::replace(&mut mpp, ask()).wait_with_output().expect("its words");
            eprintln!("refused: {:?}", words(&refused));
        }
        agent.flagged("handover")
    });
    mpp
}

/// Clients that write all the time, each to whom it finds UP for `rw`.
fn clients(agent: &Agent, servers: &[Server; 2]) -> Vec<Writer> {
    writer::prepare(&servers[0]);
    wait_until("db2 has the table", BOUND, || servers[1].try_sql("SELECT n FROM w.t").is_ok());
    let clients = Writer::start_three(&agent.state_file(), "db");
    goes_on_at(&servers[0]);
    clients
}

#[test]
fn a_switchover_tells_each_step_and_returns_when_the_new_verdict_is_published() {
    let (_servers, agent) = start(QUICK);
    let done = agent.done(&["switchover", "db", "--to", "db2", "--reason", "kernel update"]);
    assert!(agent.up("rw", "db2") && !agent.up("rw", "db1"), "published when it returns");
    let (code, told, error) = words(&done);
    assert_eq!((code, error.as_str()), (Some(0), ""), "{told}");
    let lines: Vec<&str> = told.lines().collect();
    let wanted = [
        "db1 hands over to db2: db1 is DOWN for rw now, db2 is UP once it has executed everything; \
         if not within 5.5s, db1 takes ACTIVE back",
        "db1 is DOWN for rw since",
        "db2 executes all that db1 has, up to mariadb-bin.",
        "db2 took over from db1 after",
        "db2 is ACTIVE, epoch 2",
    ];
    assert_eq!(lines.len(), wanted.len(), "{told}");
    for (line, wanted) in lines.iter().zip(wanted) {
        assert!(line.contains(wanted), "{line} / {wanted}");
    }
    let by = format!("(switchover, {}: kernel update)", me());
    let why = agent.says(&["why", "db"]);
    assert!(why.contains("db2 is ACTIVE, for ") && why.contains(&by), "{why}");
    assert!(agent.says(&["events"]).contains(&by), "who, when and why are remembered");
}

#[test]
fn under_constant_writes_switchovers_lose_no_row_and_never_show_two_writers() {
    let (servers, agent) = start(QUICK);
    let clients = clients(&agent, &servers);
    const SWITCHOVERS: usize = 6;
    for (to, place) in [("db2", 1), ("db1", 0)].into_iter().cycle().take(SWITCHOVERS) {
        agent.switches_to(to);
        assert_eq!(agent.active().as_deref(), Some(to));
        goes_on_at(&servers[place]);
    }
    finish_without_loss(clients, &servers);
    let there = rows(&servers[0]);
    // In the order of time the writing server changes once a switchover: never did two write at once.
    let changes = there.windows(2).filter(|pair| pair[0].1 != pair[1].1).count();
    assert_eq!(changes, SWITCHOVERS, "of {} rows", there.len());
}

#[test]
fn a_switchover_whose_target_dies_in_the_middle_gives_active_back_and_says_so() {
    let (mut servers, agent) = start("    handover: 8s\n");
    let clients = clients(&agent, &servers);
    let mpp = switchover_under_way(&agent, "db2");
    servers[1].kill9();
    let (code, told, error) = words(&mpp.wait_with_output().expect("its end"));
    assert_eq!(code, Some(1), "{told}{error}");
    assert!(told.contains("db1 takes ACTIVE back"), "{told}");
    // Refused, or reset if the poll was under way.
    assert!(error.contains("given up: db2 is in trouble: connection re"), "{error}");
    assert!(error.contains("db2 is not ACTIVE: db1 is, epoch 2"), "{error}");
    assert!(agent.up("rw", "db1") && !agent.up("rw", "db2"));
    assert!(agent.says(&["why", "db"]).contains("db1 is ACTIVE"));
    goes_on_at(&servers[0]);
    finish_without_loss(clients, &servers[..1]);
}

#[test]
fn a_switchover_whose_target_freezes_gives_active_back() {
    let (servers, agent) = start("    handover: 8s\n");
    let clients = clients(&agent, &servers);
    let mpp = switchover_under_way(&agent, "db2");
    servers[1].freeze();
    let (code, told, error) = words(&mpp.wait_with_output().expect("its end"));
    servers[1].thaw();
    assert_eq!(code, Some(1), "{told}{error}");
    assert!(error.contains("db2 is not ACTIVE: db1 is"), "{told}{error}");
    assert!(agent.up("rw", "db1") && !agent.up("rw", "db2"));
    goes_on_at(&servers[0]);
    finish_without_loss(clients, &servers);
}

#[test]
fn a_switchover_whose_source_dies_in_the_middle_ends_with_the_target_active() {
    let (mut servers, agent) = start("    handover: 8s\n");
    let clients = clients(&agent, &servers);
    let mpp = switchover_under_way(&agent, "db2");
    // Clients have come to see it, and what they wrote last has come to db2.
    thread::sleep(LINGER * 2);
    have_the_same(&servers);
    servers[0].kill9();
    let (code, told, error) = words(&mpp.wait_with_output().expect("its end"));
    assert_eq!(code, Some(0), "{told}{error}");
    assert!(told.contains("db1 failed meanwhile") && told.contains("db2 promoted"), "{told}");
    assert!(agent.up("rw", "db2") && !agent.up("rw", "db1"));
    agent.wait_state(0, "FAIL_OFFLINE");
    goes_on_at(&servers[1]);
    finish_without_loss(clients, &servers[1..]);
}

#[test]
fn a_pause_in_the_middle_takes_effect_when_the_switchover_is_over() {
    let (servers, agent) = start("    handover: 6s\n");
    let clients = clients(&agent, &servers);
    let mpp = switchover_under_way(&agent, "db2");
    let paused = agent.says(&["pause", "db", "--for", "10m"]);
    assert!(
        paused.contains("for 10m, or until mpp resume db; the handover under way comes to its end first"),
        "{paused}"
    );
    let second = words(&agent.mpp(&["switchover", "db", "--to", "db2"]));
    assert_eq!(second.0, Some(1), "{second:?}");
    assert!(!second.2.is_empty(), "{second:?}");
    let (code, told, error) = words(&mpp.wait_with_output().expect("its end"));
    assert_eq!(code, Some(0), "{told}{error}");
    assert!(agent.up("rw", "db2"));
    let why = agent.says(&["why", "db"]);
    assert!(why.contains(&format!("paused by {}", me())) && why.contains("mpp resume db"), "{why}");
    goes_on_at(&servers[1]);
    finish_without_loss(clients, &servers);
}

#[test]
fn a_dry_run_says_what_would_happen_and_changes_nothing() {
    let (servers, agent) = start(QUICK);
    let before = agent.says(&["events"]);
    let told = agent.says(&["switchover", "db", "--dry-run"]);
    assert!(told.starts_with("dry run, nothing was changed: db1 hands over to db2"), "{told}");
    let told = agent.says(&["drain", "db/db1", "--dry-run"]);
    assert!(told.contains("db1 hands over to db2, then db1 is drained"), "{told}");
    servers[1].sql("STOP SLAVE");
    servers[0].sql("CREATE DATABASE a; CREATE DATABASE b");
    wait_until("db2 is behind", BOUND, || {
        let told = words(&agent.mpp(&["switchover", "db", "--to", "db2", "--force", "--dry-run"])).1;
        told.contains("lost unless db2 still gets it: 2 transactions")
    });
    assert!(agent.up("rw", "db1"));
    assert!(!agent.says(&["events"]).replace(&before, "").contains("handover"));
}

#[test]
fn what_cannot_be_done_is_refused_with_the_reason_and_the_way_out() {
    let (servers, agent) = start(QUICK);
    let refused = |args: &[&str], wanted: &[&str]| {
        let (code, told, error) = words(&agent.mpp(args));
        assert_eq!((code, told.as_str()), (Some(1), ""), "{args:?}: {error}");
        for wanted in wanted {
            assert!(error.contains(wanted), "{args:?}: {error} / {wanted}");
        }
    };
    refused(&["switchover", "db", "--to", "db1"], &["db1 is ACTIVE already"]);
    refused(&["undrain", "db/db2"], &["db2 is not drained"]);
    refused(&["resume", "db"], &["the pool is not paused"]);
    refused(&["recover", "db/db2"], &["db2 is STANDBY: there is nothing to recover"]);
    agent.says(&["pause", "db"]);
    refused(&["switchover", "db"], &["the pool is paused; mpp resume db"]);
    refused(&["switchover", "db", "--force"], &["the pool is paused; mpp resume db"]);
    refused(&["drain", "db/db1"], &["db1 is ACTIVE and nobody can take over", "mpp resume db", "--force"]);
    agent.says(&["resume", "db"]);
    agent.says(&["drain", "db/db2"]);
    refused(
        &["switchover", "db"],
        &["db2 is drained (mpp undrain db/db2)", "mpp switchover db --to NODE --force"],
    );
    agent.says(&["undrain", "db/db2"]);
    servers[1].sql("SET GLOBAL read_only = 1");
    wait_until("it is seen", BOUND, || agent.node(1).read_only == Some(true));
    refused(&["switchover", "db"], &["db2 is read_only (writable: require)"]);
    servers[1].sql("SET GLOBAL read_only = 0; STOP SLAVE SQL_THREAD");
    agent.wait_state(1, "FAIL_ONLINE");
    refused(
        &["switchover", "db", "--to", "db2"],
        &["db2 is FAIL_ONLINE", "mpp switchover db --to db2 --force"],
    );
    let usage = words(&agent.mpp(&["switchover", "db", "--to", "db9"]));
    assert_eq!(usage.0, Some(2), "{usage:?}");
    assert!(usage.2.contains("no node db9 in pool db; there are: db1, db2"), "{usage:?}");
}

#[test]
fn a_drained_primary_hands_over_first_and_comes_back_when_it_is_undrained() {
    let (_servers, agent) = start(QUICK);
    let told = words(&agent.done(&["drain", "db/db1", "--reason", "new disk"])).1;
    assert!(told.ends_with("db2 is ACTIVE, epoch 2; db1 is drained\n"), "{told}");
    assert!(agent.up("rw", "db2") && !agent.up("rw", "db1"));
    assert_eq!(agent.check(&["--dynamic", "ro", "db", "db1"]), 2, "weight 0");
    let why = agent.says(&["why", "db/db1"]);
    assert!(why.contains(&format!("drained by {}: new disk, ", me())), "{why}");
    agent.says(&["undrain", "db/db1", "--reason", "disk is in"]);
    agent.wait_active("db1");
    assert!(agent.says(&["events"]).contains(&format!("db1 undrained by {}: disk is in", me())));
}

#[test]
fn a_drain_ends_when_its_time_is_over_and_with_now_the_node_is_down() {
    let (_servers, agent) = start(QUICK);
    let told = agent.says(&["drain", "db/db2", "--now", "--for", "10s"]);
    assert!(told.contains("db2 is drained for 10s: DOWN"), "{told}");
    assert!(!agent.up("ro", "db2") && agent.up("ro", "db1"), "nobody but db1 serves reads");
    wait_until("it is over", BOUND, || agent.up("ro", "db2"));
    assert!(agent.says(&["events"]).contains("the time of the drain is over"));
}

#[test]
fn a_forced_drain_of_the_active_node_waits_for_somebody_who_can_take_over() {
    let (servers, agent) = start(QUICK);
    servers[1].sql("STOP SLAVE SQL_THREAD");
    agent.wait_state(1, "FAIL_ONLINE");
    let told = agent.says(&["drain", "db/db1", "--force"]);
    assert!(told.contains("db1 is to be drained as soon as somebody can take over"), "{told}");
    assert!(agent.up("rw", "db1"));
    assert!(agent.says(&["why", "db/db1"]).contains("to be drained as soon as somebody can take over"));
    servers[1].sql("START SLAVE SQL_THREAD");
    agent.wait_active("db2");
    wait_until("db1 is drained", BOUND, || agent.node(0).drained);
}

#[test]
fn a_recovered_node_is_waited_for_until_it_is_standby_or_says_why_not() {
    let (mut servers, agent) = start("    failback: manual\n");
    servers[0].kill9();
    agent.wait_active("db2");
    let (code, told, error) = words(&agent.mpp(&["recover", "db/db1"]));
    assert_eq!(code, Some(1), "a dead node: {told}{error}");
    assert!(error.contains("db1 is FAIL_OFFLINE: connection refused"), "{error}");
    servers[0].restart();
    agent.wait_state(0, "STANDBY");
    assert!(agent.up("ro", "db1"));
    servers[1].kill9();
    agent.wait_active("db1");
    servers[1].restart();
    wait_until("db2 waits for the operator", BOUND, || {
        agent.says(&["why", "db/db2"]).contains("mpp recover db/db2")
    });
    let told = agent.says(&["recover", "db", "--reason", "checked"]);
    assert!(told.ends_with("db2 is STANDBY\n"), "{told}");
    assert!(agent.says(&["events"]).contains(&format!("db2 recovered by {}: checked", me())));
}

#[test]
fn a_client_that_does_not_wait_gets_its_answer_at_once_and_one_whose_daemon_dies_is_told() {
    let (_servers, mut agent) = start("    handover: 6s\n");
    let told = words(&agent.done(&["switchover", "db", "--no-wait"])).1;
    assert!(told.starts_with("db1 hands over to db2") && told.lines().count() == 1, "{told}");
    agent.wait_active("db2");
    ready(&agent, "db1");
    let mpp = switchover_under_way(&agent, "db1");
    // It has been answered by then that it waits.
    agent.says(&["status"]);
    agent.kill9();
    let (code, told, error) = words(&mpp.wait_with_output().expect("its end"));
    assert_eq!(code, Some(69), "{told}{error}");
    assert!(error.contains("mppd went away in the middle; started again it goes on with it"), "{error}");
    agent.launch();
    agent.wait_active("db1");
}

#[test]
fn of_two_operators_at_once_each_is_done_or_refused_and_nothing_is_half_done() {
    let (_servers, agent) = start(QUICK);
    let before = agent.epoch();
    let both = [begin(&agent, &["switchover", "db", "--to", "db2"]), begin(&agent, &["drain", "db/db1"])];
    let ends = both.map(|mpp| words(&mpp.wait_with_output().expect("its end")));
    // Whoever came second was told so, by what the first had begun or done.
    let done = ends.iter().filter(|(code, ..)| *code == Some(0)).count();
    assert!(done >= 1, "{ends:?}");
    for (code, told, error) in &ends {
        assert!(*code == Some(0) || *code == Some(1) && !error.is_empty(), "{told}{error}");
    }
    assert!(agent.up("rw", "db2") && !agent.up("rw", "db1"), "{}", agent.why());
    assert_eq!(agent.epoch(), before + 1, "ACTIVE moved once: {}", agent.log());
    for other in ["resume", "ack"].repeat(5) {
        let both = [begin(&agent, &["pause", "db"]), begin(&agent, &[other, "db"])];
        let ends = both.map(|mpp| words(&mpp.wait_with_output().expect("its end")));
        assert_eq!(ends[0].0, Some(0), "{ends:?}");
        // A resume that came first was refused: there was no pause.
        let resumed = other == "resume" && ends[1].0 == Some(0);
        assert_eq!(agent.flagged("paused"), !resumed, "what was said last holds: {ends:?}");
        agent.mpp(&["resume", "db"]);
    }
}
