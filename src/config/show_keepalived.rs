//! `keepalived:` as YAML, every default filled in.

use super::duration::written;
use super::lvs::{Director, Keepalived, RealServer, VirtualServer, VrrpInstance};
use super::settings::Pool;
use super::show::{Line, block, lines, text};

/// Adds the section; what stands for itself when it is left out stays out.
pub(super) fn show(out: &mut String, keepalived: &Keepalived, pools: &[Pool]) {
    out.push_str("keepalived:\n");
    lines(out, "  ", &top(keepalived));
    if !keepalived.virtual_servers.is_empty() {
        out.push_str("  virtual_servers:\n");
    }
    for server in &keepalived.virtual_servers {
        show_server(out, server, &pools[server.pool]);
    }
    if let Some(director) = &keepalived.director {
        show_director(out, director);
    }
}

fn top(keepalived: &Keepalived) -> Vec<Line> {
    let mut lines = Vec::new();
    lines.extend(keepalived.target_version.map(|version| ("target_version", text(version))));
    lines.extend(keepalived.delay_loop.map(|loops| ("delay_loop", written(loops))));
    let pid_file = keepalived.pid_file.as_ref().map_or("none".to_owned(), |path| text(path.display()));
    lines.extend([
        ("script_user", text(&keepalived.script_user)),
        ("check_path", text(keepalived.check_path.display())),
        ("pid_file", pid_file),
    ]);
    lines
}

fn show_server(out: &mut String, server: &VirtualServer, pool: &Pool) {
    let own = server_lines(server, pool);
    lines(out, "    - ", &own[..1]);
    lines(out, "      ", &own[1..]);
    let reals: Vec<_> = server.real_servers.iter().map(|real| (real, real_lines(real))).collect();
    if reals.iter().any(|(_, lines)| !lines.is_empty()) {
        out.push_str("      real_servers:\n");
    }
    for (real, lines) in reals {
        block(out, "        ", &text(&pool.decision.nodes[real.node].name), &lines);
    }
}

fn server_lines(server: &VirtualServer, pool: &Pool) -> Vec<Line> {
    let nodes = server.real_servers.iter().map(|real| &pool.decision.nodes[real.node].name);
    let mut lines = vec![
        ("name", text(&server.name)),
        ("pool", text(&pool.decision.name)),
        ("role", server.role.word().to_owned()),
        ("address", text(server.address)),
        ("nodes", list(nodes)),
        ("lvs_method", server.method.word().to_owned()),
        ("lvs_sched", server.scheduler.clone()),
        ("protocol", "TCP".to_owned()),
    ];
    lines.extend(server.delay_loop.map(|loops| ("delay_loop", written(loops))));
    lines.extend(server.persistence_timeout.map(|time| ("persistence_timeout", written(time))));
    lines.extend(server.quorum.map(|quorum| ("quorum", quorum.to_string())));
    lines.extend(server.hysteresis.map(|hysteresis| ("hysteresis", hysteresis.to_string())));
    lines.extend(server.sorry_server.map(|sorry| ("sorry_server", text(sorry))));
    lines.extend(extra(&server.extra));
    lines
}

fn real_lines(real: &RealServer) -> Vec<Line> {
    let mut lines = Vec::new();
    lines.extend(real.weight.map(|weight| ("weight", weight.to_string())));
    lines.extend(real.method.map(|method| ("lvs_method", method.word().to_owned())));
    lines.extend(extra(&real.extra));
    lines
}

fn show_director(out: &mut String, director: &Director) {
    out.push_str("  director:\n    vrrp_instances:\n");
    for instance in &director.vrrp_instances {
        let own = instance_lines(instance);
        lines(out, "      - ", &own[..1]);
        lines(out, "        ", &own[1..]);
    }
    if let Some((interface, id)) = &director.lvs_sync_daemon {
        block(out, "    ", "lvs_sync_daemon", &[("interface", text(interface)), ("id", id.to_string())]);
    }
}

fn instance_lines(instance: &VrrpInstance) -> Vec<Line> {
    let mut lines = vec![
        ("name", text(&instance.name)),
        ("interface", text(&instance.interface)),
        ("virtual_router_id", instance.virtual_router_id.to_string()),
        ("priority", instance.priority.to_string()),
        ("advert_int", written(instance.advert_int)),
        ("unicast_src_ip", text(instance.unicast_src_ip)),
        ("unicast_peer", list(&instance.unicast_peer)),
        ("virtual_ipaddress", list(instance.virtual_ipaddress.iter().map(|address| &address.words))),
    ];
    lines.extend(extra(&instance.extra));
    lines
}

fn extra(lines: &[String]) -> Option<Line> {
    (!lines.is_empty()).then(|| ("extra", list(lines)))
}

fn list(items: impl IntoIterator<Item = impl std::fmt::Display>) -> String {
    let items: Vec<String> = items.into_iter().map(text).collect();
    format!("[{}]", items.join(", "))
}
