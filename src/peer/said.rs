//! What another agent says of its pools, checked: names and words of bearable length, numbers that can be counted on from.

use crate::control::status::{self, Flag, Handover, Node, Pool, RealServer, Status, VirtualServer};
use crate::core::event::Author;
use crate::core::peer::{FlagView, NodeView, Passing, View};
use crate::core::time::Duration;
use serde::Deserialize;

/// The longest name or word that is taken, bytes.
const LONGEST: usize = 1024;
/// The highest epoch and revision that are taken: what is above it, nothing could rise above for long.
const HIGHEST: u64 = 1 << 53;
/// The longest time of a flag that is taken.
const LONGEST_TIME: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// Who speaks, and of which pools.
#[derive(Debug)]
pub(super) struct Whole {
    /// Who.
    pub(super) id: String,
    /// What is said is what its mppd published last: it does not answer.
    pub(super) stale: bool,
    /// By name.
    pub(super) pools: Vec<(String, View)>,
}

/// Whoever speaks another version may leave out, or mean otherwise, whatever stands in it.
#[derive(Deserialize)]
struct Versioned {
    version: u32,
}

/// A whole status.
///
/// # Errors
/// In words, if it is none.
pub(super) fn whole(json: &[u8], own_id: &str) -> Result<Whole, String> {
    let Versioned { version } = serde_json::from_slice(json).map_err(|e| e.to_string())?;
    if version != status::VERSION {
        return Err(format!("status of version {version}; this mppd knows {}", status::VERSION));
    }
    let status: Status = serde_json::from_slice(json).map_err(|e| e.to_string())?;
    let id = word(status.daemon.id)?;
    // What was published last has none.
    if id.is_empty() && !status.daemon.stale {
        return Err("no daemon.id: its mppd is older than this one; upgrade it".into());
    }
    let leads = *id < *own_id;
    let pools = status.pools.into_iter().map(|pool| view(pool, leads)).collect::<Result<_, _>>()?;
    Ok(Whole { id, stale: status.daemon.stale, pools })
}

/// A pool that has changed; `leads`: whoever speaks goes first where both would do the same.
///
/// # Errors
/// In words, if it is none.
pub(super) fn pool(json: &[u8], leads: bool) -> Result<(String, View), String> {
    view(serde_json::from_slice(json).map_err(|e| e.to_string())?, leads)
}

fn view(pool: Pool, leads: bool) -> Result<(String, View), String> {
    let flag = |word: &str| pool.flags.iter().any(|flag| flag == word);
    let answers = |n: &Node| Some(&n.name) == pool.active.as_ref() && n.req == 0 && serves(&pool, n);
    let view = View {
        epoch: number(pool.epoch)?,
        active_answers: pool.nodes.iter().any(answers),
        isolated: pool.isolation.is_some(),
        fresh: pool.fresh,
        leads,
        revision: number(pool.revision)?,
        failback_off: flag("failback_off"),
        chosen: pool.chosen,
        flapping: flag("flapping"),
        acked: number(pool.acked)?,
        active: pool.active.map(word).transpose()?,
        handover: pool.handover.map(passing).transpose()?,
        pause: pool.pause.map(flag_view).transpose()?,
        nodes: pool.nodes.into_iter().map(node).collect::<Result<_, _>>()?,
    };
    Ok((word(pool.name)?, view))
}

/// Whether a node's writers come through to it, as far as is known: it is UP, and every virtual server for writers that
/// has it, and whose place in the kernel is known, sends it clients.
fn serves(pool: &Pool, node: &Node) -> bool {
    let writes = |service: &&VirtualServer| matches!(service.role.as_str(), "rw" | "geo");
    let known = pool.virtual_servers.iter().filter(writes).filter(|service| service.loaded.is_some());
    let mut behind = known.flat_map(|service| &service.real_servers).filter(|r| r.node == node.name);
    // Who is meant to have weight 0 is kept from clients by whoever configured it.
    let sent = |r: &RealServer| r.loaded_weight.is_some_and(|weight| weight > 0 || r.weight == 0);
    node.verdicts.get("rw").is_none_or(|rw| rw.up) && behind.all(sent)
}

