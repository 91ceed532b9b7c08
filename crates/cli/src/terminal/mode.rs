//! The state of the terminal.

#[cfg(unix)]
pub(super) use unix::Mode;
#[cfg(unix)]
pub(crate) use unix::put_back;

#[cfg(not(unix))]
pub(super) use other::Mode;

#[cfg(not(unix))]
mod other {
    /// The terminal as it is: it passes on whole lines.
    pub(crate) struct Mode;

    impl Mode {
        pub(crate) fn single_keys() -> Self {
            Self
        }
    }
}

#[cfg(unix)]
mod unix {
    use std::{
        io,
        sync::{Mutex, PoisonError},
    };

    use rustix::termios::{
        LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
    };

    /// The state before [`Mode::single_keys`], for whoever ends the process.
    static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);

    /// While it is alive, the terminal passes each key on, and shows none. Signals of keys (Ctrl-C) and the output stay as they are.
    pub(crate) struct Mode;

    impl Mode {
        pub(crate) fn single_keys() -> Self {
            // A terminal that cannot be changed passes on whole lines, and the keys are found in them.
            if let Ok(before) = tcgetattr(io::stdin()) {
                let mut single = before.clone();
                single
                    .local_modes
                    .remove(LocalModes::ICANON | LocalModes::ECHO);
                single.special_codes[SpecialCodeIndex::VMIN] = 1;
                single.special_codes[SpecialCodeIndex::VTIME] = 0;
                *BEFORE.lock().unwrap_or_else(PoisonError::into_inner) = Some(before);
                let _ = tcsetattr(io::stdin(), OptionalActions::Now, &single);
            }
            Self
        }
    }

    impl Drop for Mode {
        fn drop(&mut self) {
            put_back();
        }
    }

    /// Puts the terminal back into its former state, if it was changed.
    pub(crate) fn put_back() {
        let mut before = BEFORE.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = before.take() {
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, &before);
        }
    }
}
