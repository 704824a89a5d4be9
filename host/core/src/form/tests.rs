//! How the forms are tested: a line and what is read from it, the cases beside each form.

use super::*;
use crate::record::severity;

/// 2024-06-15T12:00:00Z
pub(super) const CLOCK: Reference = Reference { time_ms: 1_718_452_800_000 };

/// Writes what was read as `time severity | head | body | name=value, ...`.
fn show(record: &Record) -> String {
    let time = record.time_ms.map(|time_ms| jiff::Timestamp::from_millisecond(time_ms).unwrap());
    let text =
        |bytes: &[u8]| bytes.escape_ascii().to_string().replace("\\\"", "\"").replace("\\'", "'");
    let fields: Vec<_> = record
        .attributes
        .iter()
        .map(|(name, value)| format!("{}={}", text(name), text(value)))
        .collect();
    format!(
        "{} {} | {} | {} | {}",
        time.map_or("-".into(), |time| time.to_string()),
        severity::name(record.severity),
        text(&record.head),
        text(&record.body),
        fields.join(", "),
    )
}

/// Each case is a line and what is read from it, empty if it is not of the form.
pub(super) fn check(form: Form, cases: &[(&str, &str)]) {
    for (line, expected) in cases {
        let mut record = Record::default();
        let fits = form.parse(line.as_bytes(), &CLOCK, &mut record);
        let found = if fits { show(&record) } else { String::new() };
        assert_eq!(found.trim_end(), expected.trim_end(), "{line}");
    }
}

#[test]
fn no_bytes_make_a_form_panic() {
    let samples: [&[u8]; 12] = [
        br#"{"time":"2024-01-02T03:04:05.6Z","a":{"b":"\ud83d\ude00"},"n":[-1.5e3,{}]}"#,
        br#"<165>1 2003-10-11T22:14:15.003Z web evnt 8710 ID47 [ex@1 a="\""][x y="z"] An event"#,
        b"<34>Oct 11 22:14:15 web su[12]: text",
        br#"10.0.0.1 - bob [10/Oct/2000:13:55:36 -0700] "GET /a?q HTTP/1.0" 200 2326 "r" "a\"b""#,
        b"- 1117838570 2005.06.03 R02 2005-06-03-15.42.50.675872 R02 RAS KERNEL INFO cache",
        b"081109 203530 143 INFO dfs.DataNode$X: Got blk_1",
        b"[Fri Sep 09 10:42:29.902022 2011] [core:error] [pid 35:tid 43] [client 1.2.3.4:5] x",
        br#"2023/03/15 13:20:00 [error] 12#34: *56 x, client: 1.2.3.4, request: "GET /", host: "h""#,
        b"[2024-01-02T03:04:05.6+01:00 INFO a::b] x",
        b"2024-01-02 03:04:05,678 -0700 - INFO 77 --- [Q[x]] [y] a.b.C: x",
        b"1117838570.25 host app[1]: level=error",
        b"",
    ];
    let mut record = Record::default();
    let mut parse = |line: &[u8]| {
        for form in Form::ALL {
            form.parse(line, &CLOCK, &mut record);
        }
    };
    for sample in samples {
        for end in 0..=sample.len() {
            parse(&sample[..end]);
            parse(&sample[end..]);
            for byte in [0, 0xff, b'"', b'\\', b'[', b']', b'9', b' ', b':', b'{'] {
                let mut changed = sample.to_vec();
                changed.insert(end, byte);
                parse(&changed);
                if end < sample.len() {
                    changed.remove(end + 1);
                    parse(&changed);
                }
            }
        }
    }
}

#[test]
fn names_are_unique_and_the_order_is_complete() {
    for (index, form) in Form::ALL.iter().enumerate() {
        assert_eq!(*form as usize, index);
        assert_eq!(Form::ALL.iter().filter(|other| other.name() == form.name()).count(), 1);
    }
}