fn passing(handover: Handover) -> Result<Passing, String> {
    Ok(Passing {
        from: word(handover.from)?,
        to: word(handover.to)?,
        consumed: handover.consumed,
        mirrors: handover.mirrors,
        failed: handover.failed,
        by: author(handover.by, handover.why)?,
    })
}

fn node(node: Node) -> Result<NodeView, String> {
    let drain = node.drain.map(|drain| Ok::<_, String>((drain.now, flag_view(drain.flag)?)));
    Ok(NodeView {
        name: word(node.name)?,
        address: word(node.address)?,
        local: node.local,
        failed: node.state.starts_with("FAIL_"),
        recovered: number(node.recovered)?,
        drain: drain.transpose()?,
    })
}

fn flag_view(flag: Flag) -> Result<FlagView, String> {
    Ok(FlagView {
        by: author(flag.by, flag.why)?,
        age: time(flag.age_s)?,
        left: flag.left_s.map(time).transpose()?,
    })
}

fn author(who: String, why: Option<String>) -> Result<Author, String> {
    Ok(Author { who: word(who)?, why: why.map(word).transpose()? })
}

fn word(word: String) -> Result<String, String> {
    match word.len() <= LONGEST && !word.chars().any(char::is_control) {
        true => Ok(word),
        false => Err(format!("a name or a reason that is no line of at most {LONGEST} bytes")),
    }
}

fn number(number: u64) -> Result<u64, String> {
    if number <= HIGHEST {
        Ok(number)
    } else {
        Err(format!("the number {number}; at most {HIGHEST} is possible"))
    }
}

