//! Pools as `mppd` describes them, in states that take a site or hundreds of servers to bring about.

use mpp::clock::{Clocks, rfc3339};
use mpp::control::status::Status;
use serde_json::{Value, json};

/// A time so many seconds ago.
fn ago(seconds: i64) -> String {
    let wall = Clocks::read().wall();
    rfc3339(wall.checked_sub(jiff::SignedDuration::from_secs(seconds)).expect("a time"))
}

/// The whole of it.
pub fn status(pools: &[Value], peers: &[Value]) -> Value {
    let since = ago(300_000);
    let daemon =
        json!({ "version": "0.2.0", "pid": 712, "since": since, "config": "/etc/mpp/mpp.yaml", "id": "a" });
    let status = json!({ "version": 1, "daemon": daemon, "pools": pools, "peers": peers });
    // What nobody could say is not played.
    serde_json::from_value::<Status>(status.clone()).expect("a status");
    status
}

/// All is well in it.
pub fn well(name: &str, n: i64) -> Value {
    // Of a thousand of them none becomes a day older while a test looks.
    let age = 200_000 + 43 * n;
    json!({
        "name": name, "logic": "failover", "status": "OK", "epoch": 1, "active": "db1", "active_since": ago(age),
        "active_how": "elected: the PRIMARY", "flags": [], "checkpoints": [],
        "nodes": [node(n, 1, "ACTIVE", "OK", "--"), node(n, 2, "STANDBY", "OK", "lag 0s")],
        "virtual_servers": [
            service(name, "rw", n, [(1, true, Some(1), 41), (2, false, None, 0)]),
            service(name, "ro", n, [(1, false, None, 0), (2, true, Some(1), 112)]),
        ],
    })
}

/// Its PRIMARY has died, and its other node has taken over.
pub fn failed_over(name: &str, n: i64) -> Value {
    let mut pool = well(name, n);
    pool["epoch"] = 2.into();
    pool["active"] = "db2".into();
    pool["active_since"] = ago(12).into();
    pool["active_how"] = HOW.into();
    pool["nodes"] = json!([
        node(n, 1, "FAIL_OFFLINE", "FAIL", "connection refused"),
        node(n, 2, "ACTIVE", "OK INFO", "--")
    ]);
    pool["nodes"][1]["verdicts"]["ro"] = json!({ "up": true, "weight": 1, "reason": "no STANDBY serves" });
    pool["virtual_servers"] = json!([
        service(name, "rw", n, [(1, false, None, 0), (2, true, Some(1), 38)]),
        service(name, "ro", n, [(1, false, None, 0), (2, true, Some(1), 112)]),
    ]);
    pool["troubles"] = json!([
        trouble(
            "no_redundancy",
            None,
            "critical",
            "no redundancy: if db2 failed, nobody could take over: db1 is FAIL_OFFLINE",
            &format!("mpp why {name}")
        ),
        trouble(
            "failed",
            Some("db1"),
            "alert",
            "db1 is FAIL_OFFLINE, for 12s: connection refused",
            &format!("bring it back, then mpp recover {name}/db1")
        ),
    ]);
    pool
}

const HOW: &str = "db2 promoted 752ms after db1's first error; db1 failed: connection refused; nothing that db1 had shown is known to be lost";

/// Its site is cut off, and its local node has stepped down.
pub fn isolated(name: &str, n: i64) -> Value {
    let mut pool = well(name, n);
    pool["status"] = "FAIL".into();
    (pool["active"], pool["active_since"], pool["active_how"]) = (Value::Null, Value::Null, Value::Null);
    pool["waits_for"] = format!("this site is cut off; mpp recover {name}").into();
    pool["flags"] = json!(["failback_off", "isolated", "withdrawn"]);
    pool["isolation"] = json!({ "since": ago(75), "withdrawn": "db1" });
    pool["nodes"] = json!([
        node(n, 1, "STANDBY", "OK", "withdrawn: this site is cut off"),
        node(n, 2, "FAIL_OFFLINE", "FAIL", "no answer within 500ms"),
    ]);
    pool["nodes"][1]["cut"] = "WAN".into();
    pool["virtual_servers"] = json!([]);
    pool["checkpoints"] = json!([
        checkpoint("external:http:www.example.com:default", None, "FAIL", "no answer within 500ms"),
        checkpoint("edge:icmp:203.0.113.1:default", None, "FAIL", "host unreachable"),
        checkpoint("internal:tcp:10.0.0.254:22", Some("db2"), "OK", "connected in 0.4ms"),
    ]);
    pool["troubles"] = json!([trouble(
        "isolated",
        None,
        "alert",
        "this site is cut off, for 1m15s: both checkpoints have failed",
        &format!("mpp recover {name}")
    ),]);
    pool
}

