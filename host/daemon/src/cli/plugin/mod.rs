//! `bellwether plugin`: one file for each of its commands.

mod audit;
mod bench;
mod build;
mod fits;
mod inspect;
mod new;
mod preflight;
mod push;
mod remove;
mod replay;
mod sign;
mod test;
mod versions;
mod which;

#[cfg(test)]
mod tests;

use super::Failure;

/// Commands of `plugin`.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Begin a plugin: a small one that works, with tests and the SDK, in a folder of its own
    New(new::Options),
    /// Compile a project to a component and admit it
    Build(build::Options),
    /// Run the native tests of a project, its golden log, and what the contract asks of all plugins
    Test(test::Options),
    /// Tell what a plugin would have said about logs: alone, or with --config beside the plugins named there
    Replay(replay::Options),
    /// Measure what a plugin costs: time, fuel, state, memory
    Bench(bench::Options),
    /// Admit a component and show what it is, wants and promises
    Inspect(inspect::Options),
    /// Push a component to a running bellwether, which keeps it
    Push(push::Options),
    /// List the versions that were pushed, and the tenants for which they work
    List(versions::Options),
    /// Show which edition of a plugin works, which one comes in, and how they compare
    Show(fits::ShowOptions),
    /// Tell what an edition would have said in the last minutes, and what it costs; nothing changes
    Preflight(preflight::Options),
    /// Show what a plugin said last, and how it failed
    Logs(fits::ShowOptions),
    /// Bring an edition in as a shadow, or let it count in some of the lanes
    Canary(fits::CanaryOptions),
    /// Let an edition count in all lanes; the one before stands by for a while
    Activate(fits::EditionOptions),
    /// Go back: from the edition that comes in, or else to the one that worked before
    Rollback(fits::NameOptions),
    /// Turn a plugin off; a rollback turns it on again
    Disable(fits::NameOptions),
    /// Remove a version that is not in use
    Remove(remove::Options),
    /// Show who did what to plugins, newest first
    Audit(audit::Options),
    /// Make a key that signs plugins, and the public key by which others check that
    Keygen(sign::KeyOptions),
    /// Sign a component with a key
    Sign(sign::Options),
}

pub(super) fn run(command: &Command) -> Result<(), Failure> {
    match command {
        Command::New(options) => new::run(options),
        Command::Build(options) => build::run(options),
        Command::Test(options) => test::run(options),
        Command::Replay(options) => replay::run(options),
        Command::Bench(options) => bench::run(options),
        Command::Inspect(options) => inspect::run(options),
        Command::Push(options) => push::run(options),
        Command::List(options) => versions::run(options),
        Command::Show(options) => fits::show(options),
        Command::Preflight(options) => preflight::run(options),
        Command::Logs(options) => fits::logs(options),
        Command::Canary(options) => fits::canary(options),
        Command::Activate(options) => fits::activate(options),
        Command::Rollback(options) => fits::roll_back(options),
        Command::Disable(options) => fits::disable(options),
        Command::Remove(options) => remove::run(options),
        Command::Audit(options) => audit::run(options),
        Command::Keygen(options) => sign::keygen(options),
        Command::Sign(options) => sign::run(options),
    }
}

/// Reads a file that was named on the command line.
fn read(path: &std::path::Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| {
        let line = format!("cannot read `{}`: {error}; check the path", path.display());
        Failure::no_input(vec![line])
    })
}

/// Who is at the keyboard, unless they say otherwise.
fn person(named: Option<&str>) -> Result<String, Failure> {
    let of_system = || ["USER", "LOGNAME"].into_iter().find_map(|name| std::env::var(name).ok());
    let name = named.map(str::to_owned).or_else(of_system).filter(|name| !name.trim().is_empty());
    name.ok_or_else(|| Failure::usage("it is noted who does it; say who you are with --by NAME"))
}
