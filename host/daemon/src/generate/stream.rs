//! The two ways of writing a run: as one stream like that of `docker compose logs`, or as one file
//! for each service.

use super::Generator;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

impl Generator {
    /// Writes all lines to one stream, each with its service's [prefix](Self::prefix).
    pub(crate) fn write_merged(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let mut record = Vec::new();
        while let Some(emitted) = self.next(&mut record) {
            for line in record.split_inclusive(|byte| *byte == b'\n') {
                out.write_all(self.prefix(emitted.service).as_bytes())?;
                out.write_all(line)?;
            }
        }
        out.flush()
    }

    /// Writes the lines of each service to `<name>.log` in an existing folder.
    pub(crate) fn write_files(&mut self, folder: &Path) -> io::Result<()> {
        let create =
            |name: &str| File::create(folder.join(format!("{name}.log"))).map(BufWriter::new);
        let services = self.services().iter();
        let mut files: Vec<BufWriter<File>> =
            services.map(|service| create(&service.name)).collect::<io::Result<_>>()?;
        let mut record = Vec::new();
        while let Some(emitted) = self.next(&mut record) {
            files[emitted.service].write_all(&record)?;
        }
        files.iter_mut().try_for_each(Write::flush)
    }
}
