//! The second factors that let a waiting login continue at the token endpoint.

use postlogin_core::Suspension;
use serde_json::{Value, json};

use super::Result;
use super::factors::{self, Kind};
use crate::state::Tenant;

/// The types of factors that the MFA API enrols, as events name them.
const ENROLLABLE: &[&str] = &["otp", "phone", "email", "push-notification"];

/// The factors that a login waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Any factor: the tenant's policy, or `api.multifactor.enable`, asks.
    Any,
    /// One of these, of those that the user has, in the order of preference.
    Challenge(Vec<String>),
    /// One of these, which the user enrols, in the order of preference.
    Enrolment(Vec<String>),
}

impl Asked {
    /// Returns what a suspended login asks for.
    pub(crate) fn of(suspension: &Suspension) -> Self {
        match suspension {
            Suspension::Challenge { factors } if !factors.is_empty() => {
                Self::Challenge(factors.clone())
            }
            Suspension::Enroll { factors } if !factors.is_empty() => {
                Self::Enrolment(factors.clone())
            }
            _ => Self::Any,
        }
    }

    /// Returns the types that are named; none for [`Asked::Any`].
    pub(crate) fn types(&self) -> &[String] {
        match self {
            Self::Any => &[],
            Self::Challenge(types) | Self::Enrolment(types) => types,
        }
    }

    /// Returns the preferred type.
    pub(crate) fn first(&self) -> Option<&str> {
        self.types().first().map(String::as_str)
    }

    /// Whether a factor of a type lets the login continue.
    pub(crate) fn accepts(&self, kind: &str) -> bool {
        *self == Self::Any || self.types().iter().any(|it| it == kind)
    }

    /// Whether the code that the tenant's log shows lets the login continue. It replaces that of an app, and of factors that the
    /// local tenant does not have.
    pub(crate) fn accepts_shown_code(&self) -> bool {
        let has_messages = |kind: &String| matches!(kind.as_str(), "phone" | "email");
        *self == Self::Any || !self.types().iter().all(has_messages)
    }

    /// Returns `mfa_requirements`: `challenge` with the types that the user has, or `enroll` with those to choose from.
    ///
    /// Source: <https://auth0.github.io/nextjs-auth0/interfaces/server.MfaRequirements.html>.
    pub(crate) fn requirements(&self, tenant: &Tenant, user_id: &str) -> Result<Value> {
        let listed = |types: &[String]| -> Value {
            types.iter().map(|kind| json!({"type": kind})).collect()
        };
        let enrolled = match self {
            Self::Challenge(types) => return Ok(json!({"challenge": listed(types)})),
            Self::Enrolment(types) => {
                let known = types
                    .iter()
                    .filter(|kind| ENROLLABLE.contains(&kind.as_str()));
                let known: Vec<String> = known.cloned().collect();
                let shown = if known.is_empty() { types } else { &known };
                return Ok(json!({"enroll": listed(shown)}));
            }
            Self::Any => factors::of(tenant, user_id)?,
        };
        let mut types: Vec<String> = Vec::new();
        for factor in enrolled.iter().filter(|it| it.active) {
            let kind = factor.kind.enrolled();
            if factor.kind != Kind::Recovery && !types.iter().any(|it| it == kind) {
                types.push(kind.to_owned());
            }
        }
        types.sort_by_key(|kind| ENROLLABLE.iter().position(|it| it == kind));
        if !types.is_empty() {
            return Ok(json!({"challenge": listed(&types)}));
        }
        let enabled = tenant.catalog.factors.iter();
        let enabled: Vec<String> = enabled
            .filter(|kind| ENROLLABLE.contains(&kind.as_str()))
            .cloned()
            .collect();
        Ok(json!({"enroll": listed(&enabled)}))
    }
}
