//! Housekeeping in small steps, between commits: roll-up, retention by age and size, giving room back.

use rusqlite::{Connection, Transaction};

use super::{StoreOptions, Writer, rollup, transact, trim};
use crate::error::{Fault, StoreError};
use crate::reader::pages;
use crate::retention::{Grain, Horizon};

/// Rows that one call rolls up or deletes at most, shared by the tenants: some ten milliseconds.
const ROWS_MAX: u64 = 5_000;

/// What every tenant may have at least, however many there are.
const TENANT_ROWS_MIN: u64 = 100;

/// Anomalies, sources or templates that one call deletes at most, each of them several rows in several tables.
const THINGS_MAX: u64 = 200;

/// Free pages that stay in the file for what comes next, as a part of it and at least, and how many a call gives back.
const SPARE_PART: u64 = 8;
const SPARE_PAGES_MIN: u64 = 256;
const FREED_PAGES_MAX: u64 = 1_000;

const DAY_MS: u64 = 86_400_000;

/// What a call of [`Writer::maintain`] has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Maintained {
    /// Rows of counts that became part of coarser ones.
    pub counts_rolled_up: u64,
    /// Rows of counts deleted for their age.
    pub counts_aged: u64,
    /// Rows of counts deleted before their time, for the size of the file.
    pub counts_crowded_out: u64,
    /// Anomalies deleted for their age.
    pub anomalies_aged: u64,
    /// Anomalies deleted before their time, for the size of the file.
    pub anomalies_crowded_out: u64,
    /// Templates deleted for their age.
    pub templates_aged: u64,
    /// Sources deleted for their age.
    pub sources_aged: u64,
    /// Dead letters deleted for their age.
    pub dead_letters_aged: u64,
    /// Alerts deleted for their age.
    pub alerts_aged: u64,
    /// Silences deleted for their age.
    pub silences_aged: u64,
    /// Entries of the audit log deleted for their age.
    pub audits_aged: u64,
    /// Bytes of the file that are in use.
    pub used_bytes: u64,
    /// Bytes given back to the file system.
    pub freed_bytes: u64,
    /// Whether more bytes are in use than there should be, and nothing is left that may be deleted.
    pub is_too_large: bool,
    /// Whether there is more to do at once.
    pub has_more: bool,
}

impl Writer {
    /// Does a bounded piece of housekeeping, so that no commit waits for long. `now_ms` is the wall clock; everything but
    /// alerts, silences and the audit log ages by the watermark of its tenant.
    pub fn maintain(&mut self, now_ms: u64) -> Result<Maintained, StoreError> {
        let Writer { connection, options, searched_days, path, .. } = self;
        let mut work = || {
            let mut done = Maintained::default();
            let searched = transact(connection, |transaction| {
                let tenants = tenants(transaction)?;
                let mut searched = Vec::new();
                let rows_max = (ROWS_MAX / (tenants.len() as u64).max(1)).max(TENANT_ROWS_MIN);
                for (tenant, watermark_ms) in &tenants {
                    let horizon = Horizon::of(*watermark_ms, &options.retention);
                    tend(transaction, tenant, &horizon, rows_max, &mut done)?;
                    let day = watermark_ms / DAY_MS;
                    if searched_days.get(tenant) != Some(&day)
                        && search(transaction, tenant, &horizon, &mut done)?
                    {
                        searched.push((tenant.clone(), day));
                    }
                }
                settle(transaction, options, now_ms, &mut done)?;
                shrink(transaction, options, &tenants, &mut done)?;
                Ok(searched)
            })?;
            searched_days.extend(searched);
            give_back(connection, &mut done)?;
            Ok(done)
        };
        work().map_err(|fault: Fault| fault.at(path))
    }
}

fn tenants(transaction: &Transaction<'_>) -> Result<Vec<(String, u64)>, Fault> {
    let mut statement =
        transaction.prepare_cached("SELECT tenant, watermark_ms FROM tenant ORDER BY tenant")?;
    let tenants = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(tenants.collect::<Result<_, _>>()?)
}

/// What is cheap to find, because it is at the beginning of an index.
fn tend(
    transaction: &Transaction<'_>,
    tenant: &str,
    horizon: &Horizon,
    rows_max: u64,
    done: &mut Maintained,
) -> Result<(), Fault> {
    let mut left = rows_max;
    for grain in Grain::ALL {
        let aged = trim::counts(transaction, tenant, grain, horizon.counts_ms, left)?;
        done.counts_aged += aged;
        left -= aged;
    }
    let rolled_up = rollup::roll_up(transaction, tenant, horizon, left)?;
    done.counts_rolled_up += rolled_up;
    let anomalies = trim::anomalies(transaction, tenant, horizon.anomalies_ms, THINGS_MAX)?;
    done.anomalies_aged += anomalies;
    done.dead_letters_aged += trim::dead_letters(transaction, tenant, horizon.dead_letters_ms)?;
    done.has_more |= rolled_up == left || anomalies == THINGS_MAX;
    Ok(())
}

