//! Sinks that take lines: a file, standard output. Both may block, and are for threads that may.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Appends a line, which brings its line end along, and waits until it is on the disk.
///
/// The file is opened for each line: alerts are rare, and whoever moves the file away (as logrotate does) need not tell us.
/// Only this user may read a file that is created here, since logs hold secrets.
pub fn append(path: &Path, line: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let mut file = options.read(true).append(true).create(true).mode(0o600).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    // A line that was cut by a full disk or a crash must not spoil the next one.
    let mut text = if is_cut(&mut file)? { b"\n".to_vec() } else { Vec::new() };
    text.extend_from_slice(line);
    file.write_all(&text)?;
    file.sync_data()
}

/// Whether the last line has no end.
fn is_cut(file: &mut File) -> io::Result<bool> {
    if file.seek(SeekFrom::End(0))? == 0 {
        return Ok(false);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}

/// Writes a line, which brings its line end along, to standard output.
pub fn print(line: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(line)?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn lines_are_appended_to_whatever_is_there() {
        let cases: &[(&str, Option<&str>, &str)] = &[
            ("no file", None, "new\n"),
            ("an empty file", Some(""), "new\n"),
            ("lines", Some("old\n"), "old\nnew\n"),
            ("a cut line", Some("old\n{\"cu"), "old\n{\"cu\nnew\n"),
        ];
        for (name, before, after) in cases {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("alerts.jsonl");
            before.iter().for_each(|text| fs::write(&path, text).unwrap());
            append(&path, b"new\n").unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), *after, "{name}");
        }
    }

    #[test]
    fn a_file_that_was_moved_away_is_begun_anew() {
        let folder = tempfile::tempdir().unwrap();
        let (path, moved) = (folder.path().join("alerts"), folder.path().join("alerts.1"));
        append(&path, b"one\n").unwrap();
        fs::rename(&path, &moved).unwrap();
        append(&path, b"two\n").unwrap();
        assert_eq!(fs::read_to_string(&moved).unwrap(), "one\n");
        assert_eq!(fs::read_to_string(&path).unwrap(), "two\n");
    }

    #[test]
    fn what_is_no_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        for path in [folder.path().to_owned(), folder.path().join("none/x"), "/dev/null".into()] {
            assert!(append(&path, b"one\n").is_err(), "{}", path.display());
        }
    }
}
