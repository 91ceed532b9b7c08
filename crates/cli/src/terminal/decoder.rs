//! From the bytes of a terminal to keys.

/// A key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    /// A letter, a digit, a sign, a space.
    Letter(char),
    /// Enter.
    Enter,
    /// Backspace.
    Backspace,
    /// Escape.
    Escape,
    /// Ctrl-D, or the terminal is gone.
    End,
}

/// Where the decoder is in a sequence of a key without a letter: an arrow, a function key.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    #[default]
    Plain,
    /// After Escape.
    Escape,
    /// After `ESC [` or `ESC O`: the next byte of 0x40 to 0x7e ends the sequence.
    Sequence,
}

/// Remembers what the last bytes left open.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    state: State,
    /// The first bytes of a letter in UTF-8.
    letter: Vec<u8>,
}

impl Decoder {
    /// Returns the keys of these bytes. Keys without a letter are left out: the end of an arrow's sequence is an `A`, which must
    /// not count as one.
    pub(super) fn keys(&mut self, bytes: &[u8]) -> Vec<Key> {
        let mut keys = Vec::new();
        for byte in bytes {
            self.byte(*byte, &mut keys);
        }
        // A terminal sends a sequence at once, so what ends here was the key itself.
        if self.state == State::Escape {
            self.state = State::Plain;
            keys.push(Key::Escape);
        }
        keys
    }

    fn byte(&mut self, byte: u8, keys: &mut Vec<Key>) {
        match (self.state, byte) {
            (State::Escape, b'[' | b'O') => self.state = State::Sequence,
            // Alt and a key.
            (State::Escape, _) => self.state = State::Plain,
            (State::Sequence, 0x40..=0x7e) => self.state = State::Plain,
            (State::Sequence, _) => {}
            (State::Plain, 0x1b) => self.state = State::Escape,
            (State::Plain, b'\r' | b'\n') => keys.push(Key::Enter),
            (State::Plain, 0x7f | 0x08) => keys.push(Key::Backspace),
            (State::Plain, 0x04) => keys.push(Key::End),
            // Other control keys.
            (State::Plain, ..0x20) => self.letter.clear(),
            (State::Plain, _) => self.part_of_letter(byte, keys),
        }
    }

    fn part_of_letter(&mut self, byte: u8, keys: &mut Vec<Key>) {
        if byte & 0xc0 != 0x80 {
            self.letter.clear();
        }
        self.letter.push(byte);
        match std::str::from_utf8(&self.letter) {
            Ok(text) => {
                keys.extend(text.chars().map(Key::Letter));
                self.letter.clear();
            }
            // More bytes follow.
            Err(error) if error.error_len().is_none() => {}
            Err(_) => self.letter.clear(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(reads: &[&[u8]], expected: &[Key]) {
        let mut decoder = Decoder::default();
        let keys: Vec<Key> = reads.iter().flat_map(|bytes| decoder.keys(bytes)).collect();
        assert_eq!(keys, expected, "{reads:?}");
    }

    #[test]
    fn keys_of_all_kinds() {
        use Key::{Backspace, End, Enter, Escape, Letter};

        check(
            &[b"aA q\r"],
            &[Letter('a'), Letter('A'), Letter(' '), Letter('q'), Enter],
        );
        check(
            &[b"a\n\x7f\x08\x04"],
            &[Letter('a'), Enter, Backspace, Backspace, End],
        );
        // An arrow, a function key, a key with Ctrl, one of the keypad: none ends in a letter that counts.
        check(
            &[b"\x1b[A", b"\x1b[1;5A", b"\x1b[15~", b"\x1bOA", b"a"],
            &[Letter('a')],
        );
        check(&[b"\x1b"], &[Escape]);
        check(&[b"\x1b", b"a"], &[Escape, Letter('a')]);
        // Alt and a letter.
        check(&[b"\x1baA"], &[Letter('A')]);
        // A sequence in two reads.
        check(&[b"\x1b[", b"A", b"r"], &[Letter('r')]);
        check(&["é€".as_bytes()], &[Letter('é'), Letter('€')]);
        check(&[b"\xe2\x82", b"\xac"], &[Letter('€')]);
        check(&[b"\xff\xc3a"], &[Letter('a')]);
        check(&[b"\x00\x01\x09"], &[]);
    }
}
