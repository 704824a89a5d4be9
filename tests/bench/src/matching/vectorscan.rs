//! The strongest peer, a library in C++: Vectorscan or Hyperscan, if this machine has one.
//!
//! It is opened when the bench runs, so that nothing else needs it.

#![expect(unsafe_code, reason = "calls a library in C")]

use super::corpus::Block;
use super::engines::Engine;
use super::inside::inside_lines;
use anyhow::{Context, Result, bail, ensure};
use libloading::Library;
use std::ffi::{CStr, CString, c_char, c_int, c_uint, c_void};
use std::ptr;

/// Names under which systems know it.
const NAMES: [&str; 4] = ["libhs.so.5", "libhs.so", "libhs.5.dylib", "libhs.dylib"];
const MULTILINE: c_uint = 4;
const SINGLE_MATCH: c_uint = 8;
const MODE_BLOCK: c_uint = 1;

type OnMatch = extern "C" fn(c_uint, u64, u64, c_uint, *mut c_void) -> c_int;
type CompileMulti = unsafe extern "C" fn(
    *const *const c_char,
    *const c_uint,
    *const c_uint,
    c_uint,
    c_uint,
    *const c_void,
    *mut *mut c_void,
    *mut *mut Mistake,
) -> c_int;
type AllocScratch = unsafe extern "C" fn(*const c_void, *mut *mut c_void) -> c_int;
type Scan = unsafe extern "C" fn(
    *const c_void,
    *const c_char,
    c_uint,
    c_uint,
    *mut c_void,
    OnMatch,
    *mut c_void,
) -> c_int;
type DatabaseSize = unsafe extern "C" fn(*const c_void, *mut usize) -> c_int;
type Free = unsafe extern "C" fn(*mut c_void) -> c_int;

/// What the library says of an expression that it cannot compile.
#[repr(C)]
struct Mistake {
    message: *mut c_char,
    expression: c_int,
}

/// What is given to it at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Line,
    Block,
}

/// A compiled set.
pub(super) struct Vectorscan {
    unit: Unit,
    database: *mut c_void,
    scratch: *mut c_void,
    scan: Scan,
    free_scratch: Free,
    free_database: Free,
    bytes: usize,
    /// The last line on which each expression was found, counted over all blocks.
    told: Vec<u64>,
    lines: u64,
    /// Keeps the code of all of these where it is.
    _library: Library,
}

impl Vectorscan {
    /// Compiles the expressions; `None` where the library is absent.
    pub(super) fn new(sources: &[String], unit: Unit) -> Result<Option<Self>> {
        // SAFETY: the library's initialisers are those of a system's package, and do nothing but set up tables.
        let Some(library) = NAMES.iter().find_map(|name| unsafe { Library::new(*name) }.ok())
        else {
            return Ok(None);
        };
        let (texts, flags) = match unit {
            Unit::Line => (sources.to_vec(), SINGLE_MATCH),
            Unit::Block => {
                let inside: Result<_> = sources.iter().map(|source| inside_lines(source)).collect();
                (inside?, MULTILINE)
            }
        };
        let database = compile(&library, &texts, flags)?;
        let (mut scratch, mut bytes) = (ptr::null_mut(), 0);
        // SAFETY: the names have these types in the library's header, and the database was just made by it.
        let made = unsafe {
            let alloc = *library.get::<AllocScratch>(b"hs_alloc_scratch\0")?;
            let size = *library.get::<DatabaseSize>(b"hs_database_size\0")?;
            alloc(database, &mut scratch) | size(database, &mut bytes)
        };
        ensure!(made == 0, "the library has no memory for a scan");
        // SAFETY: as above; the functions stay where they are as long as the library, which is kept.
        let (scan, free_scratch, free_database) = unsafe {
            let scan = *library.get::<Scan>(b"hs_scan\0")?;
            let free_scratch = *library.get::<Free>(b"hs_free_scratch\0")?;
            (scan, free_scratch, *library.get::<Free>(b"hs_free_database\0")?)
        };
        let told = vec![u64::MAX; sources.len()];
        Ok(Some(Vectorscan {
            unit,
            database,
            scratch,
            scan,
            free_scratch,
            free_database,
            bytes,
            told,
            lines: 0,
            _library: library,
        }))
    }
}

