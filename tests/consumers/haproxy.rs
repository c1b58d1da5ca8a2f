//! Through HAProxy, clients reach the ACTIVE node: over a failover, over a planned change, and while HAProxy starts.

use crate::clients::{Clients, answering, connect, who};
use crate::proxied::{Haproxy, Proxied};
use crate::sites::{BOUND, at_random};
use crate::support::stage::wait_well;
use crate::support::{Background, wait_until};
use std::thread;
use std::time::{Duration, Instant};

/// How often HAProxy looks.
const ROUND: Duration = Duration::from_millis(500);
/// While two nodes seem to be UP for `rw`, nobody is let in.
const GUARD: &str = "    tcp-request connection reject if { nbsrv gt 1 }\n";

#[test]
fn clients_of_haproxy_follow_the_active_node_over_a_switchover_and_a_failover() {
    let mut pool = Proxied::start("    failback: manual\n");
    let (rw, ro) = {
        let haproxy = pool.proxy();
        (haproxy.rw, haproxy.ro)
    };
    wait_until("writers reach db1, readers db2", BOUND, || {
        (answering(rw), answering(ro)) == (Some(1), Some(2))
    });
    let mut session = connect(rw).expect("a session on db1");
    let clients = Clients::start(rw);
    thread::sleep(at_random(ROUND));
    let began = Instant::now();
    let ended = Background::start(move |_| {
        wait_until("the session on db1 ends", BOUND, || who(&mut session).is_err());
        began.elapsed()
    });
    pool.agent.switches_to("db2");
    println!("HAProxy, switchover: ordered and done in {:?}", began.elapsed());
    clients.wait_for(2);
    println!("HAProxy, switchover: the session on the old node was ended after {:?}", ended.end());
    let (last, first) = clients.end(began, 1, 2);
    println!("HAProxy, switchover: db1 last took a client after {last:?}, db2 first after {first:?}");

    wait_well(&pool.agent, "db2");
    let clients = Clients::start(rw);
    clients.wait_for(2);
    thread::sleep(at_random(ROUND));
    let began = Instant::now();
    pool.servers[1].kill9();
    pool.agent.wait_active("db1");
    println!("HAProxy, failover: db1 was ACTIVE after {:?}", began.elapsed());
    clients.wait_for(1);
    let (last, first) = clients.end(began, 2, 1);
    println!("HAProxy, failover: db2 last took a client after {last:?}, db1 first after {first:?}");
    wait_until("readers reach db1, which is all there is", BOUND, || answering(ro) == Some(1));
}

#[test]
fn without_shutting_sessions_down_those_on_the_old_node_stay_there() {
    let pool = Proxied::start("    failback: manual\n");
    let haproxy = Haproxy::start(&pool, &[(" on-marked-down shutdown-sessions", "")]);
    wait_until("a client reaches db1", BOUND, || answering(haproxy.rw) == Some(1));
    let mut session = connect(haproxy.rw).expect("a session on db1");
    pool.agent.switches_to("db2");
    haproxy.wait(["DOWN", "UP"]);
    assert_eq!(answering(haproxy.rw), Some(2), "who connects now is led to db2");
    assert_eq!(who(&mut session).expect("it goes on"), 1, "who was there before writes to the old node");
}

/// Whether something comes to be so soon.
fn within(span: Duration, mut so: impl FnMut() -> bool) -> bool {
    let began = Instant::now();
    while began.elapsed() < span {
        if so() {
            return true;
        }
    }
    false
}

#[test]
fn nobody_is_led_to_another_node_than_the_active_one_while_haproxy_starts() {
    let mut pool = Proxied::start("    failback: manual\n");
    pool.agent.switches_to("db2");
    wait_well(&pool.agent, "db2");
    // It takes every server for UP until its first check has ended, and this one does not end.
    pool.web.program().freeze();
    // That is half a second, which a busy machine may sleep through.
    wait_until("a client is led to db1", BOUND, || {
        let careless = Haproxy::start(&pool, &[(GUARD, "")]);
        within(Duration::from_secs(2), || answering(careless.rw) == Some(1))
    });
    let mut guarded = Haproxy::start(&pool, &[]);
    let is_up = |haproxy: &Haproxy, node| {
        haproxy.state("mysql-rw", node).is_some_and(|state| state.0.starts_with("UP"))
    };
    wait_until("it has db1 for UP", BOUND, || {
        let seen = within(Duration::from_secs(2), || is_up(&guarded, "db1"));
        if !seen {
            guarded = Haproxy::start(&pool, &[]);
        }
        seen
    });
    while is_up(&guarded, "db1") {
        let who = answering(guarded.rw);
        assert_ne!(who, Some(1), "it is not ACTIVE");
        // The check of one of them may end a moment before the other's.
        assert!(who.is_none() || !is_up(&guarded, "db1"), "neither is known to be ACTIVE");
    }
    pool.web.program().thaw();
    wait_until("clients reach db2", BOUND, || answering(guarded.rw) == Some(2));
}
