//! What is followed, and how.

use glob::PatternError;

/// Where to begin with files that are there at the start and were not known before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FollowFrom {
    /// With all that is there.
    #[default]
    Beginning,
    /// With what is written from now on.
    End,
}

/// Which files are followed, and how.
#[derive(Debug, Clone)]
pub struct FollowOptions {
    /// Globs of the files, such as `/var/log/*.log`.
    pub include: Vec<String>,
    /// Globs of files that are left out; one without a slash is about names.
    pub exclude: Vec<String>,
    /// Where to begin at the start.
    pub from: FollowFrom,
    /// Whether a new file begins with its rotated siblings, the oldest first.
    pub older: bool,
    /// From one look at the files to the next.
    pub poll_ms: u64,
    /// Most files.
    pub files_max: usize,
    /// Most files that are open at a time.
    pub open_files_max: usize,
}

impl Default for FollowOptions {
    fn default() -> Self {
        FollowOptions {
            include: Vec::new(),
            exclude: Vec::new(),
            from: FollowFrom::Beginning,
            older: true,
            poll_ms: 250,
            files_max: 10_000,
            open_files_max: 512,
        }
    }
}

/// Why files cannot be followed.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// A glob is wrong.
    #[error("cannot understand the glob `{glob}`; write it as in `/var/log/*.log`")]
    Glob {
        /// The glob.
        glob: String,
        /// What is wrong with it.
        #[source]
        source: PatternError,
    },
}
