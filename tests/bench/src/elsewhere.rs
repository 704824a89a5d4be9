//! Runs that are processes of their own, this program once more: memory that one run has freed would hide what the next
//! one takes.

use crate::report::Report;
use anyhow::{Context, Result, ensure};
use std::fs;
use std::process::{Command, Stdio};

/// What the kernel tells a process about itself.
const STATUS: &str = "/proc/self/status";

/// The number behind the argument, if this process was started for such a run.
pub(crate) fn asked(argument: &str) -> Result<Option<usize>> {
    match &std::env::args().skip(1).collect::<Vec<_>>()[..] {
        [name, number] if name == argument => {
            Ok(Some(number.parse().with_context(|| format!("`{argument}` takes a number"))?))
        }
        _ => Ok(None),
    }
}

/// Starts such a run; what it says.
pub(crate) fn ask(argument: &str, number: usize) -> Result<String> {
    let mut command = Command::new(std::env::current_exe()?);
    let output = command.arg(argument).arg(number.to_string()).stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "the run `{argument} {number}` failed");
    Ok(String::from_utf8(output.stdout)?)
}

/// Whether a process can know its memory here; else that is told.
pub(crate) fn tells_status(report: &mut Report, what: &str) -> bool {
    let tells = fs::metadata(STATUS).is_ok();
    if !tells {
        report.skip(what, &format!("run it where there is `{STATUS}`"));
    }
    tells
}

/// A figure of this process, such as `VmRSS`.
pub(crate) fn status_bytes(name: &str) -> Result<u64> {
    let text = fs::read_to_string(STATUS)?;
    kibibytes(&text, name).map(|kib| kib << 10).with_context(|| format!("no {name} in `{STATUS}`"))
}

/// The value of a line such as `VmRSS:     1234 kB`.
fn kibibytes(status: &str, name: &str) -> Option<u64> {
    let mut lines = status.lines();
    let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    value.trim().strip_suffix(" kB")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_is_read_by_whole_names() {
        let status = "Name:\tbench\nVmHWM:\t  2048 kB\nVmRSS:\t   512 kB\nThreads:\t1\n";
        let cases = [("VmRSS", Some(512)), ("VmHWM", Some(2048)), ("VmR", None), ("Threads", None)];
        for (name, expected) in cases {
            assert_eq!(kibibytes(status, name), expected, "{name}");
        }
    }
}
