//! Settings out of the environment, which count more than those of the file: `BELLWETHER__STORE__PATH` is `store.path`.

use super::mistake::Mistake;
use super::tree::{Key, Node, Place, Value};

/// What their names begin with; parts of a path are joined by two underscores as well.
const PREFIX: &str = "BELLWETHER__";
const JOINT: &str = "__";

/// Puts the variables into a document. Entries of lists are numbered from 0.
pub(super) fn apply(
    document: &mut Node,
    variables: impl Iterator<Item = (String, String)>,
) -> Vec<Mistake> {
    let mut ours: Vec<(String, String)> =
        variables.filter(|(name, _)| name.starts_with(PREFIX)).collect();
    ours.sort();
    let mut mistakes = Vec::new();
    for (name, text) in ours {
        let path: Vec<String> =
            name[PREFIX.len()..].split(JOINT).map(str::to_ascii_lowercase).collect();
        let set = match Node::parse(&text) {
            Ok(node) => put(document, &path, unplaced(node)),
            Err(_) => put(document, &path, unplaced(Node::text(text))),
        };
        if let Err(message) = set {
            mistakes.push(Mistake {
                file: "environment".into(),
                place: Place::default(),
                path: name,
                message,
            });
        }
    }
    mistakes
}

/// Mistakes in it are of the environment, not of a line of the file.
fn unplaced(mut node: Node) -> Node {
    node.place = Place::default();
    node
}

fn put(node: &mut Node, path: &[String], value: Node) -> Result<(), String> {
    let Some((first, rest)) = path.split_first() else {
        *node = value;
        return Ok(());
    };
    if matches!(node.value, Value::Null) {
        node.value = Value::Table(Vec::new());
    }
    match &mut node.value {
        Value::Table(entries) => {
            let place = entries.iter().position(|(key, _)| key.text == *first);
            let place = place.unwrap_or_else(|| {
                let key = Key { place: Place::default(), text: first.clone() };
                entries.push((key, Node { place: Place::default(), value: Value::Null }));
                entries.len() - 1
            });
            put(&mut entries[place].1, rest, value)
        }
        Value::List(items) => {
            let place = first.parse::<usize>().ok().filter(|place| *place < items.len());
            let Some(place) = place else {
                return Err(format!(
                    "expected the number of an entry of a list of {}, found {first:?}; entries count from 0",
                    items.len()
                ));
            };
            put(&mut items[place], rest, value)
        }
        other => Err(format!("leads into {other}, which has no settings in it; check its parts")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Applies the variables to a document, and shows the outcome as JSON with the mistakes behind it.
    fn check(document: &str, variables: &[(&str, &str)], expected: &str, mistakes: &[&str]) {
        let mut node = Node::parse(document).expect("a document");
        let variables = variables.iter().map(|(name, text)| (name.to_string(), text.to_string()));
        let found = apply(&mut node, variables);
        assert_eq!(node.to_json().to_string(), expected, "{document}");
        let found: Vec<String> = found.iter().map(Mistake::to_string).collect();
        assert_eq!(found.len(), mistakes.len(), "{found:?}");
        for (found, part) in found.iter().zip(mistakes) {
            assert!(found.contains(part), "{found}");
        }
    }

    #[test]
    fn variables_count_more_than_the_file() {
        let path = ("BELLWETHER__STORE__PATH", "/x/y.db");
        check("", &[path], r#"{"store":{"path":"/x/y.db"}}"#, &[]);
        check(
            "store: {path: a, size: 1}",
            &[path],
            r#"{"store":{"path":"/x/y.db","size":1}}"#,
            &[],
        );
        check("lanes: 3", &[("BELLWETHER__LANES", "16")], r#"{"lanes":16}"#, &[]);
        check("", &[("BELLWETHER_DATA", "x"), ("PATH", "y")], "null", &[]);
        check(
            "",
            &[("BELLWETHER__INPUTS", "[{files: [a]}]")],
            r#"{"inputs":[{"files":["a"]}]}"#,
            &[],
        );
        let entry = ("BELLWETHER__INPUTS__0__TENANT", "shop");
        check(
            "inputs: [{files: [a]}]",
            &[entry],
            r#"{"inputs":[{"files":["a"],"tenant":"shop"}]}"#,
            &[],
        );
        check("", &[("BELLWETHER__TENANT", "[not: closed")], r#"{"tenant":"[not: closed"}"#, &[]);
    }

    #[test]
    fn paths_that_lead_nowhere_are_mistakes() {
        let inputs = ("BELLWETHER__INPUTS__1__TENANT", "shop");
        check("inputs: [a]", &[inputs], r#"{"inputs":["a"]}"#, &["BELLWETHER__INPUTS__1__TENANT"]);
        let lanes = ("BELLWETHER__LANES__X", "1");
        check("lanes: 3", &[lanes], r#"{"lanes":3}"#, &["leads into 3"]);
    }
}
