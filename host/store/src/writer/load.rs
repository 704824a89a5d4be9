//! What a restarted program goes on with.

use rusqlite::{OptionalExtension, params};

use super::Writer;
use crate::checkpoint::{InputRow, Loaded, PluginStateRow, SourceRow};
use crate::error::{Fault, StoreError};
use crate::pack::Unpacker;

impl Writer {
    /// The last checkpoint of a tenant without its sources; `None` if there never was one.
    pub fn load(&mut self, tenant: &str) -> Result<Option<Loaded>, StoreError> {
        self.write(|transaction| {
            let head = transaction
                .prepare_cached("SELECT watermark_ms, intake FROM tenant WHERE tenant = ?1")?
                .query_row([tenant], |row| Ok((row.get(0)?, row.get::<_, Vec<u8>>(1)?)))
                .optional()?;
            let Some((watermark_ms, intake)) = head else { return Ok(None) };
            let mut unpacker = Unpacker::new();
            let mut loaded =
                Loaded { watermark_ms, intake: unpacker.unpack(&intake)?, ..Loaded::default() };
            let mut statement = transaction.prepare_cached(
                "SELECT name, position, state FROM input WHERE tenant = ?1 ORDER BY name",
            )?;
            let mut rows = statement.query([tenant])?;
            while let Some(row) = rows.next()? {
                let state = unpacker.unpack(&row.get::<_, Vec<u8>>(2)?)?;
                let (name, position) = (row.get(0)?, row.get(1)?);
                loaded.inputs.push(InputRow { name, position, state });
            }
            loaded.counters = crate::row::counters(transaction, tenant)?;
            Ok(Some(loaded))
        })
    }

    /// One source of a tenant.
    pub fn load_source(
        &mut self,
        tenant: &str,
        source: &str,
    ) -> Result<Option<SourceRow>, StoreError> {
        let mut found = None;
        self.load_some(tenant, Some(source), &mut |row| found = Some(row))?;
        Ok(found)
    }

    /// Hands over the sources of a tenant one after the other, in the order of their numbers, since all at once may be
    /// more than one wants to hold.
    pub fn load_sources(
        &mut self,
        tenant: &str,
        take: &mut dyn FnMut(SourceRow),
    ) -> Result<(), StoreError> {
        self.load_some(tenant, None, take)
    }

    fn load_some(
        &mut self,
        tenant: &str,
        only: Option<&str>,
        take: &mut dyn FnMut(SourceRow),
    ) -> Result<(), StoreError> {
        self.write(|transaction| {
            let mut unpacker = Unpacker::new();
            let mut statement = transaction.prepare_cached(
                "SELECT source, number, form, lines, first_ms, last_ms, templates, state
                 FROM source WHERE tenant = ?1 AND (?2 IS NULL OR source = ?2) AND length(state) > 0
                 ORDER BY number, source",
            )?;
            let mut plugins = transaction.prepare_cached(
                "SELECT plugin, digest, version, state FROM plugin_state
                 WHERE tenant = ?1 AND source = ?2 ORDER BY plugin",
            )?;
            let mut rows = statement.query(params![tenant, only])?;
            while let Some(row) = rows.next()? {
                let mut source = SourceRow {
                    source: row.get(0)?,
                    number: row.get(1)?,
                    form: row.get(2)?,
                    lines: row.get(3)?,
                    first_ms: row.get(4)?,
                    last_ms: row.get(5)?,
                    templates: row.get(6)?,
                    state: unpacker.unpack(&row.get::<_, Vec<u8>>(7)?)?,
                    plugins: Vec::new(),
                };
                let states = plugins.query([tenant, &source.source])?;
                source.plugins = plugin_states(states, &mut unpacker)?;
                take(source);
            }
            Ok(())
        })
    }
}

fn plugin_states(
    mut rows: rusqlite::Rows<'_>,
    unpacker: &mut Unpacker,
) -> Result<Vec<PluginStateRow>, Fault> {
    let mut states = Vec::new();
    while let Some(row) = rows.next()? {
        states.push(PluginStateRow {
            plugin: row.get(0)?,
            digest: row.get(1)?,
            version: row.get(2)?,
            bytes: unpacker.unpack(&row.get::<_, Vec<u8>>(3)?)?,
        });
    }
    Ok(states)
}
