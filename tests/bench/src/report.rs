//! The table on the screen and the file beside it.

use crate::chart::{Group, draw};
use crate::matching::SPLIT;
use crate::rounds::{ROUNDS, Rounds};
use anyhow::{Context, Result};
use serde::Serialize;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// What the picture shows: work, end of the case, unit, title. Where a case was measured for several sets, the first.
const CHARTED: [(&str, &str, &str, &str); 2] = [
    ("match", " natural warm", "MB/s", "All patterns that ship, on lines of public logs; one core"),
    (
        "mine",
        "HDFS bodies",
        "lines/s",
        "Mining templates of HDFS messages; lines per second of one core",
    ),
];

/// What was measured, as it stands in a row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Title<'a> {
    /// The part of bellwether.
    pub(crate) work: &'static str,
    /// What it was given.
    pub(crate) case: &'a str,
    /// What it is held against.
    pub(crate) peer: Option<&'static str>,
    /// Of both figures.
    pub(crate) unit: &'static str,
}

/// A row, as programs read it.
#[derive(Debug, Serialize)]
struct Row {
    work: &'static str,
    case: String,
    peer: Option<&'static str>,
    unit: &'static str,
    ours: f64,
    theirs: Option<f64>,
    ratio_median: Option<f64>,
    ratio_min: Option<f64>,
    ratio_max: Option<f64>,
}

/// All rows so far; each is shown as soon as it is there.
pub(crate) struct Report {
    rows: Vec<Row>,
}

impl Report {
    /// Shows the head of the table.
    pub(crate) fn begin() -> Self {
        println!(
            "wall clock (match and mine: processor time), medians of {ROUNDS} rounds or fewer; the ratio is ours / the \
             peer's, round by round\n"
        );
        let head = ["work", "case", "unit", "ours", "peer", "peer's", "ratio", "min", "max"];
        println!("{}", aligned(&head.map(String::from)));
        Report { rows: Vec::new() }
    }

    /// Adds a row.
    pub(crate) fn push(&mut self, title: Title<'_>, rounds: &Rounds) {
        let Title { work, case, peer, unit } = title;
        let ratio = rounds.ratio();
        let row = Row {
            work,
            case: case.to_owned(),
            peer,
            unit,
            ours: rounds.ours().median,
            theirs: rounds.theirs().map(|theirs| theirs.median),
            ratio_median: ratio.map(|ratio| ratio.median),
            ratio_min: ratio.map(|ratio| ratio.min),
            ratio_max: ratio.map(|ratio| ratio.max),
        };
        println!("{}", aligned(&cells(&row)));
        self.rows.push(row);
    }

    /// Says what was measured with.
    pub(crate) fn say(&self, what: &str) {
        println!("{what}");
    }

    /// Says what cannot be measured here, and what would change that.
    pub(crate) fn skip(&mut self, what: &str, mend: &str) {
        println!("left out: {what}; {mend}");
    }

    /// Writes the file.
    pub(crate) fn write(&self) -> Result<()> {
        let folder = target_folder(env::var_os("CARGO_TARGET_DIR").map(PathBuf::from));
        let path = folder.join("bench.json");
        let failed = || format!("cannot write `{}`; check its folder", path.display());
        fs::create_dir_all(&folder).with_context(failed)?;
        let text = serde_json::to_string_pretty(&self.rows)?;
        fs::write(&path, text + "\n").with_context(failed)?;
        println!("\nwrote {}", path.display());
        let groups = self.groups();
        if groups.len() == CHARTED.len() {
            let path = folder.join("bench.svg");
            fs::write(&path, draw(&groups)).with_context(failed)?;
            println!("wrote {}", path.display());
        }
        Ok(())
    }

