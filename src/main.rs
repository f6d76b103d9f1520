//! The `meed` command. Everything it does is in the library.

fn main() -> std::process::ExitCode {
    meed::internal::main()
}
