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
    Term(Option<String>, Test),
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
    let query = any(&tokens, &mut at, 0)?;
    match at == tokens.len() {
        true => Ok(query),
        false => Err(broken()),
    }
}

fn broken() -> String {
    "Failed to parse query.".to_owned()
}

fn any(tokens: &[Token], at: &mut usize, depth: usize) -> Result<Query, String> {
    let mut parts = vec![all(tokens, at, depth)?];
    while tokens.get(*at) == Some(&Token::Or) {
        *at += 1;
        parts.push(all(tokens, at, depth)?);
    }
    Ok(if parts.len() == 1 {
        parts.remove(0)
    } else {
        Query::Or(parts)
    })
}

fn all(tokens: &[Token], at: &mut usize, depth: usize) -> Result<Query, String> {
    let mut parts = vec![one(tokens, at, depth)?];
    loop {
        match tokens.get(*at) {
            Some(Token::And) => *at += 1,
            // Two terms side by side: both.
            Some(Token::Term(..) | Token::Open | Token::Not) => {}
            _ => break,
        }
        parts.push(one(tokens, at, depth)?);
    }
    Ok(if parts.len() == 1 {
        parts.remove(0)
    } else {
        Query::And(parts)
    })
}

fn one(tokens: &[Token], at: &mut usize, depth: usize) -> Result<Query, String> {
    if depth > DEPTH {
        return Err("The query is nested too deep.".to_owned());
    }
    let token = tokens.get(*at).ok_or_else(broken)?;
    *at += 1;
    match token {
        Token::Not => Ok(Query::Not(Box::new(one(tokens, at, depth + 1)?))),
        Token::Open => {
            let query = any(tokens, at, depth + 1)?;
            if tokens.get(*at) != Some(&Token::Close) {
                return Err(broken());
            }
            *at += 1;
            Ok(query)
        }
        Token::Term(Some(field), Test::Text(value, _)) if field == "_exists_" => {
            Ok(Query::Exists(value.clone()))
        }
        Token::Term(field, test) => {
            let term = Term {
                exact: test.clone(),
                folded: test.in_lower_case(),
            };
            Ok(Query::Is(field.clone(), term))
        }
        Token::Close | Token::And | Token::Or => Err(broken()),
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let letters: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(&letter) = letters.get(at) {
        match letter {
            _ if letter.is_whitespace() => at += 1,
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
            _ => {
                let (word, quoted, end) = word(&letters, at, true)?;
                at = end;
                if !quoted && letters.get(at) == Some(&':') {
                    let (test, end) = test(&letters, at + 1)?;
                    at = end;
                    tokens.push(Token::Term(Some(word), test));
                } else {
                    tokens.push(match (word.as_str(), quoted) {
                        ("AND", false) => Token::And,
                        ("OR", false) => Token::Or,
                        ("NOT", false) => Token::Not,
                        _ => Token::Term(None, Test::Text(word, quoted)),
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

fn test(letters: &[char], at: usize) -> Result<(Test, usize), String> {
    let with_low = match letters.get(at) {
        Some('[') => true,
        Some('{') => false,
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

/// A word, or a text in quotes; a backslash takes the next letter as it is. Gives where it ends.
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
