//! What a sentence shows of a line in which something is new: what it says, not who says it when.

use super::*;
use crate::correlate::Correlator;
use crate::form::{Form, Reference};

/// The sentence about a single line of a form in an old source.
fn sentence(form: Form, line: &str) -> String {
    let mut lane = lane_of(vec![Fake::observing(|lines| {
        let Column::Text(texts) = &*lines.columns[0] else { panic!("texts were wanted") };
        let odd = (0..lines.rows()).filter(|row| texts.row(*row) != b"usual line");
        let mark = |row| Mark { row: row as u32, channel: 0, score: 5.0, code: 1, token: 7 };
        Some(Scores { marks: odd.map(mark).collect(), ..silence()? })
    })]);
    age(&mut lane, 0, 1000);
    let mut record = Record::default();
    assert!(form.parse(line.as_bytes(), &Reference { time_ms: BEGIN_MS as i64 }, &mut record));
    record.text = line.into();
    let mut builder = BatchBuilder::default();
    builder.push(0, (BEGIN_MS + 1000 * MINUTE) as i64, &record);
    lane.step(Input::Records(builder.seal()));
    let reports = tick(&mut lane, 1000);
    let mut correlator = Correlator::new(Settings::default());
    correlator.learn_source(0, "file:app");
    correlator.score(&reports[0]).sentence
}

#[test]
fn what_stands_in_front_of_a_message_is_not_shown() {
    for (form, line, shown) in [
        (
            Form::Combined,
            r#"203.0.113.9 - - [02/Mar/2026:16:40:00 +0000] "GET /etc/passwd?a=b HTTP/1.1" 404 9"#,
            "GET /etc/passwd client-error",
        ),
        (
            Form::Json,
            r#"{"time":"2026-03-02T16:40:00Z","level":"warn","host":"web-1","msg":"out of lamps"}"#,
            "out of lamps",
        ),
        (Form::Json, r#"{"level":"warn","host":"web-1"}"#, r#"{"level":"warn","host":"web-1"}"#),
        (
            Form::Rfc3164,
            "Mar  2 16:40:00 db-1 sshd[77]: connection from ::1 refused",
            "connection from ::1 refused",
        ),
        (Form::Plain, "nothing stands in front of it", "nothing stands in front of it"),
    ] {
        assert_eq!(sentence(form, line), format!("app: token 7: `{shown}` at 16:40"), "{line}");
    }
}
