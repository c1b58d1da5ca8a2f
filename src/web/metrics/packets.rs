//! Metrics of virtual servers: what is decided, and what the kernel has.

use super::sheet::{Label, Sheet, truth};
use crate::control::status::{Pool, RealServer, Status, VirtualServer};
use std::fmt;

pub(super) fn write(sheet: &mut Sheet<'_>, status: &Status) -> fmt::Result {
    let services = || status.pools.iter().flat_map(|p| p.virtual_servers.iter().map(move |v| (p, v)));
    sheet.gauge(
        "mpp_virtual_server_loaded",
        "1 if the kernel has the virtual server.",
        services().filter_map(|(p, v)| Some((of_service(p, v), truth(v.loaded?)))),
    )?;
    sheet.gauge(
        "mpp_virtual_server_faults",
        "How much of it has been otherwise than decided for too long.",
        services().map(|(p, v)| (of_service(p, v), v.faults.len() as u64)),
    )?;
    real_servers(sheet, status)
}

fn real_servers(sheet: &mut Sheet<'_>, status: &Status) -> fmt::Result {
    let reals = || {
        let services = status.pools.iter().flat_map(|p| p.virtual_servers.iter().map(move |v| (p, v)));
        services.flat_map(|(p, v)| v.real_servers.iter().map(move |r| (of_real(p, v, r), r)))
    };
    sheet.gauge(
        "mpp_real_server_up",
        "Decided: 1 if the node is UP behind this virtual server.",
        reals().map(|(labels, r)| (labels, truth(r.up))),
    )?;
    sheet.gauge(
        "mpp_real_server_weight",
        "Decided: the node's weight behind this virtual server; 0 while it is DOWN.",
        reals().map(|(labels, r)| (labels, u32::from(r.weight))),
    )?;
    sheet.gauge(
        "mpp_real_server_loaded_weight",
        "The weight that the kernel has it with; without a series while the kernel has it not.",
        reals().filter_map(|(labels, r)| Some((labels, r.loaded_weight?))),
    )?;
    sheet.gauge(
        "mpp_real_server_connections",
        "Established connections through this virtual server.",
        reals().filter_map(|(labels, r)| Some((labels, r.connections?))),
    )
}

fn of_service<'a>(pool: &'a Pool, service: &'a VirtualServer) -> [Label<'a>; 3] {
    [("pool", &pool.name), ("virtual_server", &service.name), ("role", &service.role)]
}

fn of_real<'a>(pool: &'a Pool, service: &'a VirtualServer, real: &'a RealServer) -> [Label<'a>; 4] {
    let [pool, service, role] = of_service(pool, service);
    [pool, service, role, ("node", &real.node)]
}
