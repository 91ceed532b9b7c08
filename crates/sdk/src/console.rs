//! `console.log` and its siblings: what the Action prints, with the levels of the vendor's logs.
//!
//! ```
//! # let tier = "gold";
//! postlogin_sdk::console::log!("tier is {tier}");
//! postlogin_sdk::console::warn!("{} points are left", 3);
//! ```

use std::fmt;

pub use crate::__console_debug as debug;
pub use crate::__console_error as error;
pub use crate::__console_info as info;
pub use crate::__console_log as log;
pub use crate::__console_trace as trace;
pub use crate::__console_warn as warn;

/// The importance of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Level {
    /// `console.log`
    Log,
    /// `console.info`
    Info,
    /// `console.warn`
    Warn,
    /// `console.error`
    Error,
    /// `console.debug`
    Debug,
    /// `console.trace`
    Trace,
}

/// Prints one message; the macros of this module are the short form.
pub fn write(level: Level, message: fmt::Arguments<'_>) {
    let message = message.to_string();
    #[cfg(target_arch = "wasm32")]
    {
        crate::bindings::postlogin::actions::console::write(level.into(), &message);
    }
    #[cfg(not(target_arch = "wasm32"))]
    crate::testing::log(level, message);
}

/// `console.log`, with the arguments of [`format!`].
#[doc(hidden)]
#[macro_export]
macro_rules! __console_log {
    ($($format:tt)*) => {
        $crate::console::write($crate::console::Level::Log, ::std::format_args!($($format)*))
    };
}

/// `console.info`, with the arguments of [`format!`].
#[doc(hidden)]
#[macro_export]
macro_rules! __console_info {
    ($($format:tt)*) => {
        $crate::console::write($crate::console::Level::Info, ::std::format_args!($($format)*))
    };
}

/// `console.warn`, with the arguments of [`format!`].
#[doc(hidden)]
#[macro_export]
macro_rules! __console_warn {
    ($($format:tt)*) => {
        $crate::console::write($crate::console::Level::Warn, ::std::format_args!($($format)*))
    };
}

/// `console.error`, with the arguments of [`format!`].
#[doc(hidden)]
#[macro_export]
macro_rules! __console_error {
    ($($format:tt)*) => {
        $crate::console::write($crate::console::Level::Error, ::std::format_args!($($format)*))
    };
}

/// `console.debug`, with the arguments of [`format!`].
#[doc(hidden)]
#[macro_export]
macro_rules! __console_debug {
    ($($format:tt)*) => {
        $crate::console::write($crate::console::Level::Debug, ::std::format_args!($($format)*))
    };
}

/// `console.trace`, with the arguments of [`format!`].
#[doc(hidden)]
#[macro_export]
macro_rules! __console_trace {
    ($($format:tt)*) => {
        $crate::console::write($crate::console::Level::Trace, ::std::format_args!($($format)*))
    };
}
