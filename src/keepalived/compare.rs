//! How what the kernel has loaded differs from what was decided.

use super::asked::Marks;
use super::plan::{Decided, Real, Service, Wanted};
use super::table::{Loaded, Table};
use crate::config::Method;
use crate::core::time::Duration;
use crate::core::words::Role;
use std::collections::HashSet;
use std::fmt;
use std::net::SocketAddr;

/// So many rounds of checks, and so long besides, may go by without a question: a reload of keepalived takes time.
const ROUNDS: u32 = 3;
const GRACE: Duration = Duration::from_secs(5);

/// What the kernel had at one moment, seen through a plan.
#[derive(Debug, Default)]
pub struct Picture {
    /// Whether the kernel has the virtual server, by its place in the plan.
    pub services: Vec<bool>,
    /// Weight and established connections, by the places of the real servers; `None`: not loaded.
    pub reals: Vec<Option<(u32, u32)>>,
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Difference {
    /// The virtual server, by its place in the plan.
    pub service: usize,
    /// Of what kind.
    pub what: What,
}

/// Kinds of differences.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum What {
    /// The virtual server is not there.
    NoService,
    /// UP, and not loaded.
    Missing(usize),
    /// DOWN, and loaded.
    Present(usize),
    /// UP, and loaded with this weight instead of the one decided.
    Weight(usize, u32),
    /// Loaded with another way of forwarding.
    Forward(usize, String),
    /// keepalived's checks have not asked for it for so many seconds.
    Unasked(usize, u64),
    /// A real server that is none of the pool's nodes.
    Stranger(SocketAddr),
}

/// The picture, and how it differs.
pub fn compare(decided: &Decided, table: &Table) -> (Picture, Vec<Difference>) {
    let plan = &decided.plan;
    let mut picture = Picture { services: Vec::new(), reals: vec![None; plan.reals.len()] };
    let mut differences = Vec::new();
    for (place, service) in plan.services.iter().enumerate() {
        let loaded = table.0.get(&service.address);
        picture.services.push(loaded.is_some());
        let mut note = |what| differences.push(Difference { service: place, what });
        let Some(loaded) = loaded else {
            note(What::NoService);
            continue;
        };
        for real in service.reals.clone() {
            let found = loaded.get(&plan.reals[real].address);
            picture.reals[real] = found.map(|l| (l.weight, l.active));
            if let Some(what) = judge(service, real, &plan.reals[real], decided.wanted[real], found) {
                note(what);
            }
        }
        let reals = plan.reals[service.reals.clone()].iter().map(|real| real.address);
        let known: HashSet<SocketAddr> = reals.chain(service.sorry_server).collect();
        loaded.keys().filter(|at| !known.contains(at)).for_each(|at| note(What::Stranger(*at)));
    }
    (picture, differences)
}

/// Real servers that keepalived's checks asked for once, and for long no more, at `now_ns` of CLOCK_BOOTTIME.
pub fn unasked(decided: &Decided, marks: &Marks, now_ns: u64) -> Vec<Difference> {
    let plan = &decided.plan;
    let service = |(place, service): (usize, &Service)| {
        let bound = service.delay_loop * ROUNDS + GRACE;
        let silence = |real: usize| {
            let mark = marks.at(plan.reals[real].mark)?;
            let silence = Duration::from_nanos(now_ns.saturating_sub(mark));
            let what = What::Unasked(real, silence.as_secs());
            (silence > bound).then_some(Difference { service: place, what })
        };
        service.reals.clone().filter_map(silence).collect::<Vec<_>>()
    };
    plan.services.iter().enumerate().flat_map(service).collect()
}

fn judge(
    service: &Service,
    place: usize,
    real: &Real,
    wanted: Wanted,
    found: Option<&Loaded>,
) -> Option<What> {
    match (wanted.up, found) {
        (false, None) => None,
        // Old connections may finish (inhibit_on_failure): nothing against it but where they write.
        (false, Some(loaded)) if loaded.weight == 0 && service.role != Role::Rw => None,
        (false, Some(_)) => Some(What::Present(place)),
        // It may be the sorry server as well.
        (true, None) => Some(What::Missing(place)),
        (true, Some(loaded)) if loaded.weight != u32::from(wanted.weight) => {
            Some(What::Weight(place, loaded.weight))
        }
        (true, Some(loaded)) if !forwards(real.method, &loaded.forward) => {
            Some(What::Forward(place, loaded.forward.clone()))
        }
        (true, Some(_)) => None,
    }
}

/// The kernel says `Local` of any server on the director itself.
fn forwards(method: Method, word: &str) -> bool {
    word == "Local" || word == kernels_word(method)
}

fn kernels_word(method: Method) -> &'static str {
    match method {
        Method::Nat => "Masq",
        Method::Dr => "Route",
        Method::Tun => "Tunnel",
    }
}

/// A difference in words: what is, and what helps.
pub struct InWords<'a>(pub &'a Decided, pub &'a Difference);

