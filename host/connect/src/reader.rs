//! Reads a file or standard input from beginning to end, decompressing by what the bytes say.

use crate::decoded::Decoded;
use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{SystemTime, UNIX_EPOCH};

/// Bytes read from the file at a time.
const BUFFER_BYTES: usize = 256 << 10;

/// Why an input cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It is a folder.
    #[error("`{}` is a folder; name the files in it, such as `{}/*.log`", .0.display(), .0.display())]
    Folder(PathBuf),
    /// There is no such file.
    #[error("cannot read `{}`: no such file; check the path", .0.display())]
    Missing(PathBuf),
    /// It cannot be opened or its beginning cannot be read.
    #[error("cannot read `{}`; check its permissions", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
}

/// An open input.
pub struct Reader {
    bytes: Decoded<BufReader<Counted<Box<dyn Read>>>>,
    consumed: Rc<Cell<u64>>,
    bytes_total: Option<u64>,
    modified_ms: Option<i64>,
}

impl Reader {
    /// Opens a file; `-` is standard input. Gzip and Zstandard are recognised by their first bytes, not by the name.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        if path == Path::new("-") {
            return Self::new(io::stdin(), None, None)
                .map_err(|source| OpenError::Unreadable { path: path.into(), source });
        }
        let unreadable = |source: io::Error| match source.kind() {
            io::ErrorKind::NotFound => OpenError::Missing(path.into()),
            io::ErrorKind::IsADirectory => OpenError::Folder(path.into()),
            _ => OpenError::Unreadable { path: path.into(), source },
        };
        let file = File::open(path).map_err(unreadable)?;
        let metadata = file.metadata().map_err(unreadable)?;
        if metadata.is_dir() {
            return Err(OpenError::Folder(path.into()));
        }
        let bytes_total = metadata.is_file().then_some(metadata.len());
        let modified_ms = metadata.modified().ok().and_then(milliseconds);
        Self::new(file, bytes_total, modified_ms).map_err(unreadable)
    }

    fn new(
        source: impl Read + 'static,
        bytes_total: Option<u64>,
        modified_ms: Option<i64>,
    ) -> io::Result<Self> {
        let consumed = Rc::new(Cell::new(0));
        let source: Box<dyn Read> = Box::new(source);
        let counted = Counted { source, consumed: Rc::clone(&consumed) };
        let bytes = Decoded::new(BufReader::with_capacity(BUFFER_BYTES, counted))?;
        Ok(Reader { bytes, consumed, bytes_total, modified_ms })
    }

    /// Reads the next bytes, decompressed; 0 at the end.
    pub fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.bytes.read(buffer)
    }

    /// Bytes of the file read so far, before decompression.
    pub fn bytes_consumed(&self) -> u64 {
        self.consumed.get()
    }

    /// Size of the file, where it has one.
    pub fn bytes_total(&self) -> Option<u64> {
        self.bytes_total
    }

    /// When the file was last written, in milliseconds since 1970.
    pub fn modified_ms(&self) -> Option<i64> {
        self.modified_ms
    }
}

/// Counts what is read through it.
struct Counted<R> {
    source: R,
    consumed: Rc<Cell<u64>>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(buffer)?;
        self.consumed.set(self.consumed.get() + count as u64);
        Ok(count)
    }
}

fn milliseconds(time: SystemTime) -> Option<i64> {
    let since = time.duration_since(UNIX_EPOCH).ok()?;
    i64::try_from(since.as_millis()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn read_all(bytes: &[u8]) -> (Vec<u8>, io::Result<()>) {
        let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
        file.write_all(bytes).expect("written");
        let mut reader = Reader::open(file.path()).expect("opened");
        let (mut all, mut buffer) = (Vec::new(), [0; 1000]);
        loop {
            match reader.read(&mut buffer) {
                Ok(0) => return (all, Ok(())),
                Ok(count) => all.extend_from_slice(&buffer[..count]),
                Err(error) => return (all, Err(error)),
            }
        }
    }

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).expect("compressed");
        encoder.finish().expect("compressed")
    }

    #[test]
    fn plain_and_compressed_read_the_same() {
        let text = b"one\ntwo\n".repeat(1000);
        let two_members = [gzip(&text[..3000]), gzip(&text[3000..])].concat();
        let zstandard = zstd::encode_all(&text[..], 1).expect("compressed");
        for bytes in [text.clone(), gzip(&text), two_members, zstandard] {
            let (read, end) = read_all(&bytes);
            assert!(end.is_ok() && read == text);
        }
        assert!(read_all(b"").0.is_empty());
    }

    #[test]
    fn a_cut_file_gives_what_is_there_and_then_an_error() {
        let text: Vec<u8> = (0..20_000u32)
            .flat_map(|n| format!("line {}\n", n.wrapping_mul(n)).into_bytes())
            .collect();
        let whole = gzip(&text);
        let (read, end) = read_all(&whole[..whole.len() / 2]);
        assert!(end.is_err());
        assert!(read.len() > 1000 && text.starts_with(&read));
    }

    #[test]
    fn what_cannot_be_opened_is_named() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        assert!(matches!(Reader::open(folder.path()), Err(OpenError::Folder(_))));
        assert!(matches!(Reader::open(&folder.path().join("x")), Err(OpenError::Missing(_))));
    }
}
