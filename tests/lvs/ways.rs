//! NAT and DR, IPv4 and IPv6: clients come out where they should, before and after a change.

use super::pool::Pool;
use super::site::Way;
use crate::in_a_guest;

in_a_guest! {
    #[ignore = "by make test-lvs"]
    clients_reach_the_right_servers_by_dr,
    #[ignore = "by make test-lvs"]
    clients_reach_the_right_servers_by_nat_and_ipv6,
    #[ignore = "by make test-lvs"]
    clients_reach_the_right_servers_by_dr_and_ipv6,
}

fn clients_reach_the_right_servers_by_dr() {
    clients_reach_the_right_servers_by(Way::Dr4);
}

fn clients_reach_the_right_servers_by_nat_and_ipv6() {
    clients_reach_the_right_servers_by(Way::Nat6);
}

fn clients_reach_the_right_servers_by_dr_and_ipv6() {
    clients_reach_the_right_servers_by(Way::Dr6);
}

fn clients_reach_the_right_servers_by(way: Way) {
    let pool = Pool::start(way);
    let (writing, reading) = (pool.client("rw"), pool.client("ro"));
    writing.wait_for_visits(10, "db1");
    reading.wait_for_visits(10, "db2");
    pool.switch_over_to("db2");
    pool.wait_until_led_to("db2", "db1");
    writing.wait_for_visits(10, "db2");
    reading.wait_for_visits(10, "db1");
}
