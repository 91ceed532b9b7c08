//! The `postlogin` command.

use postlogin_allocator as _;

fn main() -> std::process::ExitCode {
    postlogin::main()
}
