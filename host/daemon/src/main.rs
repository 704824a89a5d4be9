//! The binary `bellwether`.

/// Gives memory back that threads have freed for one another, which the system's own allocator keeps for long.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    bellwether::cli::main()
}
