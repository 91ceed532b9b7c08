//! The `postlogin` command.

fn main() -> std::process::ExitCode {
    postlogin::main()
}
