//! The state that the Rules of a login share.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::context::{REDIRECT_CALLBACK, context_of, put};
use super::profile::user_of;
use crate::location::Location;
use crate::login::HandlerKind;

/// `user` and `context` on their way from Rule to Rule.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Rules {
    /// The `context` that the event gave.
    given: Map<String, Value>,
    /// As the last Rule left them; nothing before the first one.
    pub shared: Option<Shared>,
    /// The Rule that asked for the redirect, and where.
    pub redirected_by: Option<(String, Option<Location>)>,
    /// The Rules run again after their redirect.
    pub is_back: bool,
    /// The members that Rules had set on `user` before their redirect.
    #[serde(default)]
    carried: Map<String, Value>,
}

/// `user` and `context` between two Rules.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Shared {
    /// The profile.
    pub user: Value,
    /// Everything else.
    pub context: Value,
}

/// The Rule, or the script of a connection, that runs.
#[derive(Debug)]
pub(crate) struct RunningRule {
    /// A Rule, or the script of a connection, which returns a profile.
    pub kind: HandlerKind,
    /// It has called back.
    pub completed: bool,
    /// The rejection of its promise before it called back.
    pub rejected: Option<String>,
}

impl RunningRule {
    pub fn new(kind: HandlerKind) -> Self {
        Self {
            kind,
            completed: false,
            rejected: None,
        }
    }
}

impl Rules {
    pub fn new(given: Map<String, Value>) -> Rules {
        Rules {
            given,
            ..Rules::default()
        }
    }

    /// Returns the input of the next Rule, and whether that is the first one to see it.
    pub fn enter(&mut self, event: &Value) -> (Shared, bool) {
        if let Some(shared) = &self.shared {
            return (shared.clone(), false);
        }
        let mut context = context_of(event, &self.given);
        if self.is_back {
            put(&mut context, &["protocol"], Value::from(REDIRECT_CALLBACK));
            let part = |key: &str| event.pointer(&format!("/request/{key}")).cloned();
            for key in ["query", "body"] {
                if let Some(part) = part(key) {
                    put(&mut context, &["request", key], part);
                }
            }
        }
        let mut user = user_of(event);
        if let Some(user) = user.as_object_mut() {
            user.extend(self.carried.clone());
        }
        let shared = Shared { user, context };
        self.shared = Some(shared.clone());
        (shared, true)
    }

    /// All Rules run again, with what the browser brought back. What they have set on `user` is still there: a Rule compares
    /// `user.jti` with the token that comes back. Metadata is as it is stored.
    ///
    /// Source: <https://auth0.com/docs/customize/rules/redirect-users>.
    pub fn come_back(&mut self, event: &Value) {
        let profile = user_of(event);
        let left = self.shared.take().map(|shared| shared.user);
        if let Some(Value::Object(left)) = left {
            let set = left.into_iter().filter(|(key, value)| {
                !matches!(key.as_str(), "user_metadata" | "app_metadata")
                    && profile.get(key) != Some(value)
            });
            self.carried = set.collect();
        }
        self.redirected_by = None;
        self.is_back = true;
    }
}
