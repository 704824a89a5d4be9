//! The folder: a file for each component, whole or not there.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{SHA256, digest};
use tempfile::Builder;

/// Where components lie, by the name of the digest.
const DIGESTS: &str = "sha256";
const ENDING: &str = "wasm";
/// How the name of a file begins that is not whole yet.
const UNFINISHED: &str = ".unfinished-";

/// Why a component cannot be kept, or is not to be had.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// There are enough already.
    #[error(
        "the registry has {used_bytes} of {bytes_max} bytes and no room for {bytes} more; remove versions that nobody uses, or raise `plugins.registry_bytes_max`"
    )]
    Full {
        /// Size of the component.
        bytes: u64,
        /// Bytes of those that are there.
        used_bytes: u64,
        /// The limit.
        bytes_max: u64,
    },
    /// The file is gone.
    #[error("the component sha256:{digest} is missing in `{}`; push it again", folder.display())]
    Missing {
        /// Digest of the component.
        digest: String,
        /// The folder.
        folder: PathBuf,
    },
    /// The file is not what it was.
    #[error("the component sha256:{digest} is damaged in `{}`; push it again", folder.display())]
    Damaged {
        /// Digest of the component.
        digest: String,
        /// The folder.
        folder: PathBuf,
    },
    /// The file system failed.
    #[error(
        "cannot {action} `{}`; check the folder `plugins.registry_dir`, its permissions and its disk",
        path.display()
    )]
    Failed {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
}

/// A folder of components. It is created with the first of them.
///
/// Any number may read. Whoever stores or removes must be alone.
#[derive(Debug, Clone)]
pub struct Folder {
    path: PathBuf,
    bytes_max: u64,
}

impl Folder {
    /// The folder at this place, with components of so many bytes at most, all together.
    pub fn new(path: &Path, bytes_max: u64) -> Self {
        Folder { path: path.to_owned(), bytes_max }
    }

    /// The component of that digest, if it is there and whole.
    pub fn read(&self, digest: &str) -> Result<Vec<u8>, RegistryError> {
        let path = self.place(digest);
        match fs::read(&path) {
            Ok(component) if digest_of(&component) == digest => Ok(component),
            Ok(_) => {
                Err(RegistryError::Damaged { digest: digest.into(), folder: self.path.clone() })
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Err(RegistryError::Missing { digest: digest.into(), folder: self.path.clone() })
            }
            Err(source) => Err(RegistryError::Failed { action: "read", path, source }),
        }
    }

    /// Keeps a component: after this it is on the disk, whole, whatever happens. If there is no room, files go first that
    /// are none of the `wanted` digests, left behind by somebody who was interrupted.
    pub fn store(&self, component: &[u8], wanted: &[String]) -> Result<(), RegistryError> {
        let digest = digest_of(component);
        if self.read(&digest).is_ok() {
            return Ok(());
        }
        let folder = self.create()?;
        self.make_room(component.len() as u64, wanted)?;
        let place = self.place(&digest);
        let write = || -> io::Result<()> {
            let mut file = Builder::new().prefix(UNFINISHED).tempfile_in(&folder)?;
            file.write_all(component)?;
            file.as_file().sync_all()?;
            file.persist(&place)?;
            // The name is to be found after a power failure as well.
            fs::File::open(&folder)?.sync_all()
        };
        write().map_err(|source| RegistryError::Failed {
            action: "write",
            path: place.clone(),
            source,
        })
    }

    /// Removes a component; one that is not there is no failure.
    pub fn remove(&self, digest: &str) -> Result<(), RegistryError> {
        let path = self.place(digest);
        match fs::remove_file(&path) {
            Err(source) if source.kind() != ErrorKind::NotFound => {
                Err(RegistryError::Failed { action: "remove", path, source })
            }
            _ => Ok(()),
        }
    }

    fn place(&self, digest: &str) -> PathBuf {
        self.path.join(DIGESTS).join(format!("{digest}.{ENDING}"))
    }

    fn create(&self) -> Result<PathBuf, RegistryError> {
        let folder = self.path.join(DIGESTS);
        let create = || -> io::Result<()> {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
            // What lies here is run: nobody else may put anything there.
            for path in [&self.path, &folder] {
                fs::set_permissions(path, fs::Permissions::from_mode(0o700))?;
            }
            Ok(())
        };
        match create() {
            Ok(()) => Ok(folder),
            Err(source) => Err(RegistryError::Failed { action: "create", path: folder, source }),
        }
    }

