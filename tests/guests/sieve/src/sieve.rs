//! Verdicts by template: dropped, tagged, or the end.

use bellwether_sdk::{Descriptor, Filter, LineColumn, Lines, Tagger, descriptor};
use serde::Deserialize;

/// Templates, by what happens to their rows.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {
    drop: u32,
    tag: u32,
    trap: u32,
}

/// The filter.
#[derive(Debug)]
pub(crate) struct Sieve {
    config: Config,
}

impl Filter for Sieve {
    type Config = Config;
    type State = ();

    fn describe(&self) -> Descriptor {
        Descriptor {
            lines: vec![LineColumn::Template],
            tags: vec!["tagged".into()],
            config_schema: r#"{"type":"object"}"#.into(),
            ..descriptor("sieve", "0.1.0")
        }
    }

    fn new(config: Config) -> Result<Self, String> {
        Ok(Sieve { config })
    }

    fn evaluate(&self, _state: &mut (), lines: &Lines<'_>, verdicts: &mut Tagger<'_>) {
        for (row, template) in lines.u32s(0).iter().copied().enumerate() {
            assert!(template != self.config.trap, "on order");
            if template == self.config.drop {
                verdicts.drop(row);
            }
            if template == self.config.tag {
                verdicts.tag(row, 0);
            }
        }
    }
}
