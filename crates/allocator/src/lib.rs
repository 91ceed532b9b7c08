//! The allocator of the program, for who links this crate.
//!
//! It is a crate of its own because its functions are compiled with the crate that names it: the command line has a low level, and every
//! login allocates.

/// The C library's allocator costs a sixth of a login, and musl's more.
#[cfg(unix)]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Milliseconds after which free memory goes back to the system. A second, the allocator's own choice, adds up what the parsers of
/// several Actions have freed: three of 2.9 MB took 440 MiB, and take 230. A login costs the same.
#[cfg(unix)]
const GIVEN_BACK_AFTER: std::ffi::c_long = 10;

/// The number of `mi_option_purge_delay` in mimalloc's list of options.
#[cfg(unix)]
const PURGE_DELAY: std::ffi::c_int = 15;

#[cfg(unix)]
#[expect(unsafe_code, reason = "functions of mimalloc")]
unsafe extern "C" {
    /// Sets an option, unless the environment does. Not to be called from several threads at once.
    fn mi_option_set_default(option: std::ffi::c_int, value: std::ffi::c_long);
    #[cfg(test)]
    safe fn mi_option_get(option: std::ffi::c_int) -> std::ffi::c_long;
}

/// Makes the allocator give free memory back soon. To be called once, before there is a second thread.
pub fn give_back_soon() {
    #[cfg(unix)]
    {
        #[expect(unsafe_code, reason = "a function of mimalloc")]
        // SAFETY: its arguments are numbers, and the caller has one thread.
        unsafe {
            mi_option_set_default(PURGE_DELAY, GIVEN_BACK_AFTER);
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn free_memory_is_given_back_sooner_than_by_default() {
        assert_eq!(mi_option_get(PURGE_DELAY), 1_000);
        give_back_soon();
        assert_eq!(mi_option_get(PURGE_DELAY), GIVEN_BACK_AFTER);
    }
}
