//! `global_defs`.

use super::page::Page;
use crate::config::Keepalived;

/// Whom checks run as; and the daemons that tell the other director of connections.
pub(super) fn write(page: &mut Page, keepalived: &Keepalived) {
    page.block("global_defs", |page| {
        page.comment("Programs that others than root could change are not run; mpp-check runs as this user.");
        page.line("enable_script_security");
        page.line(format_args!("script_user {}", keepalived.script_user));
        let director = keepalived.director.as_ref();
        let Some((director, (interface, id))) =
            director.and_then(|d| d.lvs_sync_daemon.as_ref().map(|s| (d, s)))
        else {
            return;
        };
        page.comment("The other director is told of connections: they survive a takeover.");
        page.line(format_args!("lvs_sync_daemon {interface} {} id {id}", director.vrrp_instances[0].name));
    });
}
