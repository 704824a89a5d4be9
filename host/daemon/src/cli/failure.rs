//! How commands fail: a message for people, a code for programs (the codes of `sysexits.h`).

use crate::chain::chain;
use crate::loadout::LoadoutError;
use crate::output::terminal::safe;
use crate::pipeline::PipelineError;
use crate::watch::RunError;
use bellwether_store::StoreError;
use std::fmt::Display;
use std::io;
use std::process::ExitCode;

/// Why a command ends early, or not with success.
#[derive(Debug)]
pub(super) struct Failure {
    code: u8,
    lines: Vec<String>,
}

impl Failure {
    pub(super) const USAGE: u8 = 64;
    const DATA: u8 = 65;
    const NO_INPUT: u8 = 66;
    const UNAVAILABLE: u8 = 69;
    const OUR_FAULT: u8 = 70;
    const IN_OUT: u8 = 74;
    const CONFIG: u8 = 78;
    const INTERRUPTED: u8 = 130;

    pub(super) fn usage(message: impl Display) -> Self {
        Failure { code: Self::USAGE, lines: vec![message.to_string()] }
    }

    /// Whatever there is to say was said.
    pub(super) fn told(code: u8) -> Self {
        Failure { code, lines: Vec::new() }
    }

    pub(super) fn data(lines: Vec<String>) -> Self {
        Failure { code: Self::DATA, lines }
    }

    pub(super) fn no_input(lines: Vec<String>) -> Self {
        Failure { code: Self::NO_INPUT, lines }
    }

    /// A running bellwether that could not be reached.
    pub(super) fn unavailable(message: impl Display) -> Self {
        Failure { code: Self::UNAVAILABLE, lines: vec![message.to_string()] }
    }

    pub(super) fn our_fault(message: impl Display) -> Self {
        Failure { code: Self::OUR_FAULT, lines: vec![message.to_string()] }
    }

    /// Mistakes come one a line.
    pub(super) fn config(mistakes: impl Display) -> Self {
        Failure {
            code: Self::CONFIG,
            lines: mistakes.to_string().lines().map(String::from).collect(),
        }
    }

    pub(super) fn interrupted() -> Self {
        Failure {
            code: Self::INTERRUPTED,
            lines: vec!["interrupted: the figures above are of what was read".into()],
        }
    }

    /// Interrupted before there were any figures.
    pub(super) fn interrupted_early() -> Self {
        Failure { code: Self::INTERRUPTED, lines: vec!["interrupted".into()] }
    }

    /// A file that cannot be written.
    pub(super) fn write(path: &std::path::Path, error: &io::Error) -> Self {
        let line = format!(
            "cannot write `{}`: {error}; check the folder and its permissions",
            path.display()
        );
        Failure { code: Self::IN_OUT, lines: vec![line] }
    }

    /// Something that cannot be written, in words that say where.
    pub(super) fn unwritten(message: impl Display) -> Self {
        Failure { code: Self::IN_OUT, lines: vec![message.to_string()] }
    }

    /// Tells the user and gives the exit code.
    pub(super) fn report(self) -> ExitCode {
        self.lines.iter().for_each(|line| super::tell(&format!("bellwether: {}", safe(line))));
        self.code.into()
    }
}

impl From<io::Error> for Failure {
    /// Writing results failed. That the reader has seen enough (`| head`) is no failure.
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Failure { code: 0, lines: Vec::new() };
        }
        Failure { code: Self::IN_OUT, lines: vec![format!("cannot write results: {error}")] }
    }
}

impl From<LoadoutError> for Failure {
    fn from(error: LoadoutError) -> Self {
        Failure { code: Self::CONFIG, lines: vec![chain(&error)] }
    }
}

impl From<StoreError> for Failure {
    /// Each kind of error has its code, since programs mend some of them by waiting.
    fn from(error: StoreError) -> Self {
        let code = match &error {
            // What was exported is read by somebody who has seen enough.
            StoreError::Output(cause) if cause.kind() == io::ErrorKind::BrokenPipe => {
                return Failure { code: 0, lines: Vec::new() };
            }
            StoreError::Missing { .. } => Self::NO_INPUT,
            error if error.is_damaged() => Self::DATA,
            _ => Self::IN_OUT,
        };
        Failure { code, lines: vec![chain(&error)] }
    }
}

impl From<PipelineError> for Failure {
    fn from(error: PipelineError) -> Self {
        Failure { code: Self::OUR_FAULT, lines: vec![chain(&error)] }
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        match error {
            RunError::Config(mistakes) => Failure::config(mistakes),
            RunError::Loadout(error) => error.into(),
            RunError::Workers(error) => error.into(),
            RunError::Store(error) => error.into(),
            RunError::Token { .. } | RunError::NothingToFollow { .. } => Failure::config(error),
            RunError::Listen { .. } | RunError::System(_) | RunError::Uncommitted { .. } => {
                Failure { code: Self::IN_OUT, lines: vec![chain(&error)] }
            }
            RunError::Tenant { .. } => {
                Failure { code: Self::OUR_FAULT, lines: vec![chain(&error)] }
            }
        }
    }
}