    fn make_room(&self, bytes: u64, wanted: &[String]) -> Result<(), RegistryError> {
        let folder = self.path.join(DIGESTS);
        let fits = |used_bytes: u64| used_bytes.saturating_add(bytes) <= self.bytes_max;
        let tidy_up = || -> io::Result<u64> {
            let mut used_bytes = used(&folder)?;
            if !fits(used_bytes) {
                sweep(&folder, wanted)?;
                used_bytes = used(&folder)?;
            }
            Ok(used_bytes)
        };
        let used_bytes = tidy_up().map_err(|source| {
            let path = folder.clone();
            RegistryError::Failed { action: "tidy up", path, source }
        })?;
        if fits(used_bytes) {
            return Ok(());
        }
        Err(RegistryError::Full { bytes, used_bytes, bytes_max: self.bytes_max })
    }
}

/// The SHA-256 of a component, in hexadecimal.
pub fn digest_of(component: &[u8]) -> String {
    let digest = digest(&SHA256, component);
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn used(folder: &Path) -> io::Result<u64> {
    let mut bytes = 0_u64;
    for entry in fs::read_dir(folder)? {
        bytes = bytes.saturating_add(entry?.metadata()?.len());
    }
    Ok(bytes)
}

/// Removes what no version is made of.
fn sweep(folder: &Path, wanted: &[String]) -> io::Result<()> {
    let wanted: BTreeSet<&str> = wanted.iter().map(String::as_str).collect();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let is_ours = path.extension().is_some_and(|ending| ending == ENDING);
        if (is_ours && !wanted.contains(stem)) || stem.starts_with(UNFINISHED) {
            tracing::info!(file = %path.display(), "removed from the registry, since no version is made of it");
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(bytes_max: u64) -> (tempfile::TempDir, Folder) {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::new(&place.path().join("a/plugins"), bytes_max);
        (place, folder)
    }

    fn names(folder: &Folder) -> Vec<String> {
        let entries = fs::read_dir(folder.path.join(DIGESTS)).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn what_is_kept_comes_back_whole_or_not_at_all() {
        let (_place, folder) = folder(1_000);
        let digest = digest_of(b"component");
        assert!(matches!(folder.read(&digest), Err(RegistryError::Missing { .. })));
        folder.remove(&digest).unwrap();
        for _ in 0..2 {
            folder.store(b"component", &[]).unwrap();
            assert_eq!(folder.read(&digest).unwrap(), b"component");
        }
        assert_eq!(names(&folder), [format!("{digest}.wasm")]);
        for damage in [&b"componenT"[..], b"comp", b""] {
            fs::write(folder.place(&digest), damage).unwrap();
            assert!(matches!(folder.read(&digest), Err(RegistryError::Damaged { .. })));
            folder.store(b"component", &[]).unwrap();
            assert_eq!(folder.read(&digest).unwrap(), b"component", "it is mended");
        }
        folder.remove(&digest).unwrap();
        assert!(names(&folder).is_empty());
    }

    #[test]
    fn only_its_user_may_look_into_it() {
        let (_place, folder) = folder(1_000);
        folder.store(b"component", &[]).unwrap();
        for path in [folder.path.clone(), folder.path.join(DIGESTS)] {
            assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o700);
        }
    }

    #[test]
    fn there_is_room_for_so_many_bytes() {
        let (_place, folder) = folder(20);
        folder.store(&[1; 12], &[]).unwrap();
        let wanted = [digest_of(&[1; 12])];
        let error = folder.store(&[2; 9], &wanted).unwrap_err();
        assert!(matches!(error, RegistryError::Full { bytes: 9, used_bytes: 12, bytes_max: 20 }));
        folder.store(&[2; 8], &wanted).unwrap();
        fs::write(folder.path.join("sha256/.unfinished-x"), [0; 100]).unwrap();
        // What no version is made of, and what was never finished, goes when room is needed.
        folder.store(&[3; 8], &wanted).unwrap();
        let mut expected: Vec<String> =
            [&[1; 12][..], &[3; 8]].map(|bytes| format!("{}.wasm", digest_of(bytes))).into();
        expected.sort();
        assert_eq!(names(&folder), expected);
        assert!(folder.store(&[1; 12], &[]).is_ok(), "what is there needs no room");
    }

    #[test]
    fn a_file_in_the_place_of_the_folder_is_told() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = Folder::new(file.path(), 1_000).store(b"component", &[]).unwrap_err();
        assert!(error.to_string().contains("`plugins.registry_dir`"), "{error}");
    }
}
