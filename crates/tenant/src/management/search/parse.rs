//! From the text of a query to its terms.

use super::{Query, Term, Test};

/// The limit of nested parentheses.
const DEPTH: usize = 30;
/// The most terms and operators of a query: each term is compared with the fields of every user.
const MOST_TOKENS: usize = 200;

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Open,
    Close,
    And,
    Or,
    Not,
    /// A field, before its term or its group.
    Field(String),
    Term(Test),
}

/// Parses a query.
pub(super) fn query(text: &str) -> Result<Query, String> {
    let tokens = tokens(text)?;
    if tokens.len() > MOST_TOKENS {
        return Err(format!(
            "The query has more than {MOST_TOKENS} terms and operators."
        ));
    }
    let mut at = 0;
    let query = any(&tokens, &mut at, None, 0)?;
    match at == tokens.len() {
        true => Ok(query),
        false => Err(broken()),
    }
}

fn broken() -> String {
    "Failed to parse query.".to_owned()
}

/// `field` is that of the group in which the terms are.
fn any(
    tokens: &[Token],
    at: &mut usize,
    field: Option<&str>,
    depth: usize,
) -> Result<Query, String> {
    let mut parts = vec![all(tokens, at, field, depth)?];
    while tokens.get(*at) == Some(&Token::Or) {
        *at += 1;
        parts.push(all(tokens, at, field, depth)?);
    }
    Ok(if parts.len() == 1 {
        parts.remove(0)
    } else {
        Query::Or(parts)
    })
}

fn all(
    tokens: &[Token],
    at: &mut usize,
    field: Option<&str>,
    depth: usize,
) -> Result<Query, String> {
    let mut parts = vec![one(tokens, at, field, depth)?];
    loop {
        match tokens.get(*at) {
            Some(Token::And) => *at += 1,
            // Two terms side by side: both.
            Some(Token::Term(_) | Token::Field(_) | Token::Open | Token::Not) => {}
            _ => break,
        }
        parts.push(one(tokens, at, field, depth)?);
    }
    Ok(if parts.len() == 1 {
        parts.remove(0)
    } else {
        Query::And(parts)
    })
}

fn one(
    tokens: &[Token],
    at: &mut usize,
    field: Option<&str>,
    depth: usize,
) -> Result<Query, String> {
    if depth > DEPTH {
        return Err("The query is nested too deep.".to_owned());
    }
    let token = tokens.get(*at).ok_or_else(broken)?;
    *at += 1;
    match token {
        Token::Not => Ok(Query::Not(Box::new(one(tokens, at, field, depth + 1)?))),
        Token::Open => {
            let query = any(tokens, at, field, depth + 1)?;
            if tokens.get(*at) != Some(&Token::Close) {
                return Err(broken());
            }
            *at += 1;
            Ok(query)
        }
        Token::Field(named) => match tokens.get(*at) {
            Some(Token::Open | Token::Term(_)) => one(tokens, at, Some(named), depth + 1),
            _ => Err(broken()),
        },
        Token::Term(test) => leaf(field, test),
        Token::Close | Token::And | Token::Or => Err(broken()),
    }
}

/// One term of a field, or of none.
fn leaf(field: Option<&str>, test: &Test) -> Result<Query, String> {
    match (field, test) {
        (Some("_exists_"), Test::Text(named, _)) => return Ok(Query::Exists(named.clone())),
        (Some("_missing_"), _) => {
            return Err("Use NOT _exists_:field for _missing_:field.".to_owned());
        }
        (Some("_exists_") | None, Test::Range { .. }) => return Err(broken()),
        (Some("*"), Test::Text(text, false)) if text == "*" => return Ok(Query::And(Vec::new())),
        (Some(named), _) if named.contains('*') => {
            return Err("Wildcards in the names of fields are not supported.".to_owned());
        }
        (_, Test::Range { low, high, .. })
            if [low, high].iter().any(|it| it.starts_with("now")) =>
        {
            return Err("Dates as now-1d are not supported: write the date.".to_owned());
        }
        _ => {}
    }
    let term = Term {
        exact: test.clone(),
        folded: test.in_lower_case(),
    };
    Ok(Query::Is(field.map(str::to_owned), term))
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let letters: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(&letter) = letters.get(at) {
        match letter {
            // `+term` must be there: so must every term that stands beside another.
            _ if letter.is_whitespace() || letter == '+' => at += 1,
            '(' => {
                tokens.push(Token::Open);
                at += 1;
            }
            ')' => {
                tokens.push(Token::Close);
                at += 1;
            }
            '-' | '!' => {
                tokens.push(Token::Not);
                at += 1;
            }
            '&' if letters.get(at + 1) == Some(&'&') => {
                tokens.push(Token::And);
                at += 2;
            }
            '|' if letters.get(at + 1) == Some(&'|') => {
                tokens.push(Token::Or);
                at += 2;
            }
            '[' | '{' | '<' | '>' => {
                let (test, end) = test(&letters, at)?;
                at = end;
                tokens.push(Token::Term(test));
            }
            _ => {
                let (word, quoted, end) = word(&letters, at, true)?;
                at = end;
                if !quoted && letters.get(at) == Some(&':') {
                    at = past_spaces(&letters, at + 1);
                    tokens.push(Token::Field(word));
                    if letters.get(at) != Some(&'(') {
                        let (test, end) = test(&letters, at)?;
                        at = end;
                        tokens.push(Token::Term(test));
                    }
                } else {
                    tokens.push(match (word.as_str(), quoted) {
                        ("AND", false) => Token::And,
                        ("OR", false) => Token::Or,
                        ("NOT", false) => Token::Not,
                        _ => Token::Term(Test::Text(word, quoted)),
                    });
                }
            }
        }
    }
    if tokens.is_empty() {
        Err(broken())
    } else {
        Ok(tokens)
    }
}

