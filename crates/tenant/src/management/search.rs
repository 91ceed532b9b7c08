//! The common forms of `q`: a subset of the Lucene syntax that user search takes.
//!
//! <https://auth0.com/docs/manage-users/user-search/user-search-query-syntax>

use serde_json::Value;

/// The limit of nested parentheses.
const DEPTH: usize = 30;
/// The most terms and operators of a query: each term is compared with the fields of every user.
const MOST_TOKENS: usize = 200;

/// A parsed query.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Query {
    And(Vec<Query>),
    Or(Vec<Query>),
    Not(Box<Query>),
    /// `_exists_:field`
    Exists(String),
    /// `field:value`; without a field, any of the usual ones.
    Is(Option<String>, Test),
}

/// The test of a value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Test {
    /// A text in lower case, with `*` and, outside of quotes, `?`; and whether it was in quotes.
    Text(String, bool),
    /// `[low TO high]`; `{}` leaves the ends out.
    Range {
        low: String,
        high: String,
        with_low: bool,
        with_high: bool,
    },
}

/// Fields that a bare word is looked for in.
const USUAL: &[&str] = &[
    "email",
    "name",
    "nickname",
    "username",
    "given_name",
    "family_name",
    "user_id",
    "phone_number",
];

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Open,
    Close,
    And,
    Or,
    Not,
    Term(Option<String>, Test),
}

impl Query {
    /// Parses a query.
    ///
    /// # Errors
    /// In the words of the vendor's error, when it cannot be understood.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
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

    pub(super) fn matches(&self, user: &Value) -> bool {
        match self {
            Self::And(parts) => parts.iter().all(|part| part.matches(user)),
            Self::Or(parts) => parts.iter().any(|part| part.matches(user)),
            Self::Not(part) => !part.matches(user),
            Self::Exists(field) => values(user, field).iter().any(|value| !value.is_null()),
            Self::Is(Some(field), test) => values(user, field).iter().any(|value| test.fits(value)),
            Self::Is(None, test) => USUAL
                .iter()
                .any(|field| values(user, field).iter().any(|value| test.fits(value))),
        }
    }
}

fn broken() -> String {
    "Failed to parse query.".to_owned()
}

/// The values at a dotted path; lists on the way are looked into.
fn values<'a>(user: &'a Value, field: &str) -> Vec<&'a Value> {
    let mut found = vec![user];
    for part in field.split('.') {
        let below = found.into_iter().flat_map(|value| match value {
            Value::Array(items) => items
                .iter()
                .filter_map(|item| item.get(part))
                .collect::<Vec<_>>(),
            other => other.get(part).into_iter().collect(),
        });
        found = below.collect();
    }
    found
        .into_iter()
        .flat_map(|value| match value {
            Value::Array(items) => items.iter().collect::<Vec<_>>(),
            other => vec![other],
        })
        .collect()
}

impl Test {
    fn in_lower_case(&self) -> Self {
        match self {
            Self::Text(text, is_quoted) => Self::Text(text.to_lowercase(), *is_quoted),
            Self::Range {
                low,
                high,
                with_low,
                with_high,
            } => Self::Range {
                low: low.to_lowercase(),
                high: high.to_lowercase(),
                with_low: *with_low,
                with_high: *with_high,
            },
        }
    }

    fn fits(&self, value: &Value) -> bool {
        let shown = match value {
            Value::String(text) => text.to_lowercase(),
            Value::Null | Value::Object(_) | Value::Array(_) => return false,
            other => other.to_string(),
        };
        match self {
            Self::Text(pattern, true) => shown == *pattern,
            Self::Text(pattern, false) => postlogin_core::wildcard::matches(pattern, &shown),
            Self::Range {
                low,
                high,
                with_low,
                with_high,
            } => {
                let number = |text: &str| text.parse::<f64>().ok();
                let order = |bound: &str| match (value.as_f64(), number(bound)) {
                    (Some(value), Some(bound)) => value.partial_cmp(&bound),
                    _ => Some(shown.as_str().cmp(bound)),
                };
                let above = low == "*"
                    || order(low)
                        .is_some_and(|order| order.is_gt() || (*with_low && order.is_eq()));
                let below = high == "*"
                    || order(high)
                        .is_some_and(|order| order.is_lt() || (*with_high && order.is_eq()));
                above && below
            }
        }
    }
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
        // Once here, and not for every user.
        Token::Term(field, test) => Ok(Query::Is(field.clone(), test.in_lower_case())),
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Query;

    #[test]
    fn the_common_forms_find_what_they_say() {
        let jane = json!({
            "email": "Jane.Doe@example.com", "email_verified": true, "logins_count": 7, "updated_at": "2026-01-05T00:00:00.000Z",
            "user_metadata": {"hobby": "surfing the web", "tags": ["a", "b"]}, "identities": [{"connection": "db", "provider": "auth0"}],
        });
        for (query, expected) in [
            ("email:\"jane.doe@example.com\"", true),
            ("email:jane*", true),
            ("email:jane", false),
            ("user_metadata.hobby:\"surfing the web\"", true),
            ("user_metadata.tags:b", true),
            ("identities.connection:\"db\" AND email_verified:true", true),
            ("NOT email_verified:true", false),
            ("email:x* OR logins_count:[5 TO *]", true),
            ("logins_count:{7 TO 9}", false),
            ("(email:x OR email:jane*) AND -blocked:true", true),
            ("_exists_:user_metadata.hobby", true),
            ("_exists_:blocked", false),
            ("updated_at:[2026-01-01 TO 2026-02-01]", true),
            ("jane*", true),
            ("email:jane* user_metadata.tags:c", false),
        ] {
            assert_eq!(
                Query::parse(query).unwrap().matches(&jane),
                expected,
                "{query}"
            );
        }
        for broken in ["", "(", "email:", "a AND", "\"open", "x:[1 2]", "OR a", ")"] {
            assert!(Query::parse(broken).is_err(), "{broken}");
        }
        assert!(Query::parse(&"(".repeat(100_000)).is_err());
        let words = |count: usize| "zz OR ".repeat(count) + "zz";
        assert!(Query::parse(&words(99)).is_ok());
        let refused = Query::parse(&words(100)).unwrap_err();
        assert!(refused.contains("more than 200 terms"), "{refused}");
    }
}
