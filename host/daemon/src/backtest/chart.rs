//! A picture of a run: bits of every window against what is known to have gone wrong, as plain SVG.

use super::figures::{FaultScore, Score};
use super::run::Run;
use crate::output::terminal::safe;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::fmt::Write;

const WIDTH: f64 = 1200.0;
const HEIGHT: f64 = 440.0;
const LEFT: f64 = 48.0;
const RIGHT: f64 = 1184.0;
const TOP: f64 = 84.0;
const BOTTOM: f64 = 396.0;
/// Distances of marks on the axis of time, in hours; the first that gives few enough is taken.
const STEPS_H: [i64; 11] = [1, 2, 3, 6, 12, 24, 48, 168, 336, 1344, 8766];
const TIME_MARKS_MAX: i64 = 14;
/// Narrower faults are drawn so wide that they can be seen.
const FAULT_WIDTH_MIN: f64 = 2.0;

/// Plain rules, since not every viewer knows variables; where the system is dark, the colours of the second half hold.
const STYLE: &str = "<style>
text{font:12px system-ui,sans-serif;fill:#222}.head{font-size:15px;font-weight:600}.mark{fill:#666}
path{fill:none;stroke-width:1.2}.ground{fill:#fff}.grid{stroke:#ddd}.taught{fill:#777;fill-opacity:.12}
.found{fill:#2a8f5c;fill-opacity:.25}.missed{fill:#d08700;fill-opacity:.35}.false,path.cry{fill:#c62828}
.quiet{stroke:#777}.right{stroke:#1c7a4a}.wrong{stroke:#c62828}.threshold{stroke:#222;stroke-dasharray:6 4}
@media (prefers-color-scheme:dark){text{fill:#e6e6e6}.mark{fill:#a0a6ae}.ground{fill:#16181c}.grid{stroke:#333840}
.taught{fill:#fff;fill-opacity:.08}.found{fill:#4cc38a}.missed{fill:#f0b429}.false,path.cry{fill:#ff6b6b}
.quiet{stroke:#8d939c}.right{stroke:#4cc38a}.wrong{stroke:#ff6b6b}.threshold{stroke:#e6e6e6}}
</style>";

/// Draws a run and its score.
pub(crate) fn svg(title: &str, run: &Run, score: &Score) -> String {
    let loudest = run.windows().map(|window| window.news_bits).fold(0.0, f32::max);
    let top_bits = (f64::from(loudest.max(score.threshold_bits)) / 5.0).ceil().max(1.0) * 5.0;
    let scale = Scale { start: score.log_start, end: score.log_end, top_bits };
    let mut out = String::new();
    // Writing to a string cannot fail, here and below.
    let _ = writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\">\n\
         <title>{}</title>\n{STYLE}\n<rect class=\"ground\" width=\"{WIDTH}\" height=\"{HEIGHT}\"/>",
        escaped(title)
    );
    head(&mut out, title, score);
    let _ = writeln!(
        out,
        "<rect class=\"taught\" x=\"{LEFT}\" y=\"{TOP}\" width=\"{:.1}\" height=\"{:.1}\"><title>training</title></rect>",
        scale.x(score.training_end) - LEFT,
        BOTTOM - TOP
    );
    axes(&mut out, &scale);
    score.faults_detail.iter().for_each(|fault| band(&mut out, &scale, fault));
    windows(&mut out, &scale, run, score);
    let y = scale.y(score.threshold_bits);
    let _ = writeln!(
        out,
        "<path class=\"threshold\" d=\"M{LEFT} {y:.1}H{RIGHT}\"><title>threshold, {:.1} bits</title></path>",
        score.threshold_bits
    );
    for alarm in &score.false_alarms_detail {
        let (x, said) = (scale.x(alarm.start), escaped(&alarm.sentence));
        let _ = writeln!(
            out,
            "<path class=\"cry\" d=\"M{x:.1} {TOP}l-4 -8h8z\"><title>false alarm, {:.1} bits: {said}</title></path>",
            alarm.bits,
        );
    }
    out.push_str("</svg>\n");
    out
}

/// Where moments and bits stand in the picture.
struct Scale {
    /// Seconds since 1970.
    start: i64,
    end: i64,
    top_bits: f64,
}

impl Scale {
    fn x(&self, time_s: i64) -> f64 {
        let whole = (self.end - self.start).max(1) as f64;
        let share = (time_s.clamp(self.start, self.end) - self.start) as f64 / whole;
        LEFT + share * (RIGHT - LEFT)
    }

    fn y(&self, bits: f32) -> f64 {
        BOTTOM - f64::from(bits) / self.top_bits * (BOTTOM - TOP)
    }
}

fn head(out: &mut String, title: &str, score: &Score) {
    let Score { found, faults, false_alarms, .. } = score;
    let _ = writeln!(
        out,
        "<text class=\"head\" x=\"{LEFT}\" y=\"24\">{}: {found} of {faults} faults found, false alarms: {false_alarms} in {:.1} days</text>",
        escaped(title),
        score.days
    );
    let mut x = LEFT;
    for (class, word) in [
        ("found", "fault, found"),
        ("missed", "fault, missed"),
        ("false", "false alarm"),
        ("taught", "training, not judged"),
    ] {
        let _ = writeln!(
            out,
            "<rect class=\"{class}\" x=\"{x}\" y=\"38\" width=\"14\" height=\"12\"/><text x=\"{}\" y=\"48\">{word}</text>",
            x + 20.0
        );
        x += 150.0;
    }
    let _ = writeln!(
        out,
        "<text x=\"{x}\" y=\"48\">bits of each window; dashed: threshold, {:.1} bits</text>",
        score.threshold_bits
    );
}

fn axes(out: &mut String, scale: &Scale) {
    for bits in (0..=scale.top_bits as u32).step_by(5) {
        let y = scale.y(bits as f32);
        let _ = writeln!(
            out,
            "<path class=\"grid\" d=\"M{LEFT} {y:.1}H{RIGHT}\"/><text class=\"mark\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{bits}</text>",
            LEFT - 6.0,
            y + 4.0
        );
    }
    let fits = |step: &&i64| (scale.end - scale.start) / (*step * 3_600) < TIME_MARKS_MAX;
    let step_s = STEPS_H.iter().find(fits).unwrap_or(&STEPS_H[STEPS_H.len() - 1]) * 3_600;
    let mut time_s = (scale.start + step_s - 1).div_euclid(step_s) * step_s;
    for _ in 0..TIME_MARKS_MAX {
        if time_s > scale.end {
            break;
        }
        let x = scale.x(time_s);
        let _ = writeln!(
            out,
            "<path class=\"grid\" d=\"M{x:.1} {BOTTOM}v5\"/><text class=\"mark\" x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
            BOTTOM + 20.0,
            clock(time_s)
        );
        time_s += step_s;
    }
}

fn band(out: &mut String, scale: &Scale, fault: &FaultScore) {
    let (x, end) = (scale.x(fault.start), scale.x(fault.end));
    let width = (end - x).max(FAULT_WIDTH_MIN);
    let class = if fault.found { "found" } else { "missed" };
    let level = fault.level.map_or(String::new(), |level| format!(" level {level}"));
    let _ = writeln!(
        out,
        "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{TOP}\" width=\"{width:.1}\" height=\"{:.1}\"><title>{}{level}, {class}, {:.1} bits. {}</title></rect>",
        BOTTOM - TOP,
        escaped(&fault.kind),
        fault.bits,
        escaped(&fault.detail)
    );
}

/// One stroke for each column of the picture and kind of window, however many windows there are.
fn windows(out: &mut String, scale: &Scale, run: &Run, score: &Score) {
    let columns = (RIGHT - LEFT) as usize + 1;
    let mut strokes = [
        ("quiet", vec![0.0f32; columns]),
        ("right", vec![0.0f32; columns]),
        ("wrong", vec![0.0f32; columns]),
    ];
    let in_fault = |start: i64, end: i64| {
        score.faults_detail.iter().any(|fault| start < fault.end && fault.start < end)
    };
    for window in run.windows() {
        let span = run.span(window);
        let (start, end) = (span.start_ms.div_euclid(1_000), span.end_ms.div_euclid(1_000));
        let kind = if start < score.training_end || window.news_bits < score.threshold_bits {
            0
        } else if in_fault(start, end) {
            1
        } else {
            2
        };
        let column = (scale.x(start) - LEFT) as usize;
        let highest = &mut strokes[kind].1[column.min(columns - 1)];
        *highest = highest.max(window.news_bits);
    }
    for (class, heights) in strokes {
        let mut path = String::new();
        for (column, bits) in heights.iter().enumerate().filter(|(_, bits)| **bits > 0.0) {
            let _ = write!(path, "M{} {BOTTOM}V{:.1}", LEFT + column as f64, scale.y(*bits));
        }
        let _ = writeln!(out, "<path class=\"{class}\" d=\"{path}\"/>");
    }
}

fn clock(time_s: i64) -> String {
    let Ok(stamp) = Timestamp::from_second(time_s) else { return time_s.to_string() };
    let time = stamp.to_zoned(TimeZone::UTC);
    format!("{:02}-{:02} {:02}:{:02}", time.month(), time.day(), time.hour(), time.minute())
}

/// Text of logs and tables as text of a picture.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in safe(text).chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backtest::score::Trial;
    use crate::backtest::truth::Truth;
    use bellwether_core::report::WindowScore;

    /// A day with a fault that is found, one that is missed, and a false alarm, all with text that is not harmless.
    fn picture(title: &str) -> String {
        let mut run = Run::new(60_000, 3.0);
        run.cover(0, 86_399_999);
        for (minute, news_bits) in [(10, 12.0), (700, 12.0), (800, 11.0), (900, 4.0)] {
            let (source, detector) = ("file:a".into(), "rate".into());
            let (start_ms, sentence) = (minute * 60_000, "`<*>` & \u{1b}[2J".into());
            run.push(WindowScore {
                source,
                start_ms,
                news_bits,
                state_bits: news_bits,
                detector,
                sentence,
            });
        }
        let truth = "id,type,level,start_epoch,end_epoch,lines_changed,detail\n\
                     0,a<b,1,42000,42600,5,x & y\n1,flood,2,54000,54600,5,\n";
        let truth = Truth::parse(truth.as_bytes(), None).expect("a truth");
        let score = Trial::new(&run, &truth, truth.training).score(9.5);
        svg(title, &run, &score)
    }

    #[test]
    fn the_picture_shows_what_was_found_missed_and_false() {
        let picture = picture("day.log");
        for (part, count) in [
            ("<rect class=\"found\"", 2),
            ("<rect class=\"missed\"", 2),
            ("<path class=\"cry\"", 1),
            ("<path class=\"threshold\"", 1),
            ("1 of 2 faults found, false alarms: 1 in 0.6 days", 1),
            ("a&lt;b level 1, found, 12.0 bits. x &amp; y", 1),
            (">01-01 12:00</text>", 1),
            ("prefers-color-scheme:dark", 1),
        ] {
            // The legend shows each class once more.
            assert_eq!(picture.matches(part).count(), count, "{part}");
        }
    }

    #[test]
    fn text_cannot_leave_its_place() {
        let picture = picture("<script>\"&\u{1b}");
        assert!(picture.contains("&lt;script&gt;&quot;&amp;\\u{1b}"), "{picture}");
        assert!(!picture.contains("<script") && !picture.contains('\u{1b}'));
        let (open, close) = (picture.matches('<').count(), picture.matches('>').count());
        assert_eq!(open, close);
    }
}
