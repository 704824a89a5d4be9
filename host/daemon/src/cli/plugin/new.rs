//! `bellwether plugin new`: a project to begin with.

use crate::chain::chain;
use crate::cli::{Failure, stdout};
use crate::kit::project::{self, Name, ProjectError, Sort};
use std::io::Write;
use std::path::PathBuf;

/// Options of `plugin new`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Options {
    /// Its name: a-z, 0-9 and `-`, beginning with a letter
    name: String,
    /// A filter, which drops and tags lines, instead of a detector, which scores them
    #[arg(long)]
    filter: bool,
    /// Folder of the project, which must not exist yet (default: one of that name, here)
    #[arg(long, value_name = "DIR")]
    path: Option<PathBuf>,
}

pub(super) fn run(options: &Options) -> Result<(), Failure> {
    let name = Name::parse(&options.name)?;
    let folder = options.path.clone().unwrap_or_else(|| name.package().into());
    let sort = if options.filter { Sort::Filter } else { Sort::Detector };
    project::create(&folder, &name, sort)?;
    let mut out = stdout();
    let folder = folder.display();
    writeln!(out, "{folder}: a project; README.md says what is where. Next:")?;
    writeln!(out, "  bellwether plugin test {folder}")?;
    writeln!(out, "  bellwether plugin replay --plugin {folder} {folder}/tests/lines.log")?;
    Ok(out.flush()?)
}

impl From<ProjectError> for Failure {
    fn from(error: ProjectError) -> Self {
        match error {
            ProjectError::Name { .. } | ProjectError::Exists(_) => Failure::usage(error),
            ProjectError::Write { .. } => Failure::unwritten(chain(&error)),
        }
    }
}
