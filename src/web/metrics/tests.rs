use super::picture::Picture;
use super::text::Format;
use crate::control::status::{
    Checkpoint, Daemon, Node, Peer, Pool, RealServer, Status, Trouble, Verdict, VirtualServer,
};
use crate::core::time::Duration;

/// A name that must be escaped.
const ODD: &str = "a \"b\" \\ c\nd";

fn picture() -> Picture {
    let verdict = |up, weight| Verdict { up, weight, reason: "because".into() };
    let node = Node {
        name: "db1".into(),
        address: "10.0.0.1:3306".into(),
        kind: "PRIMARY".into(),
        status: "OK WARN".into(),
        state: "ACTIVE".into(),
        req: 2,
        last_request: Some("2026-11-22T15:36:02.123Z".into()),
        round_trip_ms: Some(1.5),
        read_only: Some(false),
        verdicts: [("rw".into(), verdict(true, 3)), ("ro".into(), verdict(false, 3))].into(),
        ..Node::default()
    };
    let gone = Node { name: "db2".into(), state: "FAIL_OFFLINE".into(), lag_s: Some(3.0), ..Node::default() };
    let real = RealServer {
        node: "db1".into(),
        address: "10.0.0.1:3306".into(),
        up: true,
        weight: 3,
        loaded_weight: Some(2),
        connections: Some(12),
    };
    let service = VirtualServer {
        name: "db-rw".into(),
        role: "rw".into(),
        address: "10.0.0.9:3306".into(),
        loaded: Some(true),
        faults: vec!["db1 has weight 2".into()],
        real_servers: vec![real],
    };
    let trouble = Trouble {
        kind: "failed".into(),
        node: Some("db2".into()),
        severity: "alert".into(),
        words: "db2 has failed".into(),
        help: None,
    };
    let checkpoint = Checkpoint {
        id: "edge:tcp:10.0.0.254:22".into(),
        reach: "edge".into(),
        node: None,
        status: "FAIL".into(),
        req: 7,
        last_request: None,
        message: "connection refused".into(),
    };
    let pool = Pool {
        name: ODD.into(),
        status: "OK".into(),
        epoch: 3,
        active: Some("db1".into()),
        flags: vec!["paused".into()],
        nodes: vec![node, gone],
        virtual_servers: vec![service],
        troubles: vec![trouble],
        checkpoints: vec![checkpoint],
        ..Pool::default()
    };
    let peer = Peer {
        name: "two".into(),
        url: "https://two".into(),
        same_site: true,
        reachable: None,
        since: String::new(),
        fault: None,
    };
    let daemon =
        Daemon { version: "0.1.0".into(), since: "2026-11-22T15:00:00Z".into(), ..Daemon::default() };
    let status = Status { version: 1, daemon, pools: vec![pool], peers: vec![peer] };
    Picture { status: Some(status), age: Some(Duration::from_millis(250)), ..Picture::default() }
}

fn text() -> String {
    picture().render(Format::Text, 0).0
}

#[test]
fn names_are_escaped_as_the_format_wants_it() {
    let line = r#"mpp_pool_epoch{pool="a \"b\" \\ c\nd"} 3"#;
    assert!(text().lines().any(|l| l == line), "{}", text());
}

#[test]
fn a_value_that_is_not_known_has_no_series() {
    let text = text();
    let has = |name: &str| text.lines().any(|l| l.starts_with(&format!("{name}{{")));
    assert!(!has("mpp_peer_reachable"), "not known yet");
    assert!(!has("mpp_node_lag_seconds"), "of a node that is gone it is no measurement");
    assert!(!has("mpp_checkpoint_last_request_timestamp_seconds"), "it was never asked");
    assert!(text.contains("# TYPE mpp_peer_reachable gauge\n"), "its name and type are told nevertheless");
}

#[test]
fn a_state_is_one_of_all_and_a_status_a_number() {
    let text = text();
    let states: Vec<&str> =
        text.lines().filter(|l| l.starts_with("mpp_node_state{") && l.contains("db1")).collect();
    assert_eq!(states.len(), 5);
    assert_eq!(states.iter().filter(|l| l.ends_with(" 1")).count(), 1);
    assert!(states.iter().any(|l| l.ends_with(r#"state="ACTIVE"} 1"#)));
    assert!(text.lines().any(|l| l.starts_with("mpp_node_status{") && l.ends_with(" 2")));
}

#[test]
fn what_is_decided_and_what_the_kernel_has_stand_side_by_side() {
    let text = text();
    let value = |name: &str| {
        text.lines().find(|l| l.starts_with(&format!("{name}{{"))).and_then(|l| l.rsplit(' ').next())
    };
    assert_eq!(value("mpp_real_server_weight"), Some("3"));
    assert_eq!(value("mpp_real_server_loaded_weight"), Some("2"));
    assert_eq!(value("mpp_real_server_connections"), Some("12"));
    assert_eq!(value("mpp_virtual_server_faults"), Some("1"));
}

#[test]
fn a_daemon_that_does_not_answer_is_not_up_and_is_shown_as_it_was() {
    let mut picture = picture();
    picture.status.as_mut().expect("one").daemon.stale = true;
    let text = picture.render(Format::Text, 0).0;
    assert!(text.contains("\nmpp_up 0\n") && text.contains("\nmpp_state_age_seconds 0.25\n"), "{text}");
    assert!(text.contains("mpp_pool_has_active{"));
}

#[test]
fn open_metrics_ends_with_its_mark() {
    let text = picture().render(Format::OpenMetrics, 0).0;
    assert!(text.ends_with("\n# EOF\n"));
    assert!(text.contains("# TYPE mpp_pool_active_changes counter\nmpp_pool_active_changes_total{"));
}

#[test]
fn without_any_state_it_says_so_and_tells_of_itself() {
    let text = Picture::default().render(Format::Text, 0).0;
    assert!(text.contains("\nmpp_up 0\n") && text.contains("\nprocess_resident_memory_bytes "), "{text}");
    assert!(!text.contains("\nmpp_state_age_seconds "), "{text}");
}
