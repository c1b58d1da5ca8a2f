//! Writing families of metrics down, series by series.

use prometheus_client::encoding::{
    DescriptorEncoder, EncodeCounterValue, EncodeGaugeValue, EncodeLabelSet, EncodeMetric,
};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use std::fmt;

/// A label: its name and its value.
pub(super) type Label<'a> = (&'static str, &'a str);

/// Of a metric that there is once.
pub(super) const NO_LABELS: [Label<'static>; 0] = [];

/// Where families are written to.
pub(super) struct Sheet<'a>(DescriptorEncoder<'a>);

impl<'a> Sheet<'a> {
    pub(super) fn new(encoder: DescriptorEncoder<'a>) -> Sheet<'a> {
        Sheet(encoder)
    }

    /// A value that goes up and down. Its name and help are told also while it has no series.
    pub(super) fn gauge<L: EncodeLabelSet, V: EncodeGaugeValue>(
        &mut self,
        name: &str,
        help: &str,
        series: impl IntoIterator<Item = (L, V)>,
    ) -> fmt::Result {
        self.family(name, help, MetricType::Gauge, series.into_iter().map(|(l, v)| (l, ConstGauge::new(v))))
    }

    /// A value that only rises; `_total` is put behind its name.
    pub(super) fn counter<L: EncodeLabelSet, V: EncodeCounterValue>(
        &mut self,
        name: &str,
        help: &str,
        series: impl IntoIterator<Item = (L, V)>,
    ) -> fmt::Result {
        let series = series.into_iter().map(|(l, v)| (l, ConstCounter::new(v)));
        self.family(name, help, MetricType::Counter, series)
    }

    fn family<L: EncodeLabelSet, M: EncodeMetric>(
        &mut self,
        name: &str,
        help: &str,
        kind: MetricType,
        series: impl Iterator<Item = (L, M)>,
    ) -> fmt::Result {
        let mut family = self.0.encode_descriptor(name, help, None, kind)?;
        for (labels, value) in series {
            value.encode(family.encode_family(&labels)?)?;
        }
        Ok(())
    }
}

/// 1 or 0.
pub(super) fn truth(is_so: bool) -> u32 {
    u32::from(is_so)
}

/// Seconds since 1970 of an RFC 3339 time; `None`: it is none.
pub(super) fn unix_seconds(time: &str) -> Option<f64> {
    let time: jiff::Timestamp = time.parse().ok()?;
    Some(time.as_duration().as_secs_f64())
}

/// 0 `OK`, 1 `OK INFO`, 2 `OK WARN`, 3 `OK CRITICAL`, 4 `FAIL`; `None`: of a later version.
pub(super) fn severity(status: &str) -> Option<u32> {
    crate::core::words::Status::from_word(status).map(|status| status as u32)
}
