//! Texts that may hold secrets: they come from files or the environment, and are never shown.

use std::fmt;
use std::path::Path;

use super::files;

/// A text that may be or contain a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The text itself, for whoever has to use it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(..)")
    }
}

/// The text with each `${NAME}` replaced from the environment; an error says what to mend.
pub(super) fn expand(text: &str) -> Result<Secret, String> {
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((name, behind)) = after.split_once('}') else {
            return Err("`${` without `}`; write e.g. ${TOKEN}".into());
        };
        expanded.push_str(before);
        expanded.push_str(from_environment(name)?.reveal());
        rest = behind;
    }
    expanded.push_str(rest);
    Ok(Secret(expanded))
}

/// The value of an environment variable; an error says what to mend.
pub(super) fn from_environment(name: &str) -> Result<Secret, String> {
    match std::env::var(name) {
        Ok(value) if !value.is_empty() => Ok(Secret(value)),
        Ok(_) => Err(format!("the environment variable `{name}` is empty; give it a value")),
        Err(std::env::VarError::NotUnicode(_)) => {
            Err(format!("the environment variable `{name}` is not UTF-8; give it another value"))
        }
        Err(std::env::VarError::NotPresent) => {
            Err(format!("there is no environment variable `{name}`; set it"))
        }
    }
}

/// The content of a file without the line end behind it; an error says what to mend.
pub(super) fn from_file(path: &Path) -> Result<Secret, String> {
    let text = files::read(path)?;
    let text = text.trim_end_matches(['\r', '\n']);
    if text.is_empty() {
        return Err(format!("`{}` is empty; write the secret into it", path.display()));
    }
    Ok(Secret(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cargo sets these for every test.
    const NAME: &str = env!("CARGO_PKG_NAME");

    #[test]
    fn variables_are_replaced() {
        let cases = [
            ("plain $5 {x}", Ok("plain $5 {x}".to_string())),
            ("Bearer ${CARGO_PKG_NAME}", Ok(format!("Bearer {NAME}"))),
            ("${CARGO_PKG_NAME}${CARGO_PKG_NAME}!", Ok(format!("{NAME}{NAME}!"))),
            ("a ${CARGO_PKG_NAME", Err("`${` without `}`; write e.g. ${TOKEN}".to_string())),
            (
                "${BELLWETHER_NOT_THERE}",
                Err("there is no environment variable `BELLWETHER_NOT_THERE`; set it".to_string()),
            ),
            ("${}", Err("there is no environment variable ``; set it".to_string())),
        ];
        for (text, expected) in cases {
            assert_eq!(expand(text).map(|secret| secret.reveal().to_owned()), expected, "{text}");
        }
    }

    #[test]
    fn secrets_do_not_show() {
        let secret = expand("hush").unwrap();
        assert_eq!(format!("{secret:?}"), "Secret(..)");
    }

    #[test]
    fn files_lose_their_line_end_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        for (content, expected) in [
            ("hush\n", Some("hush")),
            ("hush", Some("hush")),
            (" a b \r\n", Some(" a b ")),
            ("\n", None),
        ] {
            std::fs::write(&path, content).unwrap();
            let found = from_file(&path);
            assert_eq!(found.as_ref().ok().map(Secret::reveal), expected, "{content:?}");
        }
    }
}
