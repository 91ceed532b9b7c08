//! JSON texts of guests, with the errors that `JSON.parse` has for them in production (V8 of Node 22).

#[cfg(test)]
mod tests;

use postlogin_core::{Argument, Failure};
use serde_json::Value;

/// The text that is parsed when the value is not a string.
const STRINGIFIED: [&str; 4] = ["undefined", "NaN", "Infinity", "[object Object]"];

/// The number of UTF-16 units that V8 quotes on each side of an unexpected one.
const QUOTED: usize = 10;

/// The value that a JSON text denotes.
///
/// # Errors
/// A `SyntaxError`.
pub(super) fn parse(text: &str) -> Result<Argument, Failure> {
    let value = serde_json::from_str(text).map_err(|error| Failure {
        name: "SyntaxError",
        // What is JSON nevertheless is beyond what the host reads: nested too deeply, half a surrogate pair, 1e999.
        message: complaint(text).unwrap_or_else(|| error.to_string()),
    })?;
    Ok(argument(&value))
}

/// The value with JavaScript's numbers, and with keys that look like tags left as they are.
fn argument(value: &Value) -> Argument {
    match value {
        Value::Array(items) => Argument::Array(items.iter().map(argument).collect()),
        Value::Object(object) => {
            let entries = object
                .iter()
                .map(|(key, value)| (key.clone(), argument(value)));
            Argument::Object(entries.collect())
        }
        // No scalar is a tag.
        scalar => Argument::from_tagged(scalar),
    }
}

/// V8's words for what is wrong with the text, if something is.
fn complaint(text: &str) -> Option<String> {
    let mut scanner = Scanner {
        units: text.encode_utf16().collect(),
        at: 0,
    };
    let unexpected = match scanner.text() {
        Ok(()) => return None,
        Err(Wrong::Named(what)) => return Some(format!("{what} {}", scanner.place())),
        Err(Wrong::Unexpected) => scanner.peek(),
    };
    Some(match unexpected {
        None => "Unexpected end of JSON input".to_owned(),
        Some(b'0'..=b'9' | b'-') => format!("Unexpected number in JSON {}", scanner.place()),
        Some(b'"') => format!("Unexpected string in JSON {}", scanner.place()),
        Some(_) if STRINGIFIED.contains(&text) => format!("\"{text}\" is not valid JSON"),
        Some(_) => {
            let quote = scanner.quote();
            let token = scanner.slice(scanner.at, scanner.at + 1);
            format!("Unexpected token '{token}', {quote} is not valid JSON")
        }
    })
}

enum Wrong {
    /// A mistake with a name of its own, at the scanner's position.
    Named(&'static str),
    /// No part of JSON may stand at the scanner's position.
    Unexpected,
}

enum Open {
    Array,
    Object,
}

/// Looks for the first mistake. It keeps what is open in a list of its own, so that no text is nested too deeply.
struct Scanner {
    units: Vec<u16>,
    at: usize,
}

impl Scanner {
    fn text(&mut self) -> Result<(), Wrong> {
        let mut open = Vec::new();
        'values: loop {
            self.skip_space();
            if let Some(container) = self.value()? {
                open.push(container);
                continue;
            }
            loop {
                self.skip_space();
                let next = self.peek();
                match (open.last(), next) {
                    (None, None) => return Ok(()),
                    (Some(Open::Array), Some(b']')) | (Some(Open::Object), Some(b'}')) => {
                        self.at += 1;
                        open.pop();
                    }
                    (Some(container), Some(b',')) => {
                        self.at += 1;
                        if matches!(container, Open::Object) {
                            self.skip_space();
                            self.key("Expected double-quoted property name in JSON")?;
                        }
                        continue 'values;
                    }
                    (container, _) => {
                        return Err(Wrong::Named(match container {
                            None => "Unexpected non-whitespace character after JSON",
                            Some(Open::Array) => "Expected ',' or ']' after array element in JSON",
                            Some(Open::Object) => {
                                "Expected ',' or '}' after property value in JSON"
                            }
                        }));
                    }
                }
            }
        }
    }

