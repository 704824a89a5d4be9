//! The picture of the README: a bar for each engine and each miner.

use std::fmt::Write;

const WIDTH: usize = 760;
const BAR_HEIGHT: usize = 20;
const ROW_HEIGHT: usize = 26;
const HEAD_HEIGHT: usize = 40;
/// Where bars begin, and how long the longest is.
const LEFT: usize = 150;
const LONGEST: usize = 420;

/// Bars that belong together; the first is ours.
pub(crate) struct Group {
    pub(crate) title: String,
    pub(crate) unit: &'static str,
    pub(crate) bars: Vec<(String, f64)>,
}

/// Draws the groups one below the other, to a scale of its own each.
pub(crate) fn draw(groups: &[Group]) -> String {
    let height: usize =
        groups.iter().map(|group| HEAD_HEIGHT + group.bars.len() * ROW_HEIGHT).sum::<usize>() + 10;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" \
         viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" font-size=\"13\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
    );
    let mut y = 0;
    for group in groups {
        y += HEAD_HEIGHT;
        text(&mut svg, (10, y - 12), "font-weight=\"bold\"", &group.title);
        let most = group.bars.iter().map(|(_, figure)| *figure).fold(f64::MIN_POSITIVE, f64::max);
        let ours = group.bars.first().map_or(0.0, |(_, figure)| *figure);
        for (place, (name, figure)) in group.bars.iter().enumerate() {
            let length = (figure / most * LONGEST as f64).max(1.0);
            let colour = if place == 0 { "#2a6f97" } else { "#b0b7bf" };
            // A failed write is a matter of memory alone.
            let _ = writeln!(
                svg,
                "<rect x=\"{LEFT}\" y=\"{y}\" width=\"{length:.1}\" height=\"{BAR_HEIGHT}\" fill=\"{colour}\"/>"
            );
            text(&mut svg, (LEFT - 8, y + 15), "text-anchor=\"end\"", name);
            let times =
                if place == 0 { String::new() } else { format!(", 1/{}", short(ours / figure)) };
            let said = format!("{} {}{times}", grouped(*figure), group.unit);
            text(&mut svg, (LEFT + length as usize + 8, y + 15), "", &said);
            y += ROW_HEIGHT;
        }
    }
    svg + "</svg>\n"
}

fn text(svg: &mut String, (x, y): (usize, usize), style: &str, words: &str) {
    let words = words.replace('&', "&amp;").replace('<', "&lt;");
    let _ = writeln!(svg, "<text x=\"{x}\" y=\"{y}\" fill=\"#1f2933\" {style}>{words}</text>");
}

/// A ratio, with a digit behind the point where that says something.
fn short(ratio: f64) -> String {
    if ratio < 10.0 { format!("{ratio:.1}") } else { grouped(ratio) }
}

/// A figure with a comma at the thousands.
fn grouped(figure: f64) -> String {
    if figure < 10.0 {
        return format!("{figure:.1}");
    }
    let digits = format!("{figure:.0}");
    let mut made = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            made.push(',');
        }
        made.push(digit);
    }
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_grouped() {
        let cases = [(0.25, "0.2"), (12.6, "13"), (1234.0, "1,234"), (1_234_567.0, "1,234,567")];
        for (figure, expected) in cases {
            assert_eq!(grouped(figure), expected);
        }
    }

    #[test]
    fn the_longest_bar_is_the_fastest() {
        let bars = vec![("ours".to_owned(), 100.0), ("a & b".to_owned(), 25.0)];
        let svg = draw(&[Group { title: "matching".into(), unit: "MB/s", bars }]);
        for part in ["width=\"420.0\"", "width=\"105.0\"", "25 MB/s, 1/4.0", "a &amp; b"] {
            assert!(svg.contains(part), "{part}: {svg}");
        }
    }
}