    /// What the picture shows, as far as it was measured.
    fn groups(&self) -> Vec<Group> {
        let group = |&(work, case, unit, title): &(&str, &str, &'static str, &str)| {
            let is_its =
                |row: &&Row| row.work == work && row.case.ends_with(case) && row.unit == unit;
            let rows: Vec<&Row> = self.rows.iter().filter(is_its).collect();
            let mut bars = vec![("bellwether".to_owned(), rows.first()?.ours)];
            // The end of a line is what a scan looks for at least; it is no match.
            let is_peer = |row: &&&Row| row.case == rows[0].case && row.peer != Some(SPLIT);
            let peers = rows.iter().filter(is_peer);
            bars.extend(peers.filter_map(|row| Some((row.peer?.to_owned(), row.theirs?))));
            Some(Group { title: title.to_owned(), unit, bars })
        };
        CHARTED.iter().filter_map(group).collect()
    }
}

/// Where cargo builds.
fn target_folder(named: Option<PathBuf>) -> PathBuf {
    let package = crate::program::package();
    let root = package.ancestors().nth(2).unwrap_or(Path::new(""));
    let usual = || root.join("target");
    named.filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(usual)
}

fn cells(row: &Row) -> [String; 9] {
    let figure = |figure: Option<f64>| figure.map_or("-".into(), figure_text);
    let ratio = |ratio: Option<f64>| ratio.map_or("-".into(), |ratio| format!("{ratio:.2}"));
    [
        row.work.into(),
        row.case.clone(),
        row.unit.into(),
        figure(Some(row.ours)),
        row.peer.unwrap_or("-").into(),
        figure(row.theirs),
        ratio(row.ratio_median),
        ratio(row.ratio_min),
        ratio(row.ratio_max),
    ]
}

/// A figure with about three digits that mean something.
fn figure_text(figure: f64) -> String {
    match figure.abs() {
        100.0.. => format!("{figure:.0}"),
        10.0.. => format!("{figure:.1}"),
        _ => format!("{figure:.2}"),
    }
}

/// Text on the left of its column, numbers on the right.
fn aligned(cells: &[String; 9]) -> String {
    let [work, case, unit, ours, peer, theirs, ratio, min, max] = cells;
    format!(
        "{work:<9} {case:<26} {unit:<12} {ours:>9}  {peer:<14} {theirs:>9} {ratio:>7} {min:>7} {max:>7}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(theirs: Option<f64>) -> Row {
        Row {
            work: "stage",
            case: "matching".into(),
            peer: theirs.map(|_| "one by one"),
            unit: "ns/line",
            ours: 250.4,
            theirs,
            ratio_median: theirs.map(|theirs| 250.4 / theirs),
            ratio_min: theirs.map(|_| 0.1),
            ratio_max: theirs.map(|_| 0.3),
        }
    }

    #[test]
    fn figures_keep_the_digits_that_mean_something() {
        let cases =
            [(1234.56, "1235"), (100.0, "100"), (99.96, "100.0"), (5.0, "5.00"), (0.0, "0.00")];
        for (figure, expected) in cases {
            assert_eq!(figure_text(figure), expected);
        }
    }

    #[test]
    fn rows_with_and_without_a_peer() {
        let cases = [
            (Some(1000.0), ["250", "one by one", "1000", "0.25", "0.10", "0.30"]),
            (None, ["250", "-", "-", "-", "-", "-"]),
        ];
        for (theirs, expected) in cases {
            assert_eq!(cells(&row(theirs))[3..], expected.map(String::from));
        }
    }

    #[test]
    fn programs_find_every_field_and_null_where_there_is_no_peer() {
        let value = serde_json::to_value(row(None)).expect("a row is plain");
        for name in ["peer", "theirs", "ratio_median", "ratio_min", "ratio_max"] {
            assert!(value.get(name).is_some_and(serde_json::Value::is_null), "{name}");
        }
        assert_eq!((&value["case"], &value["ours"]), (&"matching".into(), &250.4.into()));
    }

    #[test]
    fn the_file_lies_where_cargo_builds() {
        for (named, ending) in
            [(Some("elsewhere"), "elsewhere"), (Some(""), "target"), (None, "target")]
        {
            let folder = target_folder(named.map(PathBuf::from));
            assert!(folder.ends_with(ending), "{named:?}: {}", folder.display());
        }
    }
}