/// Compiles all expressions into one database.
fn compile(library: &Library, texts: &[String], flags: c_uint) -> Result<*mut c_void> {
    let texts: Result<Vec<CString>, _> = texts.iter().map(|text| CString::new(&**text)).collect();
    let texts = texts.context("an expression has a null byte")?;
    let pointers: Vec<*const c_char> = texts.iter().map(|text| text.as_ptr()).collect();
    let ids: Vec<c_uint> = (0..pointers.len() as c_uint).collect();
    let flags = vec![flags; pointers.len()];
    let (mut database, mut mistake) = (ptr::null_mut(), ptr::null_mut::<Mistake>());
    let count = pointers.len() as c_uint;
    let (expressions, flags, ids) = (pointers.as_ptr(), flags.as_ptr(), ids.as_ptr());
    let (made, mistakes) = (&mut database, &mut mistake);
    // SAFETY: the name has this type in the library's header; the three lists are as long as it is told.
    let result = unsafe {
        let compile = *library.get::<CompileMulti>(b"hs_compile_multi\0")?;
        compile(expressions, flags, ids, count, MODE_BLOCK, ptr::null(), made, mistakes)
    };
    if result == 0 {
        return Ok(database);
    }
    // SAFETY: after a failure the library points to a mistake with a text, or to nothing.
    let said = unsafe {
        mistake.as_ref().map(|own| (own.expression, CStr::from_ptr(own.message).to_string_lossy()))
    };
    match said {
        Some((place @ 0.., said)) => bail!("{said}: `{:?}`", texts[place as usize]),
        Some((_, said)) => bail!("the expressions cannot be compiled: {said}"),
        None => bail!("the expressions cannot be compiled"),
    }
}

/// Where a hit goes.
struct Sink<'a> {
    found: &'a mut Vec<(u32, u32)>,
    told: &'a mut [u64],
    /// Number of the block's first line among all.
    first: u64,
    row: usize,
    /// Ends of lines, where more than one is scanned.
    ends: &'a [u32],
}

extern "C" fn on_match(
    id: c_uint,
    _from: u64,
    to: u64,
    _flags: c_uint,
    sink: *mut c_void,
) -> c_int {
    // SAFETY: the pointer is what `hs_scan` was given, and the sink lives until that returns.
    let sink = unsafe { &mut *sink.cast::<Sink<'_>>() };
    while sink.ends.get(sink.row).is_some_and(|end| u64::from(*end) < to) {
        sink.row += 1;
    }
    while sink.row > 0 && sink.ends.get(sink.row - 1).is_some_and(|end| u64::from(*end) >= to) {
        sink.row -= 1;
    }
    let line = sink.first + sink.row as u64;
    if std::mem::replace(&mut sink.told[id as usize], line) != line {
        sink.found.push((id, sink.row as u32));
    }
    0
}

impl Engine for Vectorscan {
    fn scan(&mut self, block: &Block, found: &mut Vec<(u32, u32)>) -> Result<()> {
        let (database, scratch, scan) = (self.database, self.scratch, self.scan);
        let first = self.lines;
        self.lines += block.ends.len() as u64;
        let mut sink = Sink { found, told: &mut self.told, first, row: 0, ends: &[] };
        let one = |text: &[u8], sink: &mut Sink<'_>| {
            let (data, length) = (text.as_ptr().cast(), text.len() as c_uint);
            // SAFETY: database and scratch belong together; text and sink outlive the call, which keeps neither.
            unsafe {
                scan(database, data, length, 0, scratch, on_match, ptr::from_mut(sink).cast())
            }
        };
        if self.unit == Unit::Block {
            sink.ends = &block.ends;
            ensure!(one(&block.text, &mut sink) == 0, "the library failed in a block");
            return Ok(());
        }
        for row in 0..block.ends.len() {
            sink.row = row;
            ensure!(one(block.line(row), &mut sink) == 0, "the library failed in a line");
        }
        Ok(())
    }

    fn bytes(&self) -> Option<usize> {
        Some(self.bytes)
    }
}

impl Drop for Vectorscan {
    fn drop(&mut self) {
        // SAFETY: both were made by the library, which is still there, and nothing uses them any more.
        unsafe {
            (self.free_scratch)(self.scratch);
            (self.free_database)(self.database);
        }
    }
}
