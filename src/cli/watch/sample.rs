//! Situations to draw.

use super::ask::Answer;
use super::view::View;
use crate::alert;
use crate::clock::Clocks;
use crate::control::status::{
    Daemon, Node, Pool, RealServer, Status, Trouble, VERSION, Verdict, VirtualServer,
};
use crate::core::time::Duration;
use jiff::tz::TimeZone;

/// What is known on a machine whose clock stands at 06:11:33.
pub(super) fn view() -> View {
    let mut view = View::new("director1".into(), TimeZone::UTC, &Clocks::read());
    view.wall = "2026-11-24T06:11:33Z".parse().expect("a time");
    view
}

/// So many seconds go by.
pub(super) fn pass(view: &mut View, seconds: u64) {
    let time = Duration::from_secs(seconds);
    view.now = view.now + time;
    view.wall = view.wall.checked_add(time).expect("a time");
}

pub(super) fn status(pools: Vec<Pool>) -> Status {
    let daemon = Daemon {
        version: "0.1.0".into(),
        pid: 4711,
        since: "2026-11-20T10:00:00Z".into(),
        config: "/etc/mpp/mpp.yaml".into(),
        ..Daemon::default()
    };
    Status { version: VERSION, daemon, pools, peers: Vec::new() }
}

/// The daemon answers with these pools.
pub(super) fn answer(pools: Vec<Pool>) -> Answer {
    Answer::Status(status(pools).into())
}

/// A pool where all is well.
pub(super) fn pool(name: &str) -> Pool {
    Pool {
        name: name.into(),
        logic: "failover".into(),
        status: "OK".into(),
        epoch: 1,
        active: Some("db1".into()),
        active_since: Some("2026-11-24T03:00:13Z".into()),
        active_how: Some("db1 elected: the only candidate with everything, after the start of mppd".into()),
        nodes: vec![node(1, "ACTIVE", &["rw", "geo"]), node(2, "STANDBY", &["ro", "geo"])],
        ..Pool::default()
    }
}

fn node(n: u8, state: &str, serves: &[&str]) -> Node {
    let verdict = |role: &&str| {
        let up = serves.contains(role);
        ((*role).to_owned(), Verdict { up, weight: u8::from(up), reason: state.into() })
    };
    let active = state == "ACTIVE";
    Node {
        name: format!("db{n}"),
        address: format!("198.18.1.{n}:3306"),
        kind: if n == 1 { "PRIMARY" } else { "SECONDARY" }.into(),
        req: 0,
        status: "OK".into(),
        state: state.into(),
        last_request: Some("2026-11-24T06:11:32.750Z".into()),
        message: if active { "--" } else { "lag 0s" }.into(),
        lag_s: (!active).then_some(0.0),
        round_trip_ms: Some(0.42),
        read_only: Some(!active),
        server: Some("10.11.19-MariaDB".into()),
        verdicts: ["rw", "ro", "geo"].iter().map(verdict).collect(),
        ..Node::default()
    }
}

fn failed(n: u8, req: u32, message: &str) -> Node {
    let status = "FAIL".into();
    let round_trip_ms = None;
    Node { req, status, round_trip_ms, message: message.into(), ..node(n, "FAIL_OFFLINE", &[]) }
}

fn trouble(kind: &str, severity: &str, words: &str, help: &str) -> Trouble {
    let help = Some(help.to_owned());
    Trouble { kind: kind.into(), node: None, severity: severity.into(), words: words.into(), help }
}

/// db1 has failed, db2 is ACTIVE.
pub(super) fn failed_over(name: &str) -> Pool {
    let help = format!("mpp recover {name}/db1");
    Pool {
        epoch: 2,
        active: Some("db2".into()),
        active_since: Some("2026-11-24T06:11:33.903Z".into()),
        active_how: Some(
            "db2 promoted; db1 failed: connection refused; nothing that db1 had shown is known to be lost"
                .into(),
        ),
        nodes: vec![failed(1, 5, "connection refused"), node(2, "ACTIVE", &["rw", "ro", "geo"])],
        troubles: vec![
            trouble(
                "no_redundancy",
                "critical",
                "if db2 failed, nobody could take over: db1 is FAIL_OFFLINE",
                &format!("mpp why {name}"),
            ),
            trouble("failed", "alert", "db1 is FAIL_OFFLINE, for 2.1s: connection refused", &help),
        ],
        ..pool(name)
    }
}

/// db1 has failed, and is not replaced.
pub(super) fn held(name: &str) -> Pool {
    let held =
        "db1 has failed and is not replaced: db2 has not received all that db1 had shown: it lacks 0-1-4711";
    Pool {
        flags: vec!["held".into()],
        nodes: vec![
            Node { state: "ACTIVE".into(), ..failed(1, 9, "timeout after 500ms") },
            node(2, "STANDBY", &["ro"]),
        ],
        troubles: vec![trouble("held", "alert", held, &format!("mpp why {name}"))],
        ..pool(name)
    }
}

/// A virtual server with both nodes loaded, or with something wrong.
pub(super) fn virtual_server(role: &str, faults: &[&str]) -> VirtualServer {
    let real = |n: u8, connections| RealServer {
        node: format!("db{n}"),
        address: format!("198.18.1.{n}:3306"),
        up: true,
        weight: 1,
        loaded_weight: Some(1),
        connections: Some(connections),
    };
    VirtualServer {
        name: format!("mysql-{role}"),
        role: role.into(),
        address: "198.18.2.1:3306".into(),
        loaded: Some(true),
        faults: faults.iter().map(|fault| (*fault).to_owned()).collect(),
        real_servers: vec![real(1, 112), real(2, 1)],
    }
}

/// What is told of a failover.
pub(super) fn events() -> Vec<alert::Line> {
    let event = |seq: u64, time: &str, severity: &str, node: &str, event: &str| alert::Line {
        seq,
        time: format!("2026-11-{time}Z"),
        severity: severity.into(),
        event: event.into(),
        pool: Some("db".into()),
        node: Some(node.into()),
        reason: "connection refused".into(),
        ..alert::Line::default()
    };
    let change = |line: alert::Line, from: &str, to: &str| {
        let (from, to) = (Some(from.to_owned()), Some(to.to_owned()));
        alert::Line { from, to, ..line }
    };
    vec![
        alert::Line {
            reason: "db1 elected".into(),
            ..event(1, "23T22:00:00.000", "notice", "db1", "election")
        },
        change(event(2, "24T06:11:33.151", "info", "db1", "status"), "OK", "OK INFO"),
        change(event(3, "24T06:11:33.902", "alert", "db1", "status"), "OK CRITICAL", "FAIL"),
        alert::Line {
            reason:
                "db2 promoted; db1 failed: connection refused; nothing that db1 had shown is known to be lost"
                    .into(),
            ..event(4, "24T06:11:33.903", "alert", "db2", "failover")
        },
        change(event(5, "24T06:11:33.903", "warning", "db2", "state"), "STANDBY", "ACTIVE"),
    ]
}
