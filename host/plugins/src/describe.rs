//! What a plugin says it is, checked.

use bellwether_core::plugin::{
    Descriptor, LineColumn, PatternKind, PluginPattern, Scale, SeriesColumn, WindowSpan,
};

use crate::admission::Kind;
use crate::bindings::types;
use crate::fault::Fault;
use crate::limits::Limits;
use crate::text::clean;

/// Checks a descriptor as it comes from a plugin.
pub(crate) fn descriptor(
    raw: types::Descriptor,
    kind: Kind,
    limits: &Limits,
) -> Result<Descriptor, Fault> {
    let descriptor = Descriptor {
        name: raw.name,
        version: raw.version,
        state_version: raw.state_version,
        reads_state_from: raw.reads_state_from,
        lines: raw.lines.into_iter().map(line_column).collect(),
        series: raw.series.into_iter().map(series_column).collect(),
        vector: raw.vector,
        window: raw.window.map(|span| WindowSpan { size_ms: span.size_ms, step_ms: span.step_ms }),
        scale: match raw.scale {
            types::Scale::Size => Scale::Size,
            types::Scale::Bits => Scale::Bits,
        },
        patterns: raw.patterns.into_iter().map(pattern).collect(),
        reasons: raw.reasons,
        tags: raw.tags,
        metrics: raw.metrics,
        config_schema: raw.config_schema,
    };
    check_names(&descriptor, limits).map_err(|what| Fault::bad_reply(&what))?;
    check_counts(&descriptor, limits).map_err(|what| Fault::bad_reply(&what))?;
    check_meaning(&descriptor, kind).map_err(|what| Fault::bad_reply(&what))?;
    Ok(descriptor)
}

/// Names end up in logs, metrics and addresses of the API.
fn check_names(descriptor: &Descriptor, limits: &Limits) -> Result<(), String> {
    let name = &descriptor.name;
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if name.is_empty() || !name.bytes().all(plain) {
        return Err(format!("its name `{name}` is not made of a-z, 0-9 and `-`"));
    }
    let bytes_max = limits.name_bytes_max;
    let columns = descriptor.lines.iter().filter_map(parameter);
    let patterns = descriptor.patterns.iter().map(|pattern| pattern.name.as_str());
    let lists = [&descriptor.reasons, &descriptor.tags, &descriptor.metrics];
    let names = [name.as_str(), descriptor.version.as_str()].into_iter();
    let names = names.chain(columns).chain(patterns);
    for name in names.chain(lists.into_iter().flatten().map(String::as_str)) {
        if name.is_empty() || name.len() > bytes_max || name.contains(char::is_control) {
            let name = clean(name, bytes_max);
            return Err(format!(
                "the name `{name}` is empty, odd or longer than {bytes_max} bytes"
            ));
        }
    }
    Ok(())
}

fn check_counts(descriptor: &Descriptor, limits: &Limits) -> Result<(), String> {
    let counts = [
        ("line columns", descriptor.lines.len(), limits.columns_max),
        ("series columns", descriptor.series.len(), limits.columns_max),
        ("patterns", descriptor.patterns.len(), limits.patterns_max),
        ("reasons", descriptor.reasons.len(), limits.reasons_max),
        ("tags", descriptor.tags.len(), limits.tags_max),
        ("metrics", descriptor.metrics.len(), limits.metrics_max),
        ("bytes of schema", descriptor.config_schema.len(), limits.schema_bytes_max),
    ];
    for (what, count, count_max) in counts {
        if count > count_max {
            return Err(format!("it has {count} {what}, of {count_max} allowed"));
        }
    }
    for pattern in &descriptor.patterns {
        let (bytes, bytes_max) = (pattern.expr.len(), limits.pattern_bytes_max);
        if bytes == 0 || bytes > bytes_max {
            return Err(format!(
                "its pattern `{}` has {bytes} bytes, of 1 to {bytes_max} allowed",
                pattern.name
            ));
        }
    }
    Ok(())
}

fn check_meaning(descriptor: &Descriptor, kind: Kind) -> Result<(), String> {
    if let Some(WindowSpan { size_ms, step_ms }) = descriptor.window
        && (step_ms == 0 || step_ms > size_ms)
    {
        return Err(format!("its windows of {size_ms} ms cannot step by {step_ms} ms"));
    }
    if descriptor.reads_state_from > descriptor.state_version {
        return Err("it cannot read the state that it writes".into());
    }
    let schema = serde_json::from_str::<serde_json::Value>(&descriptor.config_schema);
    if !schema.is_ok_and(|schema| schema.is_object()) {
        return Err("its configuration schema is not a JSON object".into());
    }
    let windows = !descriptor.series.is_empty() || descriptor.vector;
    match kind {
        Kind::Filter if windows => Err("it is a filter, yet wants windows".into()),
        Kind::Detector if !windows && descriptor.lines.is_empty() => {
            Err("it is a detector, yet wants no column, so it would never be asked".into())
        }
        Kind::Filter | Kind::Detector => Ok(()),
    }
}

/// The name that a column carries with it.
fn parameter(column: &LineColumn) -> Option<&str> {
    match column {
        LineColumn::Pattern(name)
        | LineColumn::Key(name)
        | LineColumn::Number(name)
        | LineColumn::Field(name) => Some(name),
        _ => None,
    }
}

fn line_column(column: types::LineColumn) -> LineColumn {
    match column {
        types::LineColumn::Position => LineColumn::Position,
        types::LineColumn::Time => LineColumn::Time,
        types::LineColumn::Window => LineColumn::Window,
        types::LineColumn::Severity => LineColumn::Severity,
        types::LineColumn::Template => LineColumn::Template,
        types::LineColumn::Message => LineColumn::Message,
        types::LineColumn::FineTemplate => LineColumn::FineTemplate,
        types::LineColumn::NoveltyKind => LineColumn::NoveltyKind,
        types::LineColumn::NoveltyBits => LineColumn::NoveltyBits,
        types::LineColumn::NoveltyWords => LineColumn::NoveltyWords,
        types::LineColumn::Length => LineColumn::Length,
        types::LineColumn::Entropy => LineColumn::Entropy,
        types::LineColumn::Text => LineColumn::Text,
        types::LineColumn::Pattern(name) => LineColumn::Pattern(name),
        types::LineColumn::Key(name) => LineColumn::Key(name),
        types::LineColumn::Number(name) => LineColumn::Number(name),
        types::LineColumn::Field(name) => LineColumn::Field(name),
    }
}

fn series_column(column: types::SeriesColumn) -> SeriesColumn {
    match column {
        types::SeriesColumn::Template => SeriesColumn::Template,
        types::SeriesColumn::Count => SeriesColumn::Count,
        types::SeriesColumn::FirstSeen => SeriesColumn::FirstSeen,
        types::SeriesColumn::Severity => SeriesColumn::Severity,
        types::SeriesColumn::Entropy => SeriesColumn::Entropy,
        types::SeriesColumn::Repeats => SeriesColumn::Repeats,
        types::SeriesColumn::Text => SeriesColumn::Text,
    }
}

fn pattern(pattern: types::Pattern) -> PluginPattern {
    let kind = match pattern.kind {
        types::PatternKind::Literal => PatternKind::Literal,
        types::PatternKind::LiteralNocase => PatternKind::LiteralNocase,
        types::PatternKind::Regex => PatternKind::Regex,
    };
    PluginPattern { name: pattern.name, kind, expr: pattern.expr }
}