fn past_spaces(letters: &[char], mut at: usize) -> usize {
    while letters.get(at).is_some_and(|letter| letter.is_whitespace()) {
        at += 1;
    }
    at
}

fn test(letters: &[char], at: usize) -> Result<(Test, usize), String> {
    let with_low = match letters.get(at) {
        Some('[') => true,
        Some('{') => false,
        Some(sign @ ('<' | '>')) => return one_sided(letters, at + 1, *sign == '>'),
        _ => {
            let (word, quoted, end) = word(letters, at, false)?;
            return Ok((Test::Text(word, quoted), end));
        }
    };
    let rest = letters.get(at + 1..).unwrap_or_default();
    let end = rest
        .iter()
        .position(|letter| matches!(letter, ']' | '}'))
        .ok_or_else(broken)?;
    let inside: String = rest.iter().take(end).collect();
    let (low, high) = inside.split_once(" TO ").ok_or_else(broken)?;
    let bare = |text: &str| text.trim().trim_matches('"').to_owned();
    let with_high = rest.get(end) == Some(&']');
    Ok((
        Test::Range {
            low: bare(low),
            high: bare(high),
            with_low,
            with_high,
        },
        at + 1 + end + 1,
    ))
}

/// A range with one end: what comes after `>` or `<`.
fn one_sided(letters: &[char], at: usize, is_above: bool) -> Result<(Test, usize), String> {
    let with_end = letters.get(at) == Some(&'=');
    let at = past_spaces(letters, at + usize::from(with_end));
    let (bound, _, end) = word(letters, at, false)?;
    let open = || "*".to_owned();
    let (low, high) = match is_above {
        true => (bound, open()),
        false => (open(), bound),
    };
    let range = Test::Range {
        low,
        high,
        with_low: with_end,
        with_high: with_end,
    };
    Ok((range, end))
}

/// A word, or a text in quotes; a backslash takes the next letter as it is. Returns where it ends.
///
/// "The question mark character (`?`), is currently not supported"
/// (<https://auth0.com/docs/deploy-monitor/logs/log-search-query-syntax>); the other signs of Lucene are not in the pages of the syntax.
fn word(letters: &[char], start: usize, is_field: bool) -> Result<(String, bool, usize), String> {
    let mut word = String::new();
    let quoted = letters.get(start) == Some(&'"');
    let mut at = if quoted { start + 1 } else { start };
    loop {
        match letters.get(at) {
            Some('\\') => {
                word.extend(letters.get(at + 1));
                at += 2;
            }
            Some('"') if quoted => return Ok((word, true, at + 1)),
            None if quoted => return Err(broken()),
            Some(letter)
                if !quoted
                    && (letter.is_whitespace()
                        || matches!(letter, '(' | ')')
                        || (is_field && *letter == ':')) =>
            {
                break;
            }
            None => break,
            Some(letter @ ('?' | '~' | '^')) if !quoted => {
                return Err(format!("`{letter}` is not supported in a term."));
            }
            Some('/') if !quoted && at == start => {
                return Err("Regular expressions are not supported.".to_owned());
            }
            Some(letter) => {
                word.push(*letter);
                at += 1;
            }
        }
    }
    if word.is_empty() {
        Err(broken())
    } else {
        Ok((word, false, at))
    }
}
