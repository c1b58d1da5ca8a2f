//! What HAProxy does while what it asks is dead, hangs, or does not know what it is asked for.

use crate::clients::answering;
use crate::proxied::{Haproxy, Proxied};
use crate::sites::BOUND;
use crate::support::wait_until;
use std::time::Instant;

#[test]
fn haproxy_serves_nobody_without_an_answer_and_the_last_node_while_mppd_is_dead() {
    let mut pool = Proxied::start("");
    let rw = pool.proxy().rw;
    let haproxy = pool.haproxy.take().expect("it runs");
    let said = |what: &str, wanted| {
        let began = Instant::now();
        let why = haproxy.wait(wanted);
        println!(
            "HAProxy, {what}: db1 and db2 are {wanted:?} ({}) after {:?}",
            why.join(", "),
            began.elapsed()
        );
    };
    pool.web.program().freeze();
    said("mpp-web hangs", ["DOWN", "DOWN"]);
    assert_eq!(answering(rw), None);
    pool.web.program().thaw();
    said("it goes on", ["UP", "DOWN"]);
    pool.web.program().kill9();
    said("mpp-web is dead", ["DOWN", "DOWN"]);
    pool.web.restart();
    said("it is started again", ["UP", "DOWN"]);

    let began = Instant::now();
    pool.web.restart();
    println!("mpp-web, killed and started: answers again after {:?}", began.elapsed());

    pool.agent.kill9();
    let verdict = |pool: &Proxied| pool.web.get("/v1/pools/db/nodes/db1/rw");
    wait_until("mpp-web says that mppd is silent", BOUND, || {
        verdict(&pool).1.contains("mppd has been silent")
    });
    assert_eq!((verdict(&pool).0, answering(rw)), (200, Some(1)), "stale.policy: hold");
    println!("HAProxy, mppd is dead: {}", verdict(&pool).1);

    let lost =
        Haproxy::start(&pool, &[("/v1/pools/db/nodes/%[srv_name]/rw", "/v1/pools/dbx/nodes/%[srv_name]/rw")]);
    println!("HAProxy, a pool that is not there: {}", lost.wait(["DOWN", "DOWN"]).join(", "));
    assert!(lost.wait(["DOWN", "DOWN"]).iter().all(|why| why == "L7STS/404"));
}
