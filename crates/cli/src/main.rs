//! The `postlogin` command.

/// The C library's allocator costs a sixth of a login, and musl's more.
#[cfg(unix)]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    postlogin::main()
}
