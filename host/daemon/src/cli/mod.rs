//! What a user types: commands, their options, and how the program ends.

mod alerts;
mod backtest;
mod check;
mod compile;
mod dead_letters;
mod demo;
mod explain;
mod export;
mod failure;
mod generate;
mod input;
mod learn;
mod patterns;
mod plugin;
mod replay;
mod run;
mod running;
mod templates;

use clap::{Parser, Subcommand, ValueEnum};
use failure::Failure;
use jiff::Timestamp;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

use crate::config::Config;
use crate::pipeline::{PipelineError, Workers};

/// Watches logs and tells you, early and quietly, when something has really changed.
#[derive(Debug, Parser)]
#[command(name = "bellwether", version, max_term_width = 100, after_help = EXIT_CODES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "\
Exit codes: 0 done, 64 wrong usage, 65 damaged data, 66 no such input, 69 no answer from a running
bellwether, 70 our own fault, 74 results cannot be written, 78 wrong configuration, 130 interrupted.
Set RUST_LOG=debug to see more of what happens.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Follow log files, keep state, serve the API and tell what stands out, until told to stop
    Run(run::Options),
    /// Read log files from beginning to end and tell what stood out
    Replay(replay::Options),
    /// Replay a log whose faults are known, and measure what is found of them
    Backtest(Box<backtest::Options>),
    /// Generate a day of a web shop's logs with incidents in it, and find them
    Demo(demo::Options),
    /// Learn what is usual from files of the past, for the daemon to begin with
    Learn(learn::Options),
    /// Print everything that the daemon has kept, as JSON lines that can be compared
    Export(export::Options),
    /// Work an anomaly out again from what was recorded, and show every score and how it was weighed
    Explain(explain::Options),
    /// Show the templates of a log: its messages with the variables marked
    Templates(templates::Options),
    /// Work with pattern files
    Patterns {
        #[command(subcommand)]
        command: patterns::Command,
    },
    /// Work with plugins
    Plugin {
        #[command(subcommand)]
        command: plugin::Command,
    },
    /// Write believable logs of a web shop, with incidents whose truth is known
    Generate(generate::Options),
    /// List alerts, and revive those that were given up
    Alerts {
        #[command(subcommand)]
        command: alerts::Command,
    },
    /// Compile a component within limits, as a child of bellwether itself
    #[command(hide = true)]
    CompilePlugin {
        /// Limits, as JSON
        limits: String,
    },
    /// List what plugins could not bear: records, windows and states that kill them
    DeadLetters(dead_letters::Options),
    /// Check a configuration, the pattern files and the plugins it names
    Check {
        /// The configuration file
        #[arg(short, long, value_name = "FILE", required_unless_present = "defaults")]
        config: Option<PathBuf>,
        /// Print a configuration with all settings, their defaults and what they mean
        #[arg(long, conflicts_with = "config")]
        defaults: bool,
    },
}

/// How results are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Table,
    /// One JSON object a line, for programs
    Json,
}

/// Runs the program.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version go to standard output and are no error. A closed pipe is no reason to complain.
            let _ = error.print();
            return if error.use_stderr() { Failure::USAGE.into() } else { ExitCode::SUCCESS };
        }
    };
    start_log(&arguments.command);
    match run(arguments.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

/// One log, on standard error: the daemon tells what it does and when, commands only what went wrong.
fn start_log(command: &Command) {
    let daemon = matches!(command, Command::Run(_));
    let usual = if daemon { "info" } else { "error" };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(usual));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal());
    if daemon { log.init() } else { log.without_time().init() }
}

fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Run(options) => run::run(&options),
        Command::Learn(options) => learn::run(&options),
        Command::Explain(options) => explain::run(&options),
        Command::Export(options) => export::run(&options),
        Command::Replay(options) => replay::run(&options),
        Command::Backtest(options) => backtest::run(&options),
        Command::Demo(options) => demo::run(&options),
        Command::Templates(options) => templates::run(&options),
        Command::Patterns { command } => patterns::run(&command),
        Command::Plugin { command } => plugin::run(&command),
        Command::Generate(options) => generate::run(&options),
        Command::Alerts { command } => alerts::run(&command),
        Command::CompilePlugin { limits } => compile::run(&limits),
        Command::DeadLetters(options) => dead_letters::run(&options),
        Command::Check { config: Some(config), .. } => check::config(&config),
        Command::Check { config: None, .. } => check::defaults(),
    }
}

/// The configuration of that file, or the defaults.
fn load_config(path: Option<&Path>) -> Result<Config, Failure> {
    path.map_or_else(|| Ok(Config::default()), |path| Config::load(path).map_err(Failure::config))
}

/// Worker threads: as asked on the command line, or in the configuration.
fn workers(asked: Option<u16>, config: &Config) -> Result<Workers, PipelineError> {
    Workers::start(asked.map_or(config.workers, usize::from))
}

/// Standard output, locked and buffered. Results are worth the lock: nobody else writes there.
fn stdout() -> io::BufWriter<io::StdoutLock<'static>> {
    io::BufWriter::new(io::stdout().lock())
}

/// Milliseconds since 1970: the only place where commands read the clock.
fn now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.ok().and_then(|since| i64::try_from(since.as_millis()).ok()).unwrap_or(0)
}

/// A moment as people read it.
fn moment(ms: u64) -> String {
    let stamp = i64::try_from(ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    stamp.map_or_else(|| ms.to_string(), |stamp| stamp.strftime("%Y-%m-%d %H:%M:%S").to_string())
}

/// Writes a note for the person in front of the screen.
fn tell(text: &str) {
    // Notes are not worth failing for.
    let _ = writeln!(io::stderr(), "{text}");
}