impl fmt::Display for InWords<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let InWords(decided, difference) = self;
        let plan = &decided.plan;
        let service = &plan.services[difference.service];
        write!(out, "virtual server {} {}: ", service.name, service.address)?;
        match &difference.what {
            What::NoService => out.write_str(
                "not in the kernel's table: keepalived does not have it; mpp keepalived check, then reload keepalived",
            ),
            What::Missing(real) => write!(
                out,
                "{} is UP and the kernel does not have it: keepalived's own check of it fails or no longer runs; see its \
                 log, then reload keepalived",
                plan.reals[*real].name
            ),
            What::Present(real) => write!(
                out,
                "{} is DOWN and the kernel still has it: keepalived neither watches its track file nor runs its check; \
                 reload keepalived",
                plan.reals[*real].name
            ),
            What::Weight(real, loaded) => write!(
                out,
                "{} has weight {loaded} in the kernel and not {}: keepalived no longer watches the track files; reload \
                 keepalived",
                plan.reals[*real].name, decided.wanted[*real].weight
            ),
            What::Forward(real, loaded) => write!(
                out,
                "{} is forwarded by {loaded} in the kernel and not by {}; mpp keepalived diff",
                plan.reals[*real].name,
                kernels_word(plan.reals[*real].method)
            ),
            What::Unasked(real, seconds) => write!(
                out,
                "keepalived has not run its check of {} for {seconds}s: it may not be put in when it comes UP, or by its \
                 track file alone; see that mpp-check can be run, then reload keepalived",
                plan.reals[*real].name
            ),
            What::Stranger(address) => write!(
                out,
                "{address} serves beside the pool's nodes and nobody decides about it; remove it, or add it to mpp.yaml"
            ),
        }
    }
}

impl What {
    /// The real server it is about, by its place in the plan.
    pub fn real(&self) -> Option<usize> {
        match self {
            What::NoService | What::Stranger(_) => None,
            What::Missing(real)
            | What::Present(real)
            | What::Weight(real, _)
            | What::Forward(real, _)
            | What::Unasked(real, _) => Some(*real),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keepalived::plan::Plan;
    use std::sync::Arc;

    fn decided(wanted: &[(bool, u8)]) -> Decided {
        let plan = Plan::sample(u8::try_from(wanted.len()).unwrap());
        let wanted = wanted.iter().map(|&(up, weight)| Wanted { up, weight }).collect();
        Decided { generation: 1, plan: Arc::new(plan), wanted }
    }

    fn table(loaded: &[(u8, u32, &str)]) -> Table {
        let real = |&(n, weight, forward): &(u8, u32, &str)| {
            (([192, 0, 2, 10 + n], 3306).into(), Loaded { forward: forward.into(), weight, active: 4 })
        };
        Table([(([192, 0, 2, 1], 3306).into(), loaded.iter().map(real).collect())].into())
    }

    fn found(decided: &Decided, table: &Table) -> Vec<What> {
        compare(decided, table).1.into_iter().map(|d| d.what).collect()
    }

    #[test]
    fn what_is_as_decided_is_no_difference() {
        let decided = decided(&[(true, 1), (false, 1), (true, 0)]);
        let table = table(&[(0, 1, "Masq"), (2, 0, "Local")]);
        assert_eq!(found(&decided, &table), []);
        let (picture, _) = compare(&decided, &table);
        assert_eq!(picture.services, [true]);
        assert_eq!(picture.reals, [Some((1, 4)), None, Some((0, 4))]);
    }

    #[test]
    fn who_was_asked_for_once_and_for_long_no_more_is_told() {
        let decided = decided(&[(true, 1), (false, 1), (true, 1)]);
        const SECOND: u64 = 1_000_000_000;
        let marks = Marks::of(&[100 * SECOND, 0, 0, 107 * SECOND, 0, 0, 0, 0, 0]);
        assert_eq!(unasked(&decided, &marks, 105 * SECOND), [], "a reload takes time");
        let silent = unasked(&decided, &marks, 108 * SECOND);
        assert_eq!(silent, [Difference { service: 0, what: What::Unasked(0, 8) }]);
        assert_eq!(unasked(&decided, &Marks::default(), 108 * SECOND), [], "never asked: nothing to miss");
    }

    #[test]
    fn each_difference_has_its_kind_and_its_words() {
        let decided = decided(&[(true, 5), (false, 1)]);
        let words = |table: &Table| {
            let (_, differences) = compare(&decided, table);
            differences.iter().map(|d| InWords(&decided, d).to_string()).collect::<Vec<_>>().join("\n")
        };
        for (loaded, wanted) in [
            (vec![], "db0 is UP and the kernel does not have it"),
            (vec![(0, 5, "Masq"), (1, 1, "Masq")], "db1 is DOWN and the kernel still has it"),
            (vec![(0, 5, "Masq"), (1, 0, "Masq")], "db1 is DOWN and the kernel still has it"),
            (vec![(0, 1, "Masq")], "db0 has weight 1 in the kernel and not 5"),
            (vec![(0, 5, "Route")], "db0 is forwarded by Route in the kernel and not by Masq"),
            (vec![(0, 5, "Masq"), (9, 1, "Masq")], "192.0.2.19:3306 serves beside the pool's nodes"),
        ] {
            let said = words(&table(&loaded));
            assert!(
                said.starts_with("virtual server vs 192.0.2.1:3306: ") && said.contains(wanted),
                "{said}"
            );
            assert_eq!(said.lines().count(), 1, "{said}");
        }
        assert!(words(&Table::default()).contains("not in the kernel's table"));
    }
}
