//! The kernel of a director: ip_vs, and the switches that decide what becomes of connections.

use super::finding::{Judgement, Kind, Step};
use super::machine::{HERE, here, run};
use super::machine_facts::Director;
use super::network::{methods, shares_a_network};
use super::rule::{
    EXPIRE_NODEST, EXPIRE_QUIESCENT, IP_FORWARD, IP_VS, RP_FILTER, Rule, SCHEDULER, SEND_REDIRECTS,
};
use crate::config::Method;

/// Every switch that is looked at.
pub(super) const SWITCHES: [&str; 8] = [
    NODEST,
    QUIESCENT,
    CONNTRACK,
    "net.ipv4.ip_forward",
    "net.ipv6.conf.all.forwarding",
    "net.ipv4.conf.all.send_redirects",
    "net.ipv4.conf.default.send_redirects",
    "net.ipv4.conf.all.rp_filter",
];
const NODEST: &str = "net.ipv4.vs.expire_nodest_conn";
const QUIESCENT: &str = "net.ipv4.vs.expire_quiescent_template";

/// Whether ip_vs tells conntrack of its connections, so that they can be masqueraded.
pub(super) const CONNTRACK: &str = "net.ipv4.vs.conntrack";

/// Everything about the kernel.
pub(super) fn judge(director: &Director) -> Vec<Judgement> {
    let mut all = vec![ip_vs(director)];
    all.extend(director.missing_schedulers.iter().map(|name| scheduler(name)));
    all.extend(switch(director, NODEST, "1", &EXPIRE_NODEST));
    let persistent = director.virtual_servers.iter().any(|vs| vs.persistence_timeout.is_some());
    if persistent || director.virtual_servers.is_empty() {
        all.extend(switch(director, QUIESCENT, "1", &EXPIRE_QUIESCENT));
    }
    if methods(director).any(|(_, real, method)| method == Method::Nat && real.is_ipv4()) {
        all.extend(switch(director, "net.ipv4.ip_forward", "1", &IP_FORWARD));
    }
    if methods(director).any(|(_, real, method)| method == Method::Nat && real.is_ipv6()) {
        all.extend(switch(director, "net.ipv6.conf.all.forwarding", "1", &IP_FORWARD));
    }
    if shares_a_network(director) {
        all.extend(switch(director, "net.ipv4.conf.all.send_redirects", "0", &SEND_REDIRECTS));
        all.extend(switch(director, "net.ipv4.conf.default.send_redirects", "0", &SEND_REDIRECTS));
    }
    all.extend(rp_filter(director));
    all
}

fn ip_vs(director: &Director) -> Judgement {
    let words = if director.ip_vs {
        "the kernel has ip_vs"
    } else {
        "the kernel has no ip_vs, loaded or to be loaded"
    };
    here(director.ip_vs, &IP_VS, words, || {
        vec![Step::shell(HERE, ["modprobe ip_vs   # else: a kernel that has it"]), load_at_boot()]
    })
}

fn load_at_boot() -> Step {
    Step::new(HERE, Kind::File("/etc/modules-load.d/ip_vs.conf".into()), ["ip_vs"])
}

fn scheduler(name: &str) -> Judgement {
    here(false, &SCHEDULER, format!("the kernel has no scheduler {name}"), || {
        run([format!("modprobe ip_vs_{name}")])
    })
}

/// A switch of ip_vs has its default, off, once that is loaded. Any other that is not there is not judged.
fn switch(director: &Director, name: &str, wanted: &str, rule: &'static Rule) -> Option<Judgement> {
    let unloaded = name.starts_with("net.ipv4.vs.") && director.ip_vs;
    let words = match director.sysctls.get(name) {
        Some(value) => format!("{name} is {value}"),
        None if unloaded => format!("{name} will be 0 once ip_vs is loaded"),
        None => return None,
    };
    let good = director.sysctls.get(name).is_some_and(|value| value == wanted);
    Some(here(good, rule, words, || set(name, wanted)))
}

fn set(name: &str, value: &str) -> Vec<Step> {
    let mut steps = vec![
        Step::shell(HERE, [format!("sysctl -w {name}={value}")]),
        Step::new(HERE, Kind::File("/etc/sysctl.d/mpp.conf".into()), [format!("{name} = {value}")]),
    ];
    if name.starts_with("net.ipv4.vs.") {
        // At boot switches are set once modules are loaded: it must be one of these.
        steps.insert(0, Step::shell(HERE, ["modprobe ip_vs"]));
        steps.push(load_at_boot());
    }
    steps
}

fn rp_filter(director: &Director) -> Option<Judgement> {
    let name = "net.ipv4.conf.all.rp_filter";
    let value = director.sysctls.get(name)?;
    Some(here(value != "1", &RP_FILTER, format!("{name} is {value}"), || set(name, "2")))
}
