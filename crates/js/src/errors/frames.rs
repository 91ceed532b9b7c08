//! The lines of a QuickJS stack.

/// One line of a stack: `    at name (file:line:column)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// The function, if it has a name (`<anonymous>` and `<eval>` are none).
    pub function: Option<String>,
    /// Where it stands.
    pub place: Place,
}

/// Where a frame stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In the engine's own code.
    Native,
    /// Not told.
    Unknown,
    /// In a text that was loaded under a name.
    Text {
        /// The name.
        file: String,
        /// Line, from 1.
        line: u32,
        /// Column in UTF-8 bytes, from 1, as QuickJS counts.
        byte_column: u32,
    },
}

/// The frames of a stack, innermost first. Lines that are no frames are passed over.
pub fn frames(stack: &str) -> Vec<Frame> {
    lines(stack).collect()
}

/// As [`frames`], each read when it is asked for.
pub(super) fn lines(stack: &str) -> impl Iterator<Item = Frame> {
    stack.lines().filter_map(frame)
}

fn frame(line: &str) -> Option<Frame> {
    let rest = line.trim().strip_prefix("at ")?;
    let rest = rest.strip_prefix("async ").unwrap_or(rest);
    // Folders with brackets in their names are more common than functions with them.
    let bracketed = rest
        .strip_suffix(')')
        .and_then(|rest| rest.split_once(" ("));
    let (function, place) = match bracketed {
        Some((function, text)) => (function, place(text)),
        None => match place(rest) {
            Place::Unknown => (rest, Place::Unknown),
            place => ("", place),
        },
    };
    let is_named = !matches!(function, "" | "<anonymous>" | "<eval>" | "anonymous");
    Some(Frame {
        function: is_named.then(|| function.to_owned()),
        place,
    })
}

fn place(text: &str) -> Place {
    if text == "native" {
        return Place::Native;
    }
    let numbers = || {
        let (rest, column) = text.rsplit_once(':')?;
        let (file, line) = rest.rsplit_once(':')?;
        Some(Place::Text {
            file: file.to_owned(),
            line: line.parse().ok()?,
            byte_column: column.parse().ok()?,
        })
    };
    numbers().unwrap_or(Place::Unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(file: &str, line: u32, byte_column: u32) -> Place {
        Place::Text {
            file: file.to_owned(),
            line,
            byte_column,
        }
    }

    #[test]
    fn lines_of_all_kinds() {
        let check = |line: &str, function: Option<&str>, place: Place| {
            let expected = Frame {
                function: function.map(str::to_owned),
                place,
            };
            assert_eq!(frames(line), [expected], "{line}");
        };
        check("    at f (code.js:1:23)", Some("f"), text("code.js", 1, 23));
        check(
            "    at <anonymous> (a (b):c.js:12:3)",
            None,
            text("a (b):c.js", 12, 3),
        );
        check("    at <eval> (<input>:1:1)", None, text("<input>", 1, 1));
        check("    at map (native)", Some("map"), Place::Native);
        check("    at f (missing)", Some("f"), Place::Unknown);
        check("    at code.js:1:66", None, text("code.js", 1, 66));
        check(
            "    at get a b (actions/x/code.js:4:5)",
            Some("get a b"),
            text("actions/x/code.js", 4, 5),
        );
        check("at f (code.js:99999999999:1)", Some("f"), Place::Unknown);
    }

    #[test]
    fn other_lines_are_passed_over() {
        assert_eq!(frames("TypeError: x\n\n  hello\n"), []);
    }
}
