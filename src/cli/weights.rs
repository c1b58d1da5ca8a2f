//! `mpp weights`: for every virtual server who serves with which weight; or what `ipvsadm -R` takes.

use super::connect::{Daemon, Trouble, report};
use super::{print, settings, status};
use crate::config::Settings;
use crate::control::protocol::Request;
use crate::control::status::{RealServer, Status};
use crate::core::words::Role;
use crate::exit::Exit;
use crate::keepalived::plan::{Plan, Real, Service, Wanted};
use crate::keepalived::table::{self, Table};
use crate::keepalived::{ipvsadm, process};
use std::path::Path;

pub(super) fn run(config: &Path, for_ipvsadm: bool) -> Exit {
    let settings = match settings::load(config) {
        Ok(settings) => settings,
        Err(exit) => return exit,
    };
    let daemon = Daemon::with(&settings);
    let asked = daemon.ask::<Status>(&Request::Status { pool: None, follow: false });
    match (asked, for_ipvsadm) {
        (Ok(status), false) => show(&status),
        (Ok(status), true) => lines(&settings, &status),
        (Err(trouble), true) if trouble.is_silence() => stale_lines(&daemon, &settings, &trouble),
        (Err(trouble), _) => report(&trouble),
    }
}

fn show(status: &Status) -> Exit {
    let mut rows =
        vec!["VIRTUAL SERVER  NODE  DECIDED  LOADED  CONNECTIONS".split("  ").map(str::to_owned).collect()];
    for service in status.pools.iter().flat_map(|p| &p.virtual_servers) {
        rows.extend(service.real_servers.iter().map(|real| row(&service.name, real)));
    }
    print::out(&aligned(&rows));
    Exit::Done
}

fn row(service: &str, real: &RealServer) -> Vec<String> {
    let number = |n: Option<u32>| n.map_or("-".to_owned(), |n| n.to_string());
    let decided = if real.up { real.weight.to_string() } else { "DOWN".into() };
    vec![service.into(), real.node.clone(), decided, number(real.loaded_weight), number(real.connections)]
}

fn aligned(rows: &[Vec<String>]) -> String {
    let width = |column: usize| rows.iter().map(|r| r[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..rows[0].len()).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, &width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// With the daemon dead what it published last holds, as it does for `mpp-check`.
fn stale_lines(daemon: &Daemon, settings: &Settings, trouble: &Trouble) -> Exit {
    let exit = report(trouble);
    match status::last_published(daemon, &Request::Status { pool: None, follow: false }) {
        Ok((status, _)) => _ = lines(settings, &status),
        Err(failure) => print::err(&format!("mpp: {failure}")),
    }
    exit
}

fn lines(settings: &Settings, status: &Status) -> Exit {
    if let Some(pid_file) = settings.keepalived.pid_file.as_ref().filter(|file| process::runs(file)) {
        print::err(&format!(
            "mpp: keepalived runs here ({}), and never looks at what others write into the kernel's table; it has the \
             weights by its track files",
            pid_file.display()
        ));
        return Exit::No;
    }
    let plan = Plan::of(settings);
    let wanted: Vec<Wanted> = plan
        .services
        .iter()
        .flat_map(|service| {
            let pool = &settings.pools[service.pool].decision.name;
            plan.reals[service.reals.clone()].iter().map(move |real| wanted(status, pool, service, real))
        })
        .collect();
    // Without IPVS in the kernel nothing is loaded; ipvsadm loads it.
    let table = table::read(Path::new(table::PATH)).unwrap_or_else(|_| Table::default());
    let lines = ipvsadm::lines(&plan, &wanted, &table);
    if !lines.is_empty() {
        print::out(&lines.join("\n"));
    }
    Exit::Done
}

/// Who is not known to the daemon is DOWN.
fn wanted(status: &Status, pool: &str, service: &Service, real: &Real) -> Wanted {
    let node = status.pool(pool).and_then(|p| p.node(&real.name));
    let verdict = node.and_then(|n| n.verdicts.get(Role::word(service.role)));
    verdict.map_or(Wanted { up: false, weight: 0 }, |v| Wanted { up: v.up, weight: real.weight(v.weight) })
}
