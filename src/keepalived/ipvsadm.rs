//! Lines for `ipvsadm -R`, for where no keepalived runs: what brings the kernel's table to what is decided.
//!
//! Made from what the table holds, so that doing it again does nothing. Each line says how to forward: an edit that does
//! not turns NAT into DR.

use super::plan::{Plan, Real, Service, Wanted};
use super::table::{Loaded, Table};
use crate::config::Method;
use std::fmt::Write;

/// The lines: whoever is DOWN goes before anybody comes.
pub fn lines(plan: &Plan, wanted: &[Wanted], table: &Table) -> Vec<String> {
    let mut all: Vec<(u8, String)> = Vec::new();
    for service in &plan.services {
        let loaded = table.0.get(&service.address);
        if loaded.is_none() {
            all.push((1, add_service(service)));
        }
        for place in service.reals.clone() {
            let real = &plan.reals[place];
            let found = loaded.and_then(|all| all.get(&real.address));
            all.extend(line(service, real, wanted[place], found));
        }
    }
    all.sort_by_key(|(turn, _)| *turn);
    all.into_iter().map(|(_, line)| line).collect()
}

fn add_service(service: &Service) -> String {
    let mut line = format!("-A -t {} -s {}", service.address, service.scheduler);
    if let Some(timeout) = service.persistence_timeout {
        _ = write!(line, " -p {}", timeout.as_secs());
    }
    line
}

fn line(service: &Service, real: &Real, wanted: Wanted, found: Option<&Loaded>) -> Option<(u8, String)> {
    let pair = format!("-t {} -r {}", service.address, real.address);
    let weighed = |how: &str| format!("{how} {pair} {} -w {}", flag(real.method), wanted.weight);
    match (wanted.up, found) {
        (false, None) => None,
        (false, Some(_)) => Some((0, format!("-d {pair}"))),
        (true, None) => Some((2, weighed("-a"))),
        (true, Some(loaded)) if loaded.weight == u32::from(wanted.weight) => None,
        (true, Some(_)) => Some((2, weighed("-e"))),
    }
}

fn flag(method: Method) -> &'static str {
    match method {
        Method::Nat => "-m",
        Method::Dr => "-g",
        Method::Tun => "-i",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(loaded: &[(u8, u32)]) -> Table {
        let real = |&(n, weight): &(u8, u32)| {
            (([192, 0, 2, 10 + n], 3306).into(), Loaded { forward: "Masq".into(), weight, active: 0 })
        };
        Table([(([192, 0, 2, 1], 3306).into(), loaded.iter().map(real).collect())].into())
    }

    #[test]
    fn only_what_differs_is_changed_and_who_is_down_goes_first() {
        let plan = Plan::sample(3);
        let wanted = [(true, 5), (false, 1), (true, 1)].map(|(up, weight)| Wanted { up, weight });
        let service = "-A -t 192.0.2.1:3306 -s wlc";
        let add = |n: u8, w: u8| format!("-a -t 192.0.2.1:3306 -r 192.0.2.{n}:3306 -m -w {w}");
        assert_eq!(lines(&plan, &wanted, &Table::default()), [service.to_owned(), add(10, 5), add(12, 1)]);
        assert_eq!(
            lines(&plan, &wanted, &table(&[(0, 1), (1, 1), (2, 1)])),
            ["-d -t 192.0.2.1:3306 -r 192.0.2.11:3306", "-e -t 192.0.2.1:3306 -r 192.0.2.10:3306 -m -w 5"]
        );
        assert!(lines(&plan, &wanted, &table(&[(0, 5), (2, 1)])).is_empty());
    }
}
