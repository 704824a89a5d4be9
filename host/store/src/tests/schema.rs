//! The schema: what is true of every table, and what is written about them.

use rusqlite::Connection;

use super::*;

/// Tables that are the matter of the whole installation: what was pushed once serves all tenants.
const COMMON_TABLES: [&str; 2] = ["plugin_version", "plugin_audit"];

const DOCUMENT: &str = include_str!("../../schema.md");

/// Tables of a new database with their columns: `(table, column, place in the primary key)`.
fn columns(connection: &Connection) -> Vec<(String, String, u32)> {
    let sql = "SELECT t.name, c.name, c.pk FROM pragma_table_list AS t
        JOIN pragma_table_info(t.name) AS c
        WHERE t.schema = 'main' AND t.name NOT LIKE 'sqlite_%' ORDER BY t.name, c.cid";
    let mut statement = connection.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
    rows.unwrap().collect::<Result<_, _>>().unwrap()
}

fn new_database() -> (Place, Connection) {
    let place = Place::new();
    drop(place.writer());
    let connection = Connection::open(place.path()).unwrap();
    (place, connection)
}

#[test]
fn a_tenant_stands_first_in_every_primary_key() {
    let (_place, connection) = new_database();
    let columns = columns(&connection);
    let of_all = |table: &str| COMMON_TABLES.contains(&table);
    let first: Vec<_> = columns.iter().filter(|(.., place)| *place == 1).collect();
    let (common, owned): (Vec<_>, Vec<_>) =
        first.into_iter().partition(|(table, ..)| of_all(table));
    assert!(owned.iter().all(|(_, column, _)| column == "tenant"), "{owned:?}");
    let tables: std::collections::BTreeSet<_> = columns.iter().map(|(table, ..)| table).collect();
    assert_eq!((owned.len(), common.len(), tables.len()), (16, 2, 18), "{tables:?}");
}

#[test]
fn every_table_and_column_is_described() {
    let (_place, connection) = new_database();
    for (table, column, _) in columns(&connection) {
        let section = DOCUMENT.split("\n## ").find(|part| part.starts_with(&format!("`{table}`")));
        let section = section.unwrap_or_else(|| panic!("schema.md has no section `{table}`"));
        assert!(
            section.contains(&format!("`{column}`")),
            "schema.md says nothing of {table}.{column}"
        );
    }
}

#[test]
fn the_example_queries_work() {
    let place = Place::new();
    let mut writer = place.writer();
    let mut one = checkpoint(NOON_MS);
    one.sources = vec![source(1, NOON_MS)];
    one.panes = vec![pane(1, NOON_MS, &[(1, 5)])];
    one.anomalies = vec![anomaly("a", NOON_MS)];
    one.alerts = vec![alert(&one.anomalies[0], AlertKind::Opened, &["mail"])];
    writer.commit(&one).unwrap();
    writer.audit(&plugins::audit("push", NOON_MS)).unwrap();
    let connection = Connection::open(place.path()).unwrap();
    let queries: Vec<&str> =
        DOCUMENT.split("```sql\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(queries.len() >= 3, "{queries:?}");
    for query in queries {
        let mut statement = connection.prepare(query).unwrap();
        let mut rows = statement.query([]).unwrap();
        assert!(rows.next().unwrap().is_some(), "no row for {query}");
    }
}

#[test]
fn opening_again_changes_nothing() {
    let (place, connection) = new_database();
    let schema = |connection: &Connection| -> String {
        let sql = "SELECT group_concat(sql, ';') FROM sqlite_schema";
        connection.query_row(sql, [], |row| row.get(0)).unwrap()
    };
    let before = schema(&connection);
    drop(place.writer());
    assert_eq!(schema(&connection), before);
    let mode: String =
        connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
    assert_eq!(mode, "wal");
}
