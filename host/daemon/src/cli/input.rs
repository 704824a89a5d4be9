//! Files named on the command line, read through the pipeline.

use super::Failure;
use crate::chain::chain;
use crate::pipeline::{Output, Pipeline, PipelineError};
use crate::watch::plain_name;
use bellwether_connect::Reader;
use bellwether_core::intake::{InputId, InputOptions, Routing};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Bytes read at a time.
const CHUNK_BYTES: usize = 256 << 10;

/// Files to be read as one run.
pub(super) struct Inputs {
    readers: Vec<(PathBuf, Reader)>,
    problems: Vec<String>,
    interrupted: Arc<AtomicBool>,
}

impl Inputs {
    /// Opens all files, or says of each that cannot be opened why.
    pub(super) fn open(paths: &[PathBuf]) -> Result<Self, Failure> {
        let (mut readers, mut problems) = (Vec::new(), Vec::new());
        for path in paths {
            match Reader::open(path) {
                Ok(reader) => readers.push((path.clone(), reader)),
                Err(error) => problems.push(chain(&error)),
            }
        }
        if !problems.is_empty() {
            return Err(Failure::no_input(problems));
        }
        let interrupted = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&interrupted);
        // A second interrupt ends the program at once, as people expect.
        let handler = ctrlc::set_handler(move || {
            if flag.swap(true, Ordering::Relaxed) {
                std::process::exit(130);
            }
        });
        handler.map_err(|error| Failure::our_fault(format!("cannot watch for ctrl-c: {error}")))?;
        Ok(Inputs { readers, problems, interrupted })
    }

    /// Makes every file an input of the pipeline.
    pub(super) fn announce(
        &self,
        pipeline: &mut Pipeline,
        source: Option<&str>,
        routing: Routing,
        reference_ms: Option<i64>,
        now_ms: i64,
    ) -> Vec<InputId> {
        let mut ids = Vec::new();
        for (path, reader) in &self.readers {
            let reference_ms = reference_ms.or(reader.modified_ms()).unwrap_or(now_ms);
            let source = source.map_or_else(|| source_key(path), String::from);
            ids.push(pipeline.open(InputOptions {
                source,
                routing,
                reference_ms,
                labels: Vec::new(),
                follows: false,
            }));
        }
        ids
    }

    /// Reads everything, always going on with the input whose event time is furthest behind. A file that turns out to be
    /// damaged counts as far as it goes.
    pub(super) fn read(
        &mut self,
        pipeline: &mut Pipeline,
        ids: &[InputId],
        take: impl FnMut(Output) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        self.read_watched(pipeline, ids, |_, _| (), take)
    }

    /// The same for whoever wants to see the bytes too, each time with the place of their file.
    pub(super) fn read_watched(
        &mut self,
        pipeline: &mut Pipeline,
        ids: &[InputId],
        mut watch: impl FnMut(usize, &[u8]),
        mut take: impl FnMut(Output) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let progress = self.progress();
        let mut buffer = vec![0; CHUNK_BYTES];
        while let Some(id) = pipeline.furthest_behind() {
            let place =
                ids.iter().position(|known| *known == id).expect("every input was announced");
            let count = self.next_bytes(place, &mut buffer);
            watch(place, &buffer[..count]);
            let output: Result<Output, PipelineError> = match count {
                0 => pipeline.finish(id),
                _ => pipeline.push(id, &buffer[..count]),
            };
            take(output?)?;
            progress.set_position(self.bytes_consumed());
        }
        progress.finish_and_clear();
        Ok(())
    }

    /// Reads the files one after the other without a pipeline; `None` is the end of all.
    pub(super) fn read_bytes(&mut self, mut take: impl FnMut(Option<&[u8]>)) {
        let progress = self.progress();
        let mut buffer = vec![0; CHUNK_BYTES];
        for place in 0..self.readers.len() {
            loop {
                let count = self.next_bytes(place, &mut buffer);
                if count == 0 {
                    break;
                }
                take(Some(&buffer[..count]));
                progress.set_position(self.bytes_consumed());
            }
        }
        progress.finish_and_clear();
        take(None);
    }

    /// Reads on in one file; 0 at its end, at damage, and after an interrupt.
    fn next_bytes(&mut self, place: usize, buffer: &mut [u8]) -> usize {
        if self.interrupted.load(Ordering::Relaxed) {
            return 0;
        }
        let (path, reader) = &mut self.readers[place];
        reader.read(buffer).unwrap_or_else(|error| {
            let problem = "is damaged; what could be read of it was used";
            self.problems.push(format!("`{}` {problem}: {error}", path.display()));
            0
        })
    }

    fn bytes_consumed(&self) -> u64 {
        self.readers.iter().map(|(_, reader)| reader.bytes_consumed()).sum()
    }

    /// Whether all went well, to be asked at the very end.
    pub(super) fn verdict(self) -> Result<(), Failure> {
        if self.interrupted.load(Ordering::Relaxed) {
            return Err(Failure::interrupted());
        }
        if self.problems.is_empty() { Ok(()) } else { Err(Failure::data(self.problems)) }
    }

    fn progress(&self) -> ProgressBar {
        let sizes: Option<u64> = self.readers.iter().map(|(_, reader)| reader.bytes_total()).sum();
        if !std::io::stderr().is_terminal() {
            return ProgressBar::with_draw_target(sizes, ProgressDrawTarget::hidden());
        }
        let template = match sizes {
            Some(_) => "{bar:30} {bytes}/{total_bytes} {bytes_per_sec} {eta}",
            None => "{spinner} {bytes} {bytes_per_sec}",
        };
        let style = ProgressStyle::with_template(template).expect("the template is valid");
        ProgressBar::with_draw_target(sizes, ProgressDrawTarget::stderr()).with_style(style)
    }
}

/// `file:` and the name without folder, `.log` and compression; standard input is `stdin:-`.
fn source_key(path: &Path) -> String {
    if path == Path::new("-") {
        return "stdin:-".into();
    }
    format!("file:{}", plain_name(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_name_their_source() {
        let cases = [
            ("/var/log/nginx.log.gz", "file:nginx"),
            ("app.txt", "file:app.txt"),
            (".log", "file:.log"),
            ("-", "stdin:-"),
        ];
        for (path, key) in cases {
            assert_eq!(source_key(Path::new(path)), key);
        }
    }
}