/// What only a search through whole tables finds, once in a day of event time; whether it has found all.
fn search(
    transaction: &Transaction<'_>,
    tenant: &str,
    horizon: &Horizon,
    done: &mut Maintained,
) -> Result<bool, Fault> {
    // A number of a source may be given again, so no counts may be left behind.
    let has_old = Grain::ALL.map(|grain| trim::oldest_counts(transaction, tenant, grain));
    for oldest in has_old {
        if oldest?.is_some_and(|start_ms| start_ms < horizon.counts_ms) {
            return Ok(false);
        }
    }
    let templates = trim::templates(transaction, tenant, horizon, THINGS_MAX)?;
    let sources = trim::sources(transaction, tenant, horizon, THINGS_MAX)?;
    done.templates_aged += templates;
    done.sources_aged += sources;
    let is_complete = templates < THINGS_MAX && sources < THINGS_MAX;
    done.has_more |= !is_complete;
    Ok(is_complete)
}

/// What ages by the wall clock.
fn settle(
    transaction: &Transaction<'_>,
    options: &StoreOptions,
    now_ms: u64,
    done: &mut Maintained,
) -> Result<(), Fault> {
    done.alerts_aged = trim::alerts(transaction, &options.retention, now_ms, ROWS_MAX)?;
    done.silences_aged = trim::silences(transaction, &options.retention, now_ms)?;
    done.audits_aged = trim::audits(transaction, &options.retention, now_ms, ROWS_MAX)?;
    done.has_more |= done.alerts_aged == ROWS_MAX || done.audits_aged == ROWS_MAX;
    Ok(())
}

/// Deletes before their time: the counts that are oldest for their tenant, then anomalies that are over.
fn shrink(
    transaction: &Transaction<'_>,
    options: &StoreOptions,
    tenants: &[(String, u64)],
    done: &mut Maintained,
) -> Result<(), Fault> {
    let used = |transaction| -> Result<u64, Fault> {
        let (pages, free, page_bytes) = pages(transaction)?;
        Ok((pages - free) * page_bytes)
    };
    done.used_bytes = used(transaction)?;
    if done.used_bytes <= options.size_bytes_max {
        return Ok(());
    }
    let mut oldest: Option<(u64, &str, Grain, u64)> = None;
    for (tenant, watermark_ms) in tenants {
        let horizon = Horizon::of(*watermark_ms, &options.retention);
        for grain in Grain::ALL {
            let Some(start_ms) = trim::oldest_counts(transaction, tenant, grain)? else { continue };
            let age_ms = watermark_ms.saturating_sub(start_ms);
            if start_ms < horizon.panes_ms && oldest.is_none_or(|(most, ..)| age_ms > most) {
                oldest = Some((age_ms, tenant, grain, horizon.panes_ms));
            }
        }
    }
    if let Some((_, tenant, grain, before_ms)) = oldest {
        done.counts_crowded_out = trim::counts(transaction, tenant, grain, before_ms, ROWS_MAX)?;
    } else {
        for (tenant, _) in tenants {
            done.anomalies_crowded_out +=
                trim::anomalies(transaction, tenant, i64::MAX as u64, THINGS_MAX)?;
        }
    }
    let has_deleted = done.counts_crowded_out + done.anomalies_crowded_out > 0;
    done.used_bytes = used(transaction)?;
    let is_over = done.used_bytes > options.size_bytes_max;
    done.is_too_large = is_over && !has_deleted;
    done.has_more |= is_over && has_deleted;
    Ok(())
}

/// Gives free pages back to the file system, but for those that the next commits will use.
fn give_back(connection: &Connection, done: &mut Maintained) -> Result<(), Fault> {
    let (count, free, page_bytes) = pages(connection)?;
    let surplus = free.saturating_sub((count / SPARE_PART).max(SPARE_PAGES_MIN));
    if surplus == 0 {
        return Ok(());
    }
    // Each step of the statement frees one page.
    let pages_max = surplus.min(FREED_PAGES_MAX);
    let mut statement = connection.prepare(&format!("PRAGMA incremental_vacuum({pages_max})"))?;
    let mut rows = statement.query([])?;
    while rows.next()?.is_some() {}
    done.freed_bytes = (count - pages(connection)?.0) * page_bytes;
    done.has_more |= surplus > FREED_PAGES_MAX;
    Ok(())
}
