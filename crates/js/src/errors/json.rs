//! The messages of `JSON.parse`.
//!
//! Those with a position are the same in both engines. The others quote the text in V8, which QuickJS does
//! not: what is quoted here is as much of it as QuickJS tells.

/// V8's words; `place` is where in the JSON text the parser gave up.
pub(super) fn reword(message: &str, place: Option<(u32, u32)>) -> Option<String> {
    if message == "unexpected data at the end" {
        let position = match place {
            Some((1, column)) => format!(" at position {}", column.saturating_sub(1)),
            _ => String::new(),
        };
        return Some(format!(
            "Unexpected non-whitespace character after JSON{position}"
        ));
    }
    if message.starts_with("No number after minus sign in JSON")
        || message.starts_with("Unexpected number in JSON")
    {
        // V8 points behind the sign or the zero.
        let (start, rest) = message.split_once(" at position ")?;
        let (_, columns) = rest.split_once(" (line ")?;
        let (line, column) = columns.strip_suffix(')')?.split_once(" column ")?;
        let position: u32 = rest.split(' ').next()?.parse().ok()?;
        let column: u32 = column.parse().ok()?;
        let (position, column) = (position.saturating_add(1), column.saturating_add(1));
        return Some(format!(
            "{start} at position {position} (line {line} column {column})"
        ));
    }
    let token = message
        .strip_prefix("unexpected token: '")?
        .strip_suffix('\'')?;
    place?;
    let first = token.chars().next()?;
    Some(match (token, place) {
        ("undefined", Some((1, 1))) => "\"undefined\" is not valid JSON".to_owned(),
        // What an object becomes when it is parsed as if it were a text.
        ("object", Some((1, 2))) => "\"[object Object]\" is not valid JSON".to_owned(),
        (word, _)
            if ["true", "false", "null"]
                .iter()
                .any(|whole| whole.starts_with(word)) =>
        {
            "Unexpected end of JSON input".to_owned()
        }
        (word, Some((1, 1))) if first.is_alphabetic() => {
            format!("Unexpected token '{first}', \"{word}\" is not valid JSON")
        }
        (text, Some((1, 1))) => {
            format!("Unexpected token '{first}', \"{text}\"... is not valid JSON")
        }
        (text, _) => format!("Unexpected token '{first}', ...\"{text}\"... is not valid JSON"),
    })
}
