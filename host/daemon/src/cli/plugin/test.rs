//! `bellwether plugin test`: everything that can be known of a plugin before it meets real logs.

use super::which::{self, Found};
use crate::chain::chain;
use crate::cli::{Failure, stdout};
use crate::config::Config;
use crate::kit::conformance::{self, Check};
use crate::kit::stage::{self, Log};
use crate::kit::subject::Subject;
use crate::kit::tape::Tape;
use crate::kit::{diff, golden};
use crate::loadout::{Loadout, pattern_set};
use crate::output::table::Table;
use crate::output::terminal::safe;
use serde_json::Value;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Seed of the generated traffic.
const SEED: u64 = 1;

/// Options of `plugin test`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Options {
    /// Folder of the project
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// Take what it says now for what is expected: write tests/expected.txt
    #[arg(long)]
    bless: bool,
    /// Hours of generated traffic that it is held to the contract with, beside tests/lines.log
    #[arg(long, value_name = "H", default_value_t = 3.0)]
    hours: f64,
}

pub(super) fn run(options: &Options) -> Result<(), Failure> {
    let project = which::open(&options.dir)?;
    let native = match project.test() {
        Ok(passed) => Check::passed("native tests", passed as usize),
        Err(guest_build::Error::Tests { stdout, .. }) => {
            return tell(&project.package, &[Check::failed("native tests", stdout)]);
        }
        Err(error) => return Err(error.into()),
    };
    let config = Config::default();
    let found = which::build(&project, &config)?;
    let tests = options.dir.join("tests");
    let settings = match read(&tests.join("config.json"))? {
        Some(bytes) => which::parse_settings(&String::from_utf8_lossy(&bytes))
            .map_err(|error| Failure::data(vec![format!("tests/config.json: {error}")]))?,
        None => Value::Object(serde_json::Map::new()),
    };
    let mut checks = vec![native];
    let mut logs = stage::generated(options.hours, SEED)?;
    if let Some(bytes) = read(&tests.join("lines.log"))? {
        let log = Log::of("file:lines".into(), bytes);
        checks.push(hold_to_golden(&found, &settings, log.clone(), &tests, options.bless)?);
        logs.push(log);
    }
    checks.extend(hold_to_contract(&found, &settings, &logs)?);
    tell(&found.plugin.descriptor().name, &checks)
}

/// Writes the verdict on each check, and what was wrong.
fn tell(name: &str, checks: &[Check]) -> Result<(), Failure> {
    let mut out = stdout();
    write(&mut out, checks)?;
    let failed = checks.iter().filter(|check| check.problem.is_some()).count();
    if failed == 0 {
        writeln!(out, "{name} passed {} checks", checks.len())?;
        return Ok(out.flush()?);
    }
    out.flush()?;
    Err(Failure::data(vec![format!("{name} failed {failed} of {} checks", checks.len())]))
}

/// Compares what it says of tests/lines.log with tests/expected.txt, or writes that.
fn hold_to_golden(
    found: &Found,
    settings: &Value,
    log: Log,
    tests: &Path,
    bless: bool,
) -> Result<Check, Failure> {
    let config = found.config(None, settings);
    let loadout = Loadout::new(&config, stage::settings(), golden::wishes())?;
    let path = tests.join("expected.txt");
    let said = match golden::tell(&loadout, found.plugin.kind(), log)? {
        Ok(said) => said,
        Err(fault) => return Ok(Check::failed("golden log", fault)),
    };
    let lines = said.lines().count();
    if bless {
        std::fs::write(&path, &said).map_err(|error| Failure::write(&path, &error))?;
        return Ok(Check::passed("golden log (written)", lines));
    }
    let expected = read(&path)?.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let Some(expected) = expected else {
        let problem = "tests/expected.txt is missing; `bellwether plugin test --bless` writes it";
        return Ok(Check::failed("golden log", problem.into()));
    };
    Ok(match diff::unified(&expected, &said) {
        None => Check::passed("golden log", lines),
        Some(difference) => {
            let mend = "if that is what it should say, `--bless` writes it";
            let problem = format!("tests/expected.txt (-) and what it says now (+); {mend}");
            Check::failed("golden log", format!("{problem}\n{difference}"))
        }
    })
}

fn hold_to_contract(found: &Found, settings: &Value, logs: &[Log]) -> Result<Vec<Check>, Failure> {
    let Found { plugin, .. } = found;
    let subject = Subject { plugin: plugin.clone(), config: settings.to_string() };
    let refused = |error| Failure::data(vec![chain(&error)]);
    let mut opened = subject.open().map_err(refused)?;
    let wanted = opened.plugin().descriptor().clone();
    let tape = record(plugin.kind(), &wanted, logs, &Config::default())?;
    conformance::check(&subject, &tape).map_err(refused)
}

/// What a plugin with such wishes is given for these logs.
pub(super) fn record(
    kind: bellwether_plugins::Kind,
    wanted: &bellwether_core::plugin::Descriptor,
    logs: &[Log],
    config: &Config,
) -> Result<Tape, Failure> {
    let patterns = pattern_set(config, std::iter::once(wanted));
    let patterns = patterns.map_err(|error| Failure::data(vec![chain(&error)]))?;
    Tape::record(logs, kind, wanted, patterns).map_err(|error| Failure::data(vec![chain(&error)]))
}

/// A file of the project, if it has it.
fn read(path: &Path) -> Result<Option<Vec<u8>>, Failure> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => {
            let path = path.display();
            Err(Failure::no_input(vec![format!("cannot read `{path}`: {error}; check it")]))
        }
    }
}

fn write(out: &mut dyn Write, checks: &[Check]) -> io::Result<()> {
    let mut table = Table::new(&["check", "compared", "verdict"]);
    for check in checks {
        let verdict = if check.problem.is_none() { "passed" } else { "FAILED" };
        let compared =
            if check.problem.is_none() { check.compared.to_string() } else { "-".into() };
        table.push(&[check.name.clone(), compared, verdict.into()]);
    }
    table.write(out)?;
    for check in checks {
        let Some(problem) = &check.problem else { continue };
        writeln!(out, "\n{}:", check.name)?;
        for line in problem.lines() {
            writeln!(out, "  {}", safe(line))?;
        }
    }
    Ok(())
}
