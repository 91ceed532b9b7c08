//! The allocator of the program, for who links this crate: `use postlogin_allocator as _;`.
//!
//! It is a crate of its own because its functions are compiled with the crate that names it: the command line has a low level, and every
//! login allocates.

/// The C library's allocator costs a sixth of a login, and musl's more.
#[cfg(unix)]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
