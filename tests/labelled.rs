//! Public logs with known faults, where they are at hand.

use std::collections::HashSet;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use flate2::read::GzDecoder;

use crate::outcome::{argument, run, write};
use crate::program::data;

/// Replays a log and gives the number of anomalies in it.
fn check(name: &str, form: &str, records: u64) {
    let Some(log) = data(name) else { return };
    let outcome = run(&["replay", "--format", "json", &argument(&log)]).expect_code(0);
    let account = outcome.account();
    assert_eq!((account.read, account.kept), (records, records), "{name}");
    let sources = outcome.events("source");
    assert_eq!(sources.len(), 1, "{sources:?}");
    assert_eq!((&sources[0]["form"], &sources[0]["records"]), (&form.into(), &records.into()));
    assert!(!outcome.events("opened").is_empty(), "nothing stands out in {name}");
    let objects = outcome.objects();
    let times: Vec<&str> = objects.iter().filter_map(|event| event["at"].as_str()).collect();
    assert!(times.is_sorted(), "{name}: {times:?}");
}

#[test]
fn logs_with_known_faults() {
    check("inj-hdfs.log.gz", "hdfs", 222_537);
    check("inj-ads-a.log.gz", "iso", 27_413);
    check("bgl-100k.log.gz", "bgl", 100_000);
}

/// The messages of each system, without time stamps and levels.
fn messages(archive: &Path) -> Vec<(String, Vec<String>)> {
    let packed = GzDecoder::new(File::open(archive).expect("the archive is there"));
    let mut systems = Vec::new();
    for entry in tar::Archive::new(packed).entries().expect("a tar archive") {
        let mut entry = entry.expect("a whole archive");
        let path = entry.path().expect("a name").to_string_lossy().into_owned();
        if !path.contains("/original/") || !path.ends_with(".csv") {
            continue;
        }
        let mut text = String::new();
        entry.read_to_string(&mut text).expect("a table is text");
        let mut table = csv::Reader::from_reader(text.as_bytes());
        let heads = table.headers().expect("a head line");
        let column = heads.iter().position(|head| head == "Content").expect("a column of messages");
        let content = |row: csv::Result<csv::StringRecord>| row.expect("a row")[column].to_owned();
        systems.push((path, table.records().map(content).collect()));
    }
    systems
}

#[test]
fn messages_of_many_systems_are_mined() {
    let Some(archive) = data("loghub2k-dev.tar.gz") else { return };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let systems = messages(&archive);
    assert_eq!(systems.len(), 8);
    for (system, lines) in systems {
        assert_eq!(lines.len(), 2000, "{system}");
        let log = write(folder.path(), "messages.log", lines.join("\n"));
        let account = run(&["replay", "--format", "json", &log]).expect_code(0).account();
        assert!((1..=2000).contains(&account.read), "{system}: {account:?}");
        let assigned = argument(&folder.path().join("assigned.csv"));
        run(&["templates", "--raw", "--assign", &assigned, &log]).expect_code(0);
        check_assigned(&system, &assigned, lines.len());
    }
}

/// One row per line, in their order, and neither one template nor one for each line.
fn check_assigned(system: &str, assigned: &str, lines: usize) {
    let mut table = csv::Reader::from_path(assigned).expect("the file was written");
    let heads = table.headers().expect("a head line");
    assert_eq!(heads, vec!["line", "template_id", "template"]);
    let (mut templates, mut texts, mut rows) = (HashSet::new(), HashSet::new(), 0);
    for row in table.records() {
        let row = row.expect("a row");
        rows += 1;
        assert_eq!(row[0], rows.to_string(), "{system}");
        templates.insert(row[1].to_owned());
        texts.insert((row[1].to_owned(), row[2].to_owned()));
    }
    assert_eq!(rows, lines, "{system}");
    assert!((2..1000).contains(&templates.len()), "{system}: {} templates", templates.len());
    assert_eq!(texts.len(), templates.len(), "{system}: a template has one text");
}
