//! Compiled plugins on disk, so that a restart does not compile again.
//!
//! Loading compiled code means running it outside the sandbox. Therefore an entry counts only if its MAC proves that
//! this cache wrote it, for this component and this compiler; anything else is compiled again and counted.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use hmac::{Hmac, KeyInit, Mac};
use serde::Serialize;
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use crate::digest::hex;

const HEADER: &[u8; 16] = b"bellwether code1";
const MAC_BYTES: usize = 32;
const KEY_BYTES: usize = 32;
const KEY_FILE: &str = "key";
const ENDING: &str = "code";

/// Why the cache cannot be used.
#[derive(Debug, thiserror::Error)]
#[error(
    "failed to {action} `{}`; make it a folder that only this user can write, or choose another `cache_dir`",
    .path.display()
)]
pub struct CacheError {
    action: &'static str,
    path: PathBuf,
    #[source]
    cause: std::io::Error,
}

/// What the cache was good for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct CacheCounts {
    /// Entries used.
    pub hits: u64,
    /// Components for which there was none.
    pub misses: u64,
    /// Entries that were damaged or not ours, and removed.
    pub rejected: u64,
    /// Entries written.
    pub stored: u64,
    /// Entries removed to make room.
    pub evicted: u64,
    /// Entries that could not be read or written.
    pub failed: u64,
}

/// A folder of compiled plugins.
#[derive(Debug)]
pub(crate) struct Cache {
    folder: PathBuf,
    key: [u8; KEY_BYTES],
    /// What compiled code depends on beside the component: compiler, its settings, the machine.
    environment: [u8; 32],
    bytes_max: u64,
    counts: Counts,
}

#[derive(Debug, Default)]
struct Counts {
    hits: AtomicU64,
    misses: AtomicU64,
    rejected: AtomicU64,
    stored: AtomicU64,
    evicted: AtomicU64,
    failed: AtomicU64,
}

/// Compiled code that this cache wrote itself; there is no other way to get one.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Proven(Vec<u8>);