    /// A whole value, or the beginning of a list or object, up to where its first value is due.
    fn value(&mut self) -> Result<Option<Open>, Wrong> {
        match self.peek() {
            Some(b'{') => {
                self.at += 1;
                self.skip_space();
                if !self.take(b'}') {
                    self.key("Expected property name or '}' in JSON")?;
                    return Ok(Some(Open::Object));
                }
            }
            Some(b'[') => {
                self.at += 1;
                self.skip_space();
                if !self.take(b']') {
                    return Ok(Some(Open::Array));
                }
            }
            Some(b'"') => self.string()?,
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b't') => self.word(b"true")?,
            Some(b'f') => self.word(b"false")?,
            Some(b'n') => self.word(b"null")?,
            _ => return Err(Wrong::Unexpected),
        }
        Ok(None)
    }

    fn key(&mut self, otherwise: &'static str) -> Result<(), Wrong> {
        if self.peek() != Some(b'"') {
            return Err(Wrong::Named(otherwise));
        }
        self.string()?;
        self.skip_space();
        if !self.take(b':') {
            let missing = "Expected ':' after property name in JSON";
            return Err(Wrong::Named(missing));
        }
        Ok(())
    }

    fn string(&mut self) -> Result<(), Wrong> {
        self.at += 1;
        loop {
            match self.peek() {
                None => return Err(Wrong::Named("Unterminated string in JSON")),
                Some(0..=0x1f) => {
                    let control = "Bad control character in string literal in JSON";
                    return Err(Wrong::Named(control));
                }
                Some(b'"') => break,
                Some(b'\\') => {
                    self.at += 1;
                    self.escape()?;
                }
                Some(_) => self.at += 1,
            }
        }
        self.at += 1;
        Ok(())
    }

    fn escape(&mut self) -> Result<(), Wrong> {
        match self.peek() {
            None => return Err(Wrong::Unexpected),
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 1,
            Some(b'u') => {
                self.at += 1;
                for _ in 0..4 {
                    if !self.peek().is_some_and(|unit| unit.is_ascii_hexdigit()) {
                        return Err(Wrong::Named("Bad Unicode escape in JSON"));
                    }
                    self.at += 1;
                }
            }
            Some(_) => return Err(Wrong::Named("Bad escaped character in JSON")),
        }
        Ok(())
    }

    fn number(&mut self) -> Result<(), Wrong> {
        if self.take(b'-') && !self.is_at_digit() {
            return Err(Wrong::Named("No number after minus sign in JSON"));
        }
        if self.take(b'0') {
            if self.is_at_digit() {
                return Err(Wrong::Unexpected);
            }
        } else {
            self.skip_digits();
        }
        if self.take(b'.') {
            if !self.is_at_digit() {
                return Err(Wrong::Named("Unterminated fractional number in JSON"));
            }
            self.skip_digits();
        }
        if self.take(b'e') || self.take(b'E') {
            let _sign = self.take(b'+') || self.take(b'-');
            if !self.is_at_digit() {
                return Err(Wrong::Named("Exponent part is missing a number in JSON"));
            }
            self.skip_digits();
        }
        Ok(())
    }

    fn word(&mut self, word: &[u8]) -> Result<(), Wrong> {
        let is_whole = word.iter().all(|letter| self.take(*letter));
        if is_whole {
            Ok(())
        } else {
            Err(Wrong::Unexpected)
        }
    }

    /// The unit at the position; any beyond ASCII is as wrong as any other and counts as 0x7f.
    fn peek(&self) -> Option<u8> {
        let unit = self.units.get(self.at)?;
        Some(u8::try_from(*unit).map_or(0x7f, |unit| unit.min(0x7f)))
    }

    fn take(&mut self, unit: u8) -> bool {
        let found = self.peek() == Some(unit);
        self.at += usize::from(found);
        found
    }

    fn is_at_digit(&self) -> bool {
        self.peek().is_some_and(|unit| unit.is_ascii_digit())
    }

    fn skip_digits(&mut self) {
        while self.is_at_digit() {
            self.at += 1;
        }
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    /// `at position 4 (line 1 column 5)`
    fn place(&self) -> String {
        let before = self.slice(0, self.at);
        let lines = before.replace("\r\n", "\n").replace('\r', "\n");
        let line = lines.matches('\n').count() + 1;
        let begin = before.rfind(['\n', '\r']).map_or(0, |end| end + 1);
        let column = before
            .get(begin..)
            .unwrap_or_default()
            .encode_utf16()
            .count()
            + 1;
        format!("at position {} (line {line} column {column})", self.at)
    }

    /// The text around the position, in quotes, with dots where something of it is left out.
    fn quote(&self) -> String {
        let length = self.units.len();
        if length <= 2 * QUOTED {
            return format!("\"{}\"", self.slice(0, length));
        }
        let cut_before = self.at >= QUOTED;
        let cut_after = self.at < length - QUOTED || !cut_before;
        let start = if cut_before { self.at - QUOTED } else { 0 };
        let end = if cut_after { self.at + QUOTED } else { length };
        let dots = |cut| if cut { "..." } else { "" };
        let quoted = self.slice(start, end);
        format!("{}\"{quoted}\"{}", dots(cut_before), dots(cut_after))
    }

    /// Half a surrogate pair is shown as a replacement character.
    fn slice(&self, start: usize, end: usize) -> String {
        String::from_utf16_lossy(self.units.get(start..end).unwrap_or_default())
    }
}
