//! The `postlogin` command.

fn main() -> std::process::ExitCode {
    postlogin_allocator::give_back_soon();
    postlogin::main()
}