/// An operator is at work: paused, in a handover, a node drained; and the kernel has not what is decided.
pub fn worked_on(name: &str, n: i64) -> Value {
    let mut pool = well(name, n);
    pool["flags"] = json!(["paused", "handover"]);
    pool["pause"] = json!({ "by": "root", "why": "switch firmware", "age_s": 300.0, "left_s": 6900.0 });
    pool["handover"] =
        json!({ "from": "db1", "to": "db2", "consumed": false, "by": "ada", "why": "kernel update" });
    pool["nodes"][1]["drained"] = true.into();
    pool["nodes"][1]["drain"] =
        json!({ "now": false, "by": "ada", "why": "new disk", "age_s": 60.0, "left_s": 3540.0 });
    pool["virtual_servers"] = json!([service(name, "rw", n, [(1, true, Some(0), 7), (2, false, None, 0)])]);
    pool["virtual_servers"][0]["faults"] = json!(["db1 has weight 0 in the kernel, decided 1; ipvsadm -Ln"]);
    pool["troubles"] = json!([
        trouble(
            "paused",
            None,
            "warning",
            "paused by root, 5m00s ago: no failover",
            &format!("mpp resume {name}")
        ),
        trouble(
            "drained",
            Some("db2"),
            "info",
            "db2 drained by ada, 1m00s ago",
            &format!("mpp undrain {name}/db2")
        ),
    ]);
    pool
}

fn node(n: i64, place: i64, state: &str, status: &str, message: &str) -> Value {
    let (active, standby, failed) = (state == "ACTIVE", state == "STANDBY", status == "FAIL");
    let verdict = |up: bool, reason: &str| json!({ "up": up, "weight": u8::from(up), "reason": reason });
    json!({
        "name": format!("db{place}"), "address": format!("10.{}.{}.{place}:3306", n / 250, n % 250),
        "type": if place == 1 { "PRIMARY" } else { "SECONDARY" }, "req": if failed { 12 } else { 0 }, "status": status,
        "state": state, "last_request": ago(0), "message": message, "lag_s": standby.then_some(0.0),
        "round_trip_ms": (!failed).then_some(0.4), "read_only": false, "server": "10.11.19-MariaDB", "drained": false,
        "verdicts": {
            "rw": verdict(active, state), "ro": verdict(standby, state), "geo": verdict(!failed, status),
        },
    })
}

fn service(pool: &str, role: &str, n: i64, real: [(i64, bool, Option<u32>, u32); 2]) -> Value {
    let real = real.map(|(place, up, loaded, connections)| {
        let address = format!("10.{}.{}.{place}:3306", n / 250, n % 250);
        let connections = loaded.map(|_| connections);
        json!({ "node": format!("db{place}"), "address": address, "up": up, "weight": 1, "loaded_weight": loaded, "connections": connections })
    });
    let address = format!("192.0.2.{}:3306", 10 + u8::from(role == "ro"));
    json!({ "name": format!("{pool}-{role}"), "role": role, "address": address, "loaded": true, "faults": [], "real_servers": real })
}

fn checkpoint(id: &str, node: Option<&str>, status: &str, message: &str) -> Value {
    let reach = id.split(':').next();
    json!({ "id": id, "reach": reach, "node": node, "status": status, "req": 0, "last_request": ago(1), "message": message })
}

/// Something that is not as it should be.
pub fn trouble(kind: &str, node: Option<&str>, severity: &str, words: &str, help: &str) -> Value {
    json!({ "kind": kind, "node": node, "severity": severity, "words": words, "help": help })
}

/// A director beside this one, and another site that does not answer.
pub fn peers() -> [Value; 2] {
    [
        json!({ "name": "director-b", "url": "https://director-b:8780", "same_site": true, "reachable": true, "since": ago(86_400) }),
        json!({ "name": "site-two", "url": "https://198.51.100.7:8780", "same_site": false, "reachable": false,
                "since": ago(75), "fault": "connection refused" }),
    ]
}

/// What happened when a pool failed over.
pub fn events(pool: &str) -> Value {
    json!([
        { "seq": 97, "time": ago(90_000), "severity": "notice", "event": "started", "reason": "mppd 0.2.0 took up what was published" },
        { "seq": 98, "time": ago(13), "severity": "alert", "event": "status", "pool": pool, "node": "db1", "from": "OK CRITICAL",
          "to": "FAIL", "req": 4, "epoch": 1, "reason": "connection refused" },
        { "seq": 99, "time": ago(12), "severity": "alert", "event": "failover", "pool": pool, "node": "db2", "req": 1, "epoch": 2, "reason": HOW },
        { "seq": 100, "time": ago(7), "severity": "critical", "event": "no_redundancy", "pool": pool, "epoch": 2,
          "reason": "no redundancy: if db2 failed, nobody could take over" },
    ])
}
