//! Metrics of mpp-web: what it was asked, and whom it turned away.

use super::sheet::{NO_LABELS, Sheet};
use crate::clock::{Clocks, unix_ms};
use crate::core::time::Moment;
use crate::web::counts::{Count, Counts};
use crate::web::route::Route;
use std::fmt;

/// The counts at one moment.
#[derive(Clone, Debug, Default)]
pub(super) struct Own {
    requests: Vec<(Route, u16, u64)>,
    connections: u64,
    streams: u64,
    cut: [(&'static str, u64); 4],
    totals: [(&'static str, &'static str, u64); 5],
    started: f64,
}

impl Own {
    /// As they are now.
    pub(super) fn of(counts: &Counts, started: Moment) -> Own {
        let total = |name, help, count: &Count| (name, help, count.get());
        Own {
            requests: counts.requests().collect(),
            connections: counts.connections.get(),
            streams: counts.streams.get(),
            cut: [
                ("idle", counts.cut_idle.get()),
                ("slow", counts.cut_slow.get()),
                ("stalled", counts.cut_stalled.get()),
                ("room", counts.cut_for_room.get()),
            ],
            totals: [
                total("mpp_web_accepted", "Connections accepted.", &counts.accepted),
                total("mpp_web_refused", "Connections refused: no room.", &counts.refused),
                total("mpp_web_tls_failures", "TLS handshakes that failed.", &counts.tls_failures),
                total(
                    "mpp_web_streams_dropped",
                    "Readers of /v1/stream dropped because they did not keep up.",
                    &counts.streams_dropped,
                ),
                total(
                    "mpp_web_agent_failures",
                    "Questions that mppd did not answer.",
                    &counts.agent_failures,
                ),
            ],
            started: unix_ms(Clocks::read().at(started)) as f64 / 1000.0,
        }
    }

    pub(super) fn write(&self, sheet: &mut Sheet<'_>) -> fmt::Result {
        let codes: Vec<String> = self.requests.iter().map(|(_, code, _)| code.to_string()).collect();
        let requests = self.requests.iter().zip(&codes);
        sheet.counter(
            "mpp_web_requests",
            "Requests answered.",
            requests.map(|((route, _, n), code)| ([("route", route.name()), ("code", code.as_str())], *n)),
        )?;
        sheet.gauge("mpp_web_connections", "Connections open now.", [(NO_LABELS, self.connections)])?;
        sheet.counter(
            "mpp_web_cut",
            "Connections cut, by why.",
            self.cut.map(|(reason, n)| ([("reason", reason)], n)),
        )?;
        sheet.gauge("mpp_web_streams", "Readers of /v1/stream now.", [(NO_LABELS, self.streams)])?;
        for (name, help, n) in self.totals {
            sheet.counter(name, help, [(NO_LABELS, n)])?;
        }
        sheet.gauge(
            "process_start_time_seconds",
            "When this mpp-web started, seconds since 1970.",
            [(NO_LABELS, self.started)],
        )
    }
}
