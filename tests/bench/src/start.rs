//! How long a person waits: from the start of the process to its first line of output. The aim is less than 150 ms.

use crate::report::{Report, Title};
use crate::rounds::Rounds;
use anyhow::{Context, Result, ensure};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

/// Measures `bellwether replay`; the round that warms up also fills the cache of compiled plugins.
pub(crate) fn measure(report: &mut Report, program: &Path) -> Result<()> {
    let mut file = tempfile::NamedTempFile::new()?;
    writeln!(file, "2026-03-02T00:00:01Z INFO all is well")?;
    let ours = || first_line_ms(Command::new(program).arg("replay").arg(file.path()));
    let theirs = || first_line_ms(Command::new("cat").arg(file.path()));
    let rounds = Rounds::against(ours, theirs)?;
    let case = "replay one line";
    report.push(Title { work: "start", case, peer: Some("cat"), unit: "ms" }, &rounds);
    Ok(())
}

fn first_line_ms(command: &mut Command) -> Result<f64> {
    let name = command.get_program().to_owned();
    let failed = || format!("cannot start `{}`", name.display());
    command.env_remove("RUST_LOG").stdin(Stdio::null()).stderr(Stdio::null());
    let began = Instant::now();
    let mut child = command.stdout(Stdio::piped()).spawn().with_context(failed)?;
    let mut output = BufReader::new(child.stdout.take().context("standard output is a pipe")?);
    let mut line = String::new();
    output.read_line(&mut line)?;
    let taken = began.elapsed();
    let status = child.wait()?;
    ensure!(status.success() && !line.is_empty(), "`{}` ended with {status}", name.display());
    Ok(taken.as_secs_f64() * 1e3)
}