fn time(seconds: f64) -> Result<Duration, String> {
    let time = Duration::try_from_secs_f64(seconds).ok().filter(|time| *time <= LONGEST_TIME);
    time.ok_or_else(|| format!("a time of {seconds} seconds"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn status() -> Value {
        let flag = json!({"by": "root", "why": "a test", "age_s": 1.5, "left_s": 60.0});
        let node = |name: &str, state: &str, req: u32| {
            json!({"name": name, "address": "10.0.0.1:3306", "type": "PRIMARY", "req": req, "status": "OK",
                "state": state, "last_request": null, "message": "--", "lag_s": null, "read_only": null,
                "server": null, "drained": false, "recovered": 3, "verdicts": {}})
        };
        let mut drained = node("db2", "FAIL_OFFLINE", 5);
        drained["drain"] = json!({"now": true, "by": "root", "age_s": 1.0});
        let handover = json!({"from": "db1", "to": "db2", "consumed": true, "failed": true, "by": "mppd"});
        let pool = json!({"name": "db", "logic": "failover", "status": "OK", "epoch": 7, "active": "db1",
            "flags": ["paused", "failback_off"], "nodes": [node("db1", "ACTIVE", 0), drained], "checkpoints": [],
            "handover": handover, "pause": flag, "revision": 4, "acked": 2, "fresh": true, "chosen": true});
        let daemon =
            json!({"version": "9.9", "pid": 1, "since": "", "config": "", "id": "0a", "of_later": 1});
        json!({"version": 1, "daemon": daemon, "pools": [pool], "of_later": {}})
    }

    fn read(status: &Value) -> Result<Whole, String> {
        whole(&serde_json::to_vec(status).unwrap(), "0b")
    }

    #[test]
    fn what_it_says_is_what_the_decisions_hear() {
        let said = read(&status()).unwrap();
        let (name, view) = &said.pools[0];
        assert_eq!((said.id.as_str(), said.stale, name.as_str()), ("0a", false, "db"));
        let by = Author { who: "root".into(), why: Some("a test".into()) };
        let (age, left) = (Duration::from_millis(1500), Some(Duration::from_secs(60)));
        let drain = FlagView {
            by: Author { who: "root".into(), why: None },
            age: Duration::from_secs(1),
            left: None,
        };
        let node = |name: &str, failed, drain| NodeView {
            name: name.into(),
            address: "10.0.0.1:3306".into(),
            local: false,
            failed,
            recovered: 3,
            drain,
        };
        let wanted = View {
            epoch: 7,
            active: Some("db1".into()),
            active_answers: true,
            handover: Some(Passing {
                from: "db1".into(),
                to: "db2".into(),
                consumed: true,
                mirrors: false,
                failed: true,
                by: Author { who: "mppd".into(), why: None },
            }),
            isolated: false,
            fresh: true,
            leads: true,
            revision: 4,
            pause: Some(FlagView { by, age, left }),
            failback_off: true,
            chosen: true,
            flapping: false,
            acked: 2,
            nodes: vec![node("db1", false, None), node("db2", true, Some((true, drain)))],
        };
        assert_eq!(*view, wanted);
    }

    #[test]
    fn a_node_that_no_writer_comes_through_to_is_not_vouched_for() {
        let service = |role: &str, loaded: Value, weight: u32, loaded_weight: Value| {
            let real = json!({"node": "db1", "address": "10.0.0.1:3306", "up": true, "weight": weight,
                "loaded_weight": loaded_weight, "connections": null});
            json!({"name": "s", "role": role, "address": "10.9.0.1:3306", "loaded": loaded, "faults": [],
                "real_servers": [real]})
        };
        let up = json!({"rw": {"up": true, "weight": 1, "reason": "ACTIVE"}});
        let down = json!({"rw": {"up": false, "weight": 0, "reason": "ACTIVE"}});
        let null = Value::Null;
        let cases = [
            ("nothing is known of the kernel", service("rw", null.clone(), 1, null.clone()), &up, true),
            ("the kernel has it", service("rw", json!(true), 1, json!(1)), &up, true),
            ("the virtual server is lost", service("rw", json!(false), 1, null.clone()), &up, false),
            ("it is not in the virtual server", service("geo", json!(true), 1, null.clone()), &up, false),
            ("it is there and gets nobody", service("rw", json!(true), 1, json!(0)), &up, false),
            ("it is not meant to get anybody", service("rw", json!(true), 0, json!(0)), &up, true),
            ("only readers miss it", service("ro", json!(false), 1, null), &up, true),
            ("it is DOWN", service("rw", json!(true), 1, json!(1)), &down, false),
        ];
        for (words, service, verdicts, vouched) in cases {
            let mut status = status();
            status["pools"][0]["virtual_servers"] = json!([service]);
            status["pools"][0]["nodes"][0]["verdicts"] = verdicts.clone();
            assert_eq!(read(&status).unwrap().pools[0].1.active_answers, vouched, "{words}");
        }
    }

    #[test]
    fn what_is_absurd_is_refused_in_words() {
        let cases: [(&str, Value, &str); 8] = [
            ("/version", json!(2), "version 2"),
            ("/daemon/id", json!(""), "upgrade"),
            ("/pools/0/epoch", json!(u64::MAX), "18446744073709551615"),
            ("/pools/0/revision", json!(u64::MAX), "18446744073709551615"),
            ("/pools/0/pause/age_s", json!(-1.0), "-1 seconds"),
            ("/pools/0/pause/left_s", json!(1e300), "seconds"),
            ("/pools/0/active", json!("x".repeat(2000)), "1024 bytes"),
            ("/pools/0/nodes/0/name", json!("db1\u{1b}[2J"), "no line"),
        ];
        for (place, value, words) in cases {
            let mut status = status();
            *status.pointer_mut(place).unwrap() = value;
            let why = read(&status).unwrap_err();
            assert!(why.contains(words), "{place}: {why}");
        }
        let mut last = status();
        (last["daemon"]["id"], last["daemon"]["stale"]) = (json!(""), json!(true));
        assert!(read(&last).unwrap().stale, "its mppd is dead, not old");
        assert!(whole(b"[]", "0b").is_err() && whole(b"", "0b").is_err() && whole(b"\xff", "0b").is_err());
    }
}
