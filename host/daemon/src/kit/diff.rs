//! Two texts line by line, as `diff -u` shows them.

/// Lines around a difference.
const CONTEXT_LINES: usize = 3;
/// Pairs of lines that are compared; beyond it, what differs is shown as all gone and all new.
const PAIRS_MAX: usize = 4_000_000;

/// A line of either text, or of both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line<'a> {
    Both(&'a str),
    Gone(&'a str),
    New(&'a str),
}

/// What differs; `None` where nothing does.
pub(crate) fn unified(expected: &str, found: &str) -> Option<String> {
    if expected == found {
        return None;
    }
    let (old, new): (Vec<&str>, Vec<&str>) = (expected.lines().collect(), found.lines().collect());
    let lines = lines(&old, &new);
    if lines.iter().all(|line| matches!(line, Line::Both(_))) {
        return Some("the line ends differ\n".into());
    }
    let shown: Vec<bool> = (0..lines.len())
        .map(|place| {
            let near =
                place.saturating_sub(CONTEXT_LINES)..lines.len().min(place + CONTEXT_LINES + 1);
            lines[near].iter().any(|line| !matches!(line, Line::Both(_)))
        })
        .collect();
    let (mut text, mut old_line, mut new_line) = (String::new(), 1, 1);
    for (place, line) in lines.iter().enumerate() {
        if shown[place] && (place == 0 || !shown[place - 1]) {
            text.push_str(&format!("@@ -{old_line} +{new_line} @@\n"));
        }
        let (sign, words) = match line {
            Line::Both(words) => (' ', words),
            Line::Gone(words) => ('-', words),
            Line::New(words) => ('+', words),
        };
        old_line += usize::from(sign != '+');
        new_line += usize::from(sign != '-');
        if shown[place] {
            text.push_str(&format!("{sign}{words}\n"));
        }
    }
    Some(text)
}

/// All lines of both, with as many in common as there can be.
fn lines<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<Line<'a>> {
    let head = old.iter().zip(new).take_while(|(old, new)| old == new).count();
    let (old_rest, new_rest) = (&old[head..], &new[head..]);
    let pairs = old_rest.iter().rev().zip(new_rest.iter().rev());
    let tail = pairs.take_while(|(old, new)| old == new).count();
    let (gone, added) = (&old_rest[..old_rest.len() - tail], &new_rest[..new_rest.len() - tail]);
    let mut lines: Vec<Line<'a>> = old[..head].iter().map(|line| Line::Both(line)).collect();
    if gone.len().saturating_mul(added.len()) <= PAIRS_MAX {
        lines.extend(longest_common(gone, added));
    } else {
        lines.extend(gone.iter().map(|line| Line::Gone(line)));
        lines.extend(added.iter().map(|line| Line::New(line)));
    }
    lines.extend(old[old.len() - tail..].iter().map(|line| Line::Both(line)));
    lines
}

fn longest_common<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<Line<'a>> {
    let width = new.len() + 1;
    // Lines in common from each pair of places on.
    let mut common = vec![0u32; (old.len() + 1) * width];
    for row in (0..old.len()).rev() {
        for column in (0..new.len()).rev() {
            common[row * width + column] = if old[row] == new[column] {
                common[(row + 1) * width + column + 1] + 1
            } else {
                common[(row + 1) * width + column].max(common[row * width + column + 1])
            };
        }
    }
    let (mut row, mut column, mut lines) = (0, 0, Vec::new());
    while row < old.len() || column < new.len() {
        let both = row < old.len() && column < new.len();
        if both && old[row] == new[column] {
            lines.push(Line::Both(old[row]));
            (row, column) = (row + 1, column + 1);
        } else if column == new.len()
            || both && common[(row + 1) * width + column] >= common[row * width + column + 1]
        {
            lines.push(Line::Gone(old[row]));
            row += 1;
        } else {
            lines.push(Line::New(new[column]));
            column += 1;
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_shown_with_what_stands_around_them() {
        let text =
            |lines: &[&str]| lines.iter().map(|line| format!("{line}\n")).collect::<String>();
        let many: Vec<String> = (1..=20).map(|line| line.to_string()).collect();
        let mut many: Vec<&str> = many.iter().map(String::as_str).collect();
        let long = text(&many);
        many[9] = "ten";
        many.remove(0);
        let other = text(&many);
        let cases = [
            ("", "", None),
            ("a\n", "a\n", None),
            ("a\n", "a", Some("the line ends differ\n")),
            ("", "a\n", Some("@@ -1 +1 @@\n+a\n")),
            ("a\nb\nc\n", "a\nc\n", Some("@@ -1 +1 @@\n a\n-b\n c\n")),
            ("a\nb\n", "b\na\n", Some("@@ -1 +1 @@\n-a\n b\n+a\n")),
            (
                &long,
                &other,
                Some(
                    "@@ -1 +1 @@\n-1\n 2\n 3\n 4\n@@ -7 +6 @@\n 7\n 8\n 9\n-10\n+ten\n 11\n 12\n 13\n",
                ),
            ),
        ];
        for (expected, found, difference) in cases {
            assert_eq!(unified(expected, found).as_deref(), difference, "{expected}{found}");
        }
    }

    #[test]
    fn long_texts_differ_as_a_whole() {
        let text =
            |word: &str| (0..3000).map(|line| format!("{word} {line}\n")).collect::<String>();
        let shown = unified(&text("old"), &text("new")).expect("all differs");
        assert_eq!(shown.lines().count(), 6001);
    }
}
