//! One family of series, filled at the scrape and forgotten after it.

use prometheus::proto::{Counter, Gauge, LabelPair, Metric, MetricFamily, MetricType};

/// Names and values of labels.
type Labels<'a> = &'a [(&'a str, &'a str)];

/// Families in the order in which they are shown.
#[derive(Default)]
pub(super) struct Families(Vec<MetricFamily>);

/// A family that is being filled.
pub(super) struct Family<'a>(&'a mut MetricFamily);

impl Families {
    /// Begins a family of sums that only grow; its name ends with `_total`.
    pub(super) fn counter(&mut self, name: &str, help: &str) -> Family<'_> {
        self.family(name, help, MetricType::COUNTER)
    }

    /// Begins a family of values as they are now.
    pub(super) fn gauge(&mut self, name: &str, help: &str) -> Family<'_> {
        self.family(name, help, MetricType::GAUGE)
    }

    /// All families that have series.
    pub(super) fn into_filled(self) -> Vec<MetricFamily> {
        self.0.into_iter().filter(|family| !family.get_metric().is_empty()).collect()
    }

    fn family(&mut self, name: &str, help: &str, kind: MetricType) -> Family<'_> {
        let mut family = MetricFamily::default();
        family.set_name(format!("bellwether_{name}"));
        family.set_help(help.into());
        family.set_field_type(kind);
        Family(self.0.push_mut(family))
    }
}

impl Family<'_> {
    /// Adds a series.
    pub(super) fn add(&mut self, labels: Labels<'_>, value: f64) {
        let pair = |(name, value): &(&str, &str)| {
            let mut pair = LabelPair::default();
            pair.set_name((*name).into());
            pair.set_value((*value).into());
            pair
        };
        let mut metric = Metric::from_label(labels.iter().map(pair).collect());
        if self.0.get_field_type() == MetricType::COUNTER {
            let mut counter = Counter::default();
            counter.set_value(value);
            metric.set_counter(counter);
        } else {
            let mut gauge = Gauge::default();
            gauge.set_value(value);
            metric.set_gauge(gauge);
        }
        self.0.mut_metric().push(metric);
    }

    /// Adds a series with a whole number; beyond 2^53 it is rounded.
    pub(super) fn count(&mut self, labels: Labels<'_>, value: u64) {
        self.add(labels, value as f64);
    }
}
