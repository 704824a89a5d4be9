//! The binary `bellwether`.

fn main() -> std::process::ExitCode {
    bellwether::cli::main()
}
