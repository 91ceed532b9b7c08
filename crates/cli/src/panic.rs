//! Reports a panic as one escaped message.
//!
//! The text of a panic may contain whatever an Action or a profile has. The standard hook would print it as it is.

use std::{
    any::Any,
    backtrace::{Backtrace, BacktraceStatus},
    cell::RefCell,
    panic::{self, Location, PanicHookInfo},
    thread,
};

use postlogin_core::escape::block;

thread_local! {
    /// The panic of this thread that is not reported yet.
    static LAST: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Reports panics in our own words from now on. That of the main thread is kept for [`take`], so that it is reported once.
pub(crate) fn install() {
    let main = thread::current().id();
    panic::set_hook(Box::new(move |info| {
        let message = message(info);
        match thread::current().id() == main {
            true => LAST.set(Some(message)),
            false => crate::printer::report(&block(&format!("error: {message}"))),
        }
    }));
}

/// Returns the panic that ended the main thread's work.
pub(crate) fn take() -> String {
    let kept = LAST.take();
    kept.unwrap_or_else(|| "postlogin panicked".to_owned())
}

fn message(info: &PanicHookInfo<'_>) -> String {
    let mut message = told(info.location(), info.payload());
    // Set by RUST_BACKTRACE, as everywhere.
    let trace = Backtrace::capture();
    if trace.status() == BacktraceStatus::Captured {
        message.push_str(&format!("\n{trace}"));
    }
    message
}

fn told(location: Option<&Location<'_>>, payload: &dyn Any) -> String {
    let said = payload.downcast_ref::<&str>().copied();
    let said = said.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let at = location.map(|at| format!(" at {at}")).unwrap_or_default();
    format!("postlogin panicked{at}: {}", said.unwrap_or("no message"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_one_message_that_forges_nothing() {
        let location = Location::caller();
        let payload: Box<dyn Any> = Box::new("\u{1b}[31mred\n::error::forged".to_owned());
        let told = block(&told(Some(location), &*payload));
        assert!(
            told.starts_with(&format!("postlogin panicked at {location}: ")),
            "{told}"
        );
        assert!(!told.contains('\u{1b}') && !told.contains("\n::"), "{told}");
        assert_eq!(super::told(None, &1), "postlogin panicked: no message");
    }
}
