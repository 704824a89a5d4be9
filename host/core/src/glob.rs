//! Names that are like a pattern.

/// Whether a name fits a pattern in which `*` stands for any letters.
pub fn fits(pattern: &str, name: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else {
        return pattern == name;
    };
    let Some(mut name) = name.strip_prefix(start) else {
        return false;
    };
    let (middle, end) = rest.rsplit_once('*').unwrap_or(("", rest));
    for part in middle.split('*') {
        let Some((_, after)) = name.split_once(part) else {
            return false;
        };
        name = after;
    }
    name.ends_with(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_any_letters() {
        for (pattern, name, expected) in [
            ("*.yaml", "disk.yaml", true),
            ("*.yaml", ".yaml", true),
            ("*.yaml", "disk.yml", false),
            ("d*.yaml", "disk.yaml", true),
            ("d*.yaml", "web.yaml", false),
            ("d*s*.yaml", "disk.yaml", true),
            ("d*x*.yaml", "disk.yaml", false),
            ("ab*ba", "aba", false),
            ("*aa*aa", "aaa", false),
            ("**", "x", true),
            ("file:*/web", "file:a/b/web", true),
            ("disk.yaml", "disk.yaml", true),
        ] {
            assert_eq!(fits(pattern, name), expected, "{pattern} on {name}");
        }
    }
}
