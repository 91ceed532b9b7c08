//! The common forms of `q`: a subset of the Lucene syntax that user search takes.
//!
//! <https://auth0.com/docs/manage-users/user-search/user-search-query-syntax>

mod parse;

use serde_json::Value;

/// A parsed query.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Query {
    And(Vec<Query>),
    Or(Vec<Query>),
    Not(Box<Query>),
    /// `_exists_:field`
    Exists(String),
    /// `field:value`; without a field, any of the usual ones.
    Is(Option<String>, Term),
}

/// A test, as it is written and in lower case: both are made once, and not for every user.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Term {
    exact: Test,
    folded: Test,
}

impl Term {
    fn fits(&self, value: &Value, folds: bool) -> bool {
        match folds {
            true => self.folded.fits(value, true),
            false => self.exact.fits(value, false),
        }
    }
}

/// The test of a value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Test {
    /// A text, with `*` outside of quotes; and whether it was in quotes.
    Text(String, bool),
    /// `[low TO high]`; `{}` leaves the ends out.
    Range {
        low: String,
        high: String,
        with_low: bool,
        with_high: bool,
    },
}

/// Fields of a user that a bare word is looked for in.
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

/// Fields of a log event that a bare word is looked for in.
///
/// Source: <https://auth0.com/docs/deploy-monitor/logs/log-search-query-syntax>.
const USUAL_OF_LOGS: &[&str] = &[
    "user_name",
    "connection",
    "client_name",
    "type",
    "ip",
    "log_id",
    "description",
];

/// Fields of which the case does not count: "All other fields (including all `app_metadata`/`user_metadata` fields) are case
/// sensitive".
const FOLDED: &[&str] = &[
    "email",
    "email.domain",
    "family_name",
    "given_name",
    "name",
    "nickname",
];

/// The organizations of a user, which the profile does not have.
pub(super) const ORGANIZATION: &str = "organization_id";

/// The fewest letters after `*`.
const LEAST_ENDING: usize = 3;

/// Whether a value is one that is looked for.
type ValueTest<'a> = dyn Fn(&Value) -> bool + 'a;

impl Query {
    /// Parses a query.
    ///
    /// # Errors
    /// In the words of the vendor's error, when it cannot be understood.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        parse::query(text)
    }

    /// Parses a query of users, which has fewer forms: no wildcards and ranges of `user_metadata`, and no short endings.
    ///
    /// # Errors
    /// As [`Query::parse`]; what production answers to the other forms is not published.
    pub(super) fn of_users(text: &str) -> Result<Self, String> {
        let query = Self::parse(text)?;
        let problem = query.terms().find_map(|(field, test)| refused(field, test));
        problem.map_or(Ok(query), Err)
    }

    /// The fields of its terms and what is asked of them.
    fn terms(&self) -> Box<dyn Iterator<Item = (Option<&str>, Option<&Test>)> + '_> {
        match self {
            Self::And(parts) | Self::Or(parts) => {
                Box::new(parts.iter().flat_map(|part| part.terms()))
            }
            Self::Not(part) => part.terms(),
            Self::Exists(field) => Box::new(std::iter::once((Some(field.as_str()), None))),
            Self::Is(field, term) => {
                Box::new(std::iter::once((field.as_deref(), Some(&term.exact))))
            }
        }
    }

    /// Whether it asks for a field.
    pub(super) fn names(&self, field: &str) -> bool {
        self.terms().any(|(named, _)| named == Some(field))
    }

    /// Whether it fits a log event, in whatever case.
    pub(super) fn matches_log(&self, event: &Value) -> bool {
        self.holds(USUAL_OF_LOGS, &|_| true, &|field, test| {
            values(event, field).into_iter().any(test)
        })
    }

    /// Whether it fits a user who is a member of these organizations, a list of ids.
    pub(super) fn matches_user(&self, user: &Value, organizations: &[Value]) -> bool {
        self.holds(
            USUAL,
            &|field| FOLDED.contains(&field),
            &|field, test| match field {
                ORGANIZATION => organizations.iter().any(test),
                "email.domain" => {
                    let email = user.get("email").and_then(Value::as_str);
                    let domain = email.and_then(|email| email.rsplit_once('@'));
                    domain.is_some_and(|(_, domain)| test(&domain.into()))
                }
                field => values(user, field).into_iter().any(test),
            },
        )
    }

    /// `any` returns whether one of the values of a field passes a test, `folds` whether the case of a field does not count;
    /// `usual` are the fields of a term that names none.
    fn holds(
        &self,
        usual: &[&str],
        folds: &dyn Fn(&str) -> bool,
        any: &dyn Fn(&str, &ValueTest<'_>) -> bool,
    ) -> bool {
        let fits = |field: &str, term: &Term| {
            let folds = folds(field);
            any(field, &|value| term.fits(value, folds))
        };
        match self {
            Self::And(parts) => parts.iter().all(|part| part.holds(usual, folds, any)),
            Self::Or(parts) => parts.iter().any(|part| part.holds(usual, folds, any)),
            Self::Not(part) => !part.holds(usual, folds, any),
            Self::Exists(field) => any(field, &|value| !value.is_null()),
            Self::Is(Some(field), term) => fits(field, term),
            Self::Is(None, term) => usual.iter().any(|field| fits(field, term)),
        }
    }
}

/// Why a term is none that users can be searched by.
fn refused(field: Option<&str>, test: Option<&Test>) -> Option<String> {
    let is_metadata =
        field.is_some_and(|field| field == "user_metadata" || field.starts_with("user_metadata."));
    match test? {
        Test::Text(_, true) => None,
        Test::Text(text, false) if !text.contains('*') => None,
        _ if is_metadata => Some(
            "Range and wildcard searches are not available on user_metadata fields.".to_owned(),
        ),
        Test::Text(text, false) => {
            let ending = text.strip_prefix('*')?.trim_matches('*').chars().count();
            (1..LEAST_ENDING).contains(&ending).then(|| {
                format!(
                    "For suffix matching, the literal must be {LEAST_ENDING} characters or longer."
                )
            })
        }
        Test::Range { .. } => None,
    }
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

    fn fits(&self, value: &Value, folds: bool) -> bool {
        let shown = match value {
            Value::String(text) if folds => text.to_lowercase(),
            Value::String(text) => text.clone(),
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

#[cfg(test)]
mod tests;
