//! The seed's table: one block a pool, columns aligned, colour only on a terminal.

use super::look::Look;
use crate::control::status::{Checkpoint, Node, Peer, Pool, Status, Trouble, VirtualServer};
use crate::core::trouble::Kind;
use jiff::{Timestamp, tz::TimeZone};
use std::fmt::Write;

const HEADER: [&str; 7] =
    ["T", "Server Name", "Req", "Time of Last Request", "Status", "State", "Last Status Message"];

/// The table of a status, newline at the end.
pub(super) fn render(status: &Status, colour: bool) -> String {
    let mut out = String::new();
    if status.daemon.stale {
        let note = format!(
            "STALE: mppd (pid {}) does not answer; this is what it published last",
            status.daemon.pid
        );
        _ = writeln!(out, "{}", paint(&note, "1;31", colour));
    }
    let nodes: Vec<[String; 7]> = status.pools.iter().flat_map(pool_rows).collect();
    let peers: Vec<[String; 7]> = status.peers.iter().map(peer).collect();
    let widths = widths(nodes.iter().chain(&peers));
    _ = writeln!(out, "{}", line(&HEADER.map(str::to_owned), &widths, false));
    let mut rows = nodes.iter();
    for pool in &status.pools {
        _ = writeln!(out, "{}", paint(&pool_line(pool), "1", colour));
        let mut next = |out: &mut String| {
            if let Some(row) = rows.next() {
                _ = writeln!(out, "{}", line(row, &widths, colour));
            }
        };
        for node in &pool.nodes {
            next(&mut out);
            pool.checkpoints_of(Some(&node.name)).for_each(|c| checkpoint(&mut out, c, widths[1], colour));
        }
        pool.virtual_servers.iter().for_each(|_| next(&mut out));
        pool.checkpoints_of(None).for_each(|c| checkpoint(&mut out, c, widths[1], colour));
        let differ = pool.troubles.iter().filter(|trouble| trouble.kind == Kind::Disagreement.word());
        differ.for_each(|trouble| disagreement(&mut out, trouble, widths[1], colour));
    }
    for row in &peers {
        _ = writeln!(out, "{}", line(row, &widths, colour));
    }
    out
}

fn pool_line(pool: &Pool) -> String {
    let mut text = format!("*  [ {} ] status={} epoch={}", pool.name, pool.status, pool.epoch);
    if pool.active.is_none() {
        text.push_str(" active=none");
    }
    if !pool.flags.is_empty() {
        _ = write!(text, " flags={}", pool.flags.join(","));
    }
    text
}

fn pool_rows(pool: &Pool) -> impl Iterator<Item = [String; 7]> {
    pool.nodes.iter().map(cells).chain(pool.virtual_servers.iter().map(virtual_server))
}

/// `C  OK 0           2026-11-22 15:36:07  external:http:www.example.com:default`, and why it does not answer.
fn checkpoint(out: &mut String, checkpoint: &Checkpoint, width: usize, colour: bool) {
    let status = format!("{} {}", checkpoint.status, checkpoint.req);
    let status = paint(&format!("{status:width$}"), shade(&checkpoint.status), colour);
    let time = checkpoint.last_request.as_deref().map_or("never".into(), local_time);
    let message = if checkpoint.message == "--" { "" } else { &checkpoint.message };
    let line = format!("C  {status}  {time:19}  {}  {message}", checkpoint.id);
    _ = writeln!(out, "{}", line.trim_end());
}

/// `D  alert  --  lb2 has db2 for ACTIVE (epoch 3), here it is db1 (epoch 2); ...`: what other directors see differently.
fn disagreement(out: &mut String, trouble: &Trouble, width: usize, colour: bool) {
    let severity = paint(&format!("{:width$}", trouble.severity), "1;31", colour);
    let help = trouble.help.as_ref().map_or(String::new(), |help| format!("; {help}"));
    _ = writeln!(out, "D  {severity}  {:19}  {}{help}", "--", trouble.words);
}

/// `D  lb2  --  --  OK  same site  answers`: another director.
fn peer(peer: &Peer) -> [String; 7] {
    let status = match peer.reachable {
        Some(true) => "OK",
        Some(false) => "FAIL",
        None => "--",
    };
    let words = peer.words().to_owned();
    ["D".into(), peer.name.clone(), "--".into(), "--".into(), status.into(), peer.site().into(), words]
}

/// `V  192.168.2.1:3306  ...  OK  rw  mysql-rw: db1 weight 1, 12 connections`.
fn virtual_server(service: &VirtualServer) -> [String; 7] {
    let (status, message) = match (service.faults.first(), service.loaded) {
        (Some(fault), _) => ("FAIL", fault.clone()),
        (None, None) => ("--", format!("{}: the kernel's table has not been read yet", service.name)),
        (None, Some(_)) => ("OK", format!("{}: {}", service.name, service.loaded_words())),
    };
    let (none, role) = (|| "--".to_owned(), service.role.clone());
    ["V".into(), service.address.clone(), none(), none(), status.into(), role, message]
}

fn cells(node: &Node) -> [String; 7] {
    let drained = if node.drained { "drained; " } else { "" };
    // Where it answers there is a way.
    let cut = node.cut.as_ref().filter(|_| node.round_trip_ms.is_none());
    let cut = cut.map_or(String::new(), |cut| format!("; the way to it is cut: {cut}"));
    [
        node.kind.chars().take(1).collect(),
        node.address.clone(),
        node.req.to_string(),
        node.last_request.as_deref().map_or("never".into(), local_time),
        node.status.clone(),
        node.state.clone(),
        format!("{drained}{}{cut}", node.message),
    ]
}

/// `2026-11-22 15:36:02`, in the time zone of whoever reads it.
fn local_time(rfc3339: &str) -> String {
    match rfc3339.parse::<Timestamp>() {
        Ok(time) => time.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string(),
        Err(_) => rfc3339.to_owned(),
    }
}

fn widths<'r>(rows: impl Iterator<Item = &'r [String; 7]>) -> [usize; 7] {
    let mut widths = HEADER.map(str::len);
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    widths
}

fn line(row: &[String; 7], widths: &[usize; 7], colour: bool) -> String {
    let mut out = String::new();
    for (column, (cell, &width)) in row.iter().zip(widths).enumerate() {
        match column {
            6 => out.push_str(cell),
            4 | 5 => out.push_str(&paint(&format!("{cell:width$}  "), shade(cell), colour)),
            _ => _ = write!(out, "{cell:width$}  "),
        }
    }
    out.trim_end().to_owned()
}

fn shade(word: &str) -> &'static str {
    match Look::of_state(word) {
        Look::Good => "32",
        Look::Doubtful => "33",
        Look::Bad => "1;31",
        _ => "0",
    }
}

fn paint(text: &str, shade: &str, colour: bool) -> String {
    if colour { format!("\x1b[{shade}m{text}\x1b[0m") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_another_director_sees_differently_stands_in_the_pools_block() {
        let words = "lb2 has db2 for ACTIVE (epoch 3), here it is db1 (epoch 3)";
        let disagreement = Trouble {
            kind: Kind::Disagreement.word().into(),
            node: None,
            severity: "alert".into(),
            words: words.into(),
            help: Some("mpp switchover db --to db2".into()),
        };
        let pool = Pool { name: "db".into(), troubles: vec![disagreement], ..Pool::default() };
        let table = render(&Status { pools: vec![pool], ..Status::default() }, false);
        let line = table.lines().last().unwrap_or_default();
        assert!(line.starts_with("D  alert  "), "{table}");
        assert!(line.ends_with(&format!("{words}; mpp switchover db --to db2")), "{table}");
    }
}
