//! Anomalies into the database: the pipeline's columns only, never those that people write.

use rusqlite::{OptionalExtension, Transaction, params};

use crate::anomaly::{
    ANOMALY_TEXT_BYTES_MAX as TEXT_BYTES_MAX, AnomalyRow, AnomalyState, EXAMPLES_MAX, FACTS_MAX,
    FINDINGS_MAX, FindingRow, Severity,
};
use crate::error::Fault;
use crate::word;

/// Writes an anomaly and appends its findings.
pub(super) fn put(
    transaction: &Transaction<'_>,
    tenant: &str,
    row: &AnomalyRow,
) -> Result<(), Fault> {
    let known: Option<u64> = transaction
        .prepare_cached("SELECT findings FROM anomaly WHERE tenant = ?1 AND id = ?2")?
        .query_row([tenant, &row.id], |row| row.get(0))
        .optional()?;
    let before = known.unwrap_or(0);
    upsert(transaction, tenant, row, before + row.findings.len() as u64)?;
    put_findings(transaction, tenant, row, before)?;
    if known.is_none() {
        close_if_normal(transaction, tenant, row)?;
    }
    Ok(())
}

fn upsert(
    transaction: &Transaction<'_>,
    tenant: &str,
    row: &AnomalyRow,
    findings: u64,
) -> Result<(), Fault> {
    let mut statement = transaction.prepare_cached(
        "INSERT INTO anomaly (tenant, id, source, state, severity, opened_ms, updated_ms,
             resolved_ms, bits, template, template_id, sentence, detectors, pattern,
             before_per_minute, now_per_minute, evidence, examples, findings)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)
         ON CONFLICT DO UPDATE SET source = excluded.source, state = excluded.state,
             severity = excluded.severity, opened_ms = excluded.opened_ms,
             updated_ms = excluded.updated_ms, resolved_ms = excluded.resolved_ms,
             bits = excluded.bits, template = excluded.template,
             template_id = excluded.template_id, sentence = excluded.sentence,
             detectors = excluded.detectors, pattern = excluded.pattern,
             before_per_minute = excluded.before_per_minute,
             now_per_minute = excluded.now_per_minute, evidence = excluded.evidence,
             examples = excluded.examples, findings = excluded.findings",
    )?;
    let cut = |text| word::cut(text, TEXT_BYTES_MAX);
    let facts = row.evidence.iter().take(FACTS_MAX);
    let facts: Vec<(&str, &str)> = facts.map(|(name, value)| (cut(name), cut(value))).collect();
    let examples: Vec<&str> = row.examples.iter().take(EXAMPLES_MAX).map(|one| cut(one)).collect();
    statement.execute(params![
        tenant,
        row.id,
        row.source,
        word::of(AnomalyState::WORDS, row.state),
        word::of(Severity::WORDS, row.severity),
        row.opened_ms,
        row.updated_ms,
        row.resolved_ms,
        row.bits,
        cut(&row.template),
        row.template_id,
        cut(&row.sentence),
        word::list(&row.detectors),
        row.pattern,
        row.before_per_minute,
        row.now_per_minute,
        word::list(&facts),
        word::list(&examples),
        findings,
    ])?;
    Ok(())
}

fn put_findings(
    transaction: &Transaction<'_>,
    tenant: &str,
    row: &AnomalyRow,
    before: u64,
) -> Result<(), Fault> {
    let mut statement = transaction.prepare_cached(
        "INSERT INTO finding (tenant, anomaly, ordinal, end_ms, detector, bits, reason, template,
             position, summary)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?;
    for (ordinal, finding) in (before..FINDINGS_MAX).zip(&row.findings) {
        let FindingRow { end_ms, detector, bits, reason, template, position, summary } = finding;
        let template = word::cut(template, TEXT_BYTES_MAX);
        let summary = summary.as_ref().map(|text| word::cut(text, TEXT_BYTES_MAX));
        statement.execute(params![
            tenant, row.id, ordinal, end_ms, detector, bits, reason, template, position, summary
        ])?;
    }
    Ok(())
}

/// A new anomaly about something that is said to be normal is kept, closed and counted.
fn close_if_normal(
    transaction: &Transaction<'_>,
    tenant: &str,
    row: &AnomalyRow,
) -> Result<(), Fault> {
    let hit = transaction
        .prepare_cached(
            "UPDATE normal SET hits = hits + 1, hit_ms = ?4
             WHERE tenant = ?1 AND source = ?2 AND template_id = ?3",
        )?
        .execute(params![tenant, row.source, row.template_id, row.opened_ms])?;
    if hit > 0 {
        transaction
            .prepare_cached(
                "UPDATE anomaly SET (normal_by, normal_ms) =
                     (SELECT by, at_ms FROM normal
                      WHERE tenant = ?1 AND source = ?2 AND template_id = ?3)
                 WHERE tenant = ?1 AND id = ?4",
            )?
            .execute([tenant, &row.source, &row.template_id, &row.id])?;
    }
    Ok(())
}
