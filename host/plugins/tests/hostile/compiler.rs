//! Components that are compiled by a child: what it may take of memory and time, and how it may end.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use bellwether_plugins::{Compiler, Limits, Runtime};
use wasm_encoder::Instruction;

use crate::guest::ordered;
use crate::lane::{Subject, limits, told};
use crate::module::HandMade;

/// The example beside the tests of this profile.
fn program() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let program = test.parent().and_then(Path::parent).unwrap().join("examples/compiler");
    assert!(
        program.is_file(),
        "run `cargo test -p bellwether-plugins`, which builds `{program:?}`"
    );
    program
}

fn runtime(limits: Limits, cache: Option<&Path>, program: PathBuf) -> Runtime {
    Runtime::with_compiler(limits, cache, Compiler::Child(program)).unwrap()
}

/// Why a component is not compiled.
fn check(component: &[u8], limits: Limits, program: PathBuf, expected: &[&str]) {
    let refused = runtime(limits, None, program).admit(component).map(|_| "admitted".to_owned());
    let told = refused.unwrap_or_else(|error| told(&error));
    for part in expected {
        assert!(told.contains(part), "`{part}` is not in: {told}");
    }
}

/// A component with a function so long that its compiler has much to do.
fn long() -> Vec<u8> {
    let mut body = vec![Instruction::I32Const(7)];
    for number in 0..300_000 {
        body.extend([Instruction::I32Const(number), Instruction::I32Mul]);
        body.extend([Instruction::I32Const(number), Instruction::I32Xor]);
    }
    body.push(Instruction::Drop);
    HandMade::new(&body).component()
}

#[test]
fn what_a_child_has_compiled_runs_like_any_other() {
    let folder = tempfile::tempdir().unwrap();
    for is_cached in [false, true] {
        let runtime = runtime(limits(), Some(folder.path()), program());
        let mut subject = Subject::healthy(&runtime);
        assert_eq!(subject.observe(&[(1, 3)]), Some(vec![1.0, 2.0, 3.0]));
        assert_eq!(runtime.cache_counts().hits, u64::from(is_cached));
        assert_eq!(runtime.cache_counts().stored, u64::from(!is_cached));
    }
    // The machine code is that of a compilation in this process, too.
    let in_process = Runtime::new(limits(), Some(folder.path())).unwrap();
    Subject::healthy(&in_process);
    assert_eq!(in_process.cache_counts().hits, 1);
}

#[test]
fn a_child_ends_at_its_limits() {
    let (short, long) = (ordered(""), long());
    let of_memory = |bytes| Limits { compile_memory_bytes_max: bytes, ..limits() };
    let memory = &["more memory than the", "raise `compile_memory_bytes_max`"];
    check(&short, of_memory(1 << 20), program(), memory);
    check(&long, of_memory(150 << 20), program(), memory);
    let limits = Limits { compile_cpu_s_max: 1, compile_memory_bytes_max: 1 << 40, ..limits() };
    let time = &["more processor time than the 1 s", "raise `compile_cpu_s_max`"];
    check(&long, limits, program(), time);
}

/// `yes` writes its arguments for ever.
#[test]
fn a_child_that_never_ends_is_ended() {
    let yes = || PathBuf::from("/usr/bin/yes");
    let endless =
        Limits { compile_memory_bytes_max: u64::MAX, compile_wall_ms_max: 20, ..limits() };
    check(&ordered(""), endless, yes(), &["more time than the 0 s by the clock"]);
    let short = Limits { compile_memory_bytes_max: 100_000, ..limits() };
    check(&ordered(""), short, yes(), &["more memory than the"]);
}

#[test]
fn a_child_that_is_none_is_told() {
    let cannot = "the compiler of plugins cannot work: ";
    check(&ordered(""), limits(), "nowhere/compiler".into(), &[cannot, "No such file"]);
    check(&ordered(""), limits(), "/bin/false".into(), &[cannot, "exit status: 1"]);
    // Nothing is no machine code.
    check(&ordered(""), limits(), "/bin/true".into(), &["the component cannot be used"]);
}

#[test]
fn garbage_is_no_machine_code() {
    let limits_json = serde_json::to_string(&limits()).unwrap();
    for input in [&b""[..], b"garbage", &ordered("")[..2_000]] {
        let mut child = Command::new(program())
            .args(["compile-plugin", &limits_json])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(65));
        assert!(output.stdout.is_empty() && !output.stderr.is_empty());
    }
}