impl Proven {
    /// The code.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl Cache {
    /// Opens a cache, and makes its folder and its key if there are none.
    pub(crate) fn open(
        folder: &Path,
        environment: [u8; 32],
        bytes_max: u64,
    ) -> Result<Self, CacheError> {
        let failed = |action| {
            let path = folder.to_owned();
            move |cause| CacheError { action, path, cause }
        };
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(failed("create"))?;
        // A folder that others can write would let them put their key beside their code.
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))
            .map_err(failed("protect"))?;
        let key = key(folder).map_err(failed("keep a key in"))?;
        let folder = folder.to_owned();
        Ok(Cache { folder, key, environment, bytes_max, counts: Counts::default() })
    }

    /// The compiled code of a component, if it is there and proven.
    pub(crate) fn load(&self, component: &[u8; 32]) -> Option<Proven> {
        let name = self.name(component);
        let path = self.folder.join(&name);
        let entry = match fs::read(&path) {
            Ok(entry) => entry,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                self.counts.misses.fetch_add(1, Ordering::Relaxed);
                return None;
            }
            Err(error) => return self.failed("read", &error),
        };
        let Some(code) = self.proven(&name, entry) else {
            self.reject(component);
            return None;
        };
        self.counts.hits.fetch_add(1, Ordering::Relaxed);
        Some(code)
    }

    /// Removes an entry that turned out to be of no use.
    pub(crate) fn reject(&self, component: &[u8; 32]) {
        let path = self.folder.join(self.name(component));
        tracing::warn!(entry = %path.display(), "compiled plugin is damaged or foreign, compiling again");
        self.counts.rejected.fetch_add(1, Ordering::Relaxed);
        if let Err(error) = fs::remove_file(&path) {
            self.failed::<()>("remove", &error);
        }
    }

    /// Keeps the compiled code of a component. A failure costs a compilation later, and no more.
    pub(crate) fn store(&self, component: &[u8; 32], code: &[u8]) {
        let name = self.name(component);
        let written = self.write(&name, code);
        match written.and_then(|()| self.make_room()) {
            Ok(()) => {
                self.counts.stored.fetch_add(1, Ordering::Relaxed);
            }
            Err(error) => {
                self.failed::<()>("write", &error);
            }
        }
    }

    /// What has happened so far.
    pub(crate) fn counts(&self) -> CacheCounts {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        CacheCounts {
            hits: read(&self.counts.hits),
            misses: read(&self.counts.misses),
            rejected: read(&self.counts.rejected),
            stored: read(&self.counts.stored),
            evicted: read(&self.counts.evicted),
            failed: read(&self.counts.failed),
        }
    }

    /// The name says what the code was made of and by what, so that a new compiler looks for new entries.
    fn name(&self, component: &[u8; 32]) -> String {
        let digest =
            Sha256::new().chain_update(component).chain_update(self.environment).finalize();
        format!("{}.{ENDING}", hex(&digest))
    }

    fn proven(&self, name: &str, mut entry: Vec<u8>) -> Option<Proven> {
        let (head, code) = entry.split_at_checked(HEADER.len() + MAC_BYTES)?;
        let mac = head.strip_prefix(HEADER)?;
        self.mac(name, code).verify_slice(mac).ok()?;
        entry.drain(..HEADER.len() + MAC_BYTES);
        Some(Proven(entry))
    }

    fn write(&self, name: &str, code: &[u8]) -> std::io::Result<()> {
        let mut file = NamedTempFile::new_in(&self.folder)?;
        file.write_all(HEADER)?;
        file.write_all(&self.mac(name, code).finalize().into_bytes())?;
        file.write_all(code)?;
        file.persist(self.folder.join(name))?;
        Ok(())
    }

    /// The name is part of it, so that no entry passes for that of another component.
    fn mac(&self, name: &str, code: &[u8]) -> Hmac<Sha256> {
        let mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&self.key);
        let mac = mac.expect("an HMAC takes keys of any length");
        mac.chain_update(HEADER).chain_update(name.as_bytes()).chain_update(code)
    }

    fn make_room(&self) -> std::io::Result<()> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            if entry.path().extension().is_some_and(|ending| ending == ENDING) {
                let metadata = entry.metadata()?;
                let written = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
                entries.push((written, entry.path(), metadata.len()));
            }
        }
        entries.sort();
        let mut bytes: u64 = entries.iter().map(|(_, _, bytes)| bytes).sum();
        for (_, path, freed_bytes) in entries {
            if bytes <= self.bytes_max {
                break;
            }
            fs::remove_file(path)?;
            self.counts.evicted.fetch_add(1, Ordering::Relaxed);
            bytes -= freed_bytes;
        }
        Ok(())
    }

    fn failed<T>(&self, action: &'static str, error: &std::io::Error) -> Option<T> {
        tracing::warn!(action, %error, folder = %self.folder.display(), "compiled plugin not cached");
        self.counts.failed.fetch_add(1, Ordering::Relaxed);
        None
    }
}

/// The key of a folder. One that others could read is replaced, which makes all entries foreign.
fn key(folder: &Path) -> std::io::Result<[u8; KEY_BYTES]> {
    let path = folder.join(KEY_FILE);
    if let Some(key) = read_key(&path)? {
        return Ok(key);
    }
    let mut key = [0; KEY_BYTES];
    fs::File::open("/dev/urandom")?.read_exact(&mut key)?;
    let mut file = NamedTempFile::new_in(folder)?;
    file.write_all(&key)?;
    match file.persist_noclobber(&path) {
        Ok(_) => Ok(key),
        // Another process was faster: its key is as good.
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => {
            read_key(&path)?.ok_or(error.error)
        }
        Err(error) => Err(error.error),
    }
}

fn read_key(path: &Path) -> std::io::Result<Option<[u8; KEY_BYTES]>> {
    let mut file = match fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let metadata = file.metadata()?;
    let mut key = [0; KEY_BYTES];
    let private = metadata.permissions().mode() & 0o077 == 0;
    if private && metadata.len() == KEY_BYTES as u64 && file.read_exact(&mut key).is_ok() {
        return Ok(Some(key));
    }
    fs::remove_file(path)?;
    Ok(None)
}

#[cfg(test)]
mod tests;
