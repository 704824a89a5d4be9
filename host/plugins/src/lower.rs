//! Columns of the host as the contract's, without copying them.

use std::sync::Arc;

use bellwether_core::batch::Run;
use bellwether_core::column::Column;

use crate::bindings::types;

/// Columns, borrowed.
pub(crate) fn columns(columns: &[Arc<Column>]) -> Vec<types::Column<'_>> {
    columns.iter().map(|values| column(values)).collect()
}

/// Runs. A record crosses the boundary field by field, so their copy is no loss.
pub(crate) fn runs(runs: &[Run]) -> Vec<types::Run> {
    runs.iter().map(|run| types::Run { source: run.source, rows: run.rows }).collect()
}

fn column(column: &Column) -> types::Column<'_> {
    match column {
        Column::Bits(bits) => types::Column::Bits(bits.bytes()),
        Column::U8s(values) => types::Column::U8s(values),
        Column::U32s(values) => types::Column::U32s(values),
        Column::U64s(values) => types::Column::U64s(values),
        Column::F32s(values) => types::Column::F32s(values),
        Column::F64s(values) => types::Column::F64s(values),
        Column::Text(text) => {
            types::Column::Text(types::TextColumn { bytes: &text.bytes, ends: &text.ends })
        }
    }
}
