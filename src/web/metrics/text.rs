//! The two formats that Prometheus takes.

use prometheus_client::encoding::{prometheus_text, text};
use prometheus_client::registry::Registry;

/// How metrics are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// Prometheus's text format, version 0.0.4: for everyone.
    Text,
    /// OpenMetrics, version 1.0.0: for who asks for it.
    OpenMetrics,
}

impl Format {
    /// What a request's header `Accept` asks for. OpenMetrics is taken from anyone who names it: who names it, such as
    /// Prometheus, does so first.
    pub(super) fn wanted(accept: &str) -> Format {
        let named = |range: &str| {
            let mut parts = range.split(';').map(str::trim);
            let is_it =
                parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case("application/openmetrics-text"));
            is_it && !parts.any(|part| matches!(part, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
        };
        if accept.split(',').any(named) { Format::OpenMetrics } else { Format::Text }
    }

    /// The header `Content-Type` of an answer.
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Format::Text => prometheus_text::CONTENT_TYPE,
            Format::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }

    /// Everything that a registry has, in some `room` bytes: a text that grows is twice in memory.
    pub(super) fn write(self, registry: &Registry, room: usize) -> String {
        let mut written = String::with_capacity(room);
        let result = match self {
            Format::Text => prometheus_text::encode(&mut written, registry),
            Format::OpenMetrics => text::encode(&mut written, registry),
        };
        // Memory, which it is written to, refuses nothing.
        debug_assert!(result.is_ok());
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_metrics_is_for_who_asks_for_it() {
        let prometheus =
            "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1";
        assert_eq!(Format::wanted(prometheus), Format::OpenMetrics);
        for other in ["", "*/*", "text/html", "text/plain;version=0.0.4", "application/openmetrics-text;q=0"]
        {
            assert_eq!(Format::wanted(other), Format::Text, "{other}");
        }
    }
}
