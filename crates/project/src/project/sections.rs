//! The sections that an export may have, and those of them that nothing here reads.
//!
//! The names are those of the Deploy CLI: its handlers (`src/tools/auth0/handlers`), and its folders (`src/tools/constants.ts`).
//! It refuses any other key of `tenant.yaml` (`additionalProperties: false` in `src/tools/auth0/schema.ts`).

use std::path::Path;

use postlogin_core::event::suggest::closest;
use serde_json::Value;

use crate::Error;
use crate::document::node::Entry;
use crate::files::{display_path, entries, extension};

/// Keys of `tenant.yaml` that are read.
pub(super) const READ: &[&str] = &[
    "actionModules",
    "actions",
    "clientGrants",
    "clients",
    "connections",
    "databases",
    "emailTemplates",
    "eventStreams",
    "guardianFactors",
    "guardianPolicies",
    "organizations",
    "resourceServers",
    "roles",
    "rules",
    "rulesConfigs",
    "tenant",
    "tokenExchangeProfiles",
    "triggers",
];

/// Keys that are not read, with their place in the form of folders; empty for those that have none.
const UNREAD: &[(&str, &str)] = &[
    ("attackProtection", "attack-protection"),
    ("branding", "branding"),
    ("clientAuthCredentials", "client-auth-credentials"),
    ("connectionProfiles", "connection-profiles"),
    ("customDomains", "custom-domains"),
    ("emailProvider", "emails/provider.json"),
    ("flowVaultConnections", "flow-vault-connections"),
    ("flowVaults", "flow-vaults"),
    ("flows", "flows"),
    ("forms", "forms"),
    ("guardianEmailFactorSettings", ""),
    ("guardianFactorProviders", "guardian/providers"),
    ("guardianFactorTemplates", "guardian/templates"),
    (
        "guardianPhoneFactorMessageTypes",
        "guardian/phoneFactorMessageTypes.json",
    ),
    (
        "guardianPhoneFactorSelectedProvider",
        "guardian/phoneFactorSelectedProvider.json",
    ),
    ("guardianPhoneFactorSettings", ""),
    ("guardianSettings", ""),
    ("hooks", "hooks"),
    ("logStreams", "log-streams"),
    ("migrations", "migrations.json"),
    ("networkACLKeys", "network-acl-keys"),
    ("networkACLs", "network-acls"),
    ("pages", "pages"),
    ("phoneProviders", "phone-providers"),
    ("phoneTemplates", "phone-templates"),
    ("prompts", "prompts"),
    ("rateLimitPolicies", "rate-limit-policies"),
    ("riskAssessment", "risk-assessment"),
    ("riskAssessments", "risk-assessments"),
    ("riskAssessmentsNewDevice", ""),
    ("selfServiceProfiles", "self-service-profiles"),
    ("supplementalSignals", "supplemental-signals.json"),
    ("themes", "themes"),
    ("userAttributeProfiles", "user-attribute-profiles"),
];

/// The key that excludes things from a deployment: it has no meaning here.
const EXCLUDE: &str = "exclude";

/// Resources of the Terraform provider that configure how Terraform itself reaches the tenant, or nothing that a login meets.
const OF_TERRAFORM: &[&str] = &["auth0_encryption_key_manager"];

/// Whether a value configures anything: `false`, `0`, empty and what consists of such things does not.
#[must_use]
pub fn is_on(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(on) => *on,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => members.values().any(is_on),
    }
}

/// Returns the keys of a `tenant.yaml` that the Deploy CLI knows, that configure something, and that nothing here reads.
pub(super) fn unread_in_yaml(configuration: &Value) -> Vec<String> {
    let sections = configuration.as_object().into_iter().flatten();
    let unread = sections
        .filter(|(key, value)| UNREAD.iter().any(|(known, _)| known == key) && is_on(value));
    unread.map(|(key, _)| key.clone()).collect()
}

/// As [`unread_in_yaml`], for the form of folders: those that have a JSON file, by their paths.
pub(super) fn unread_in_folder(root: &Path) -> Vec<String> {
    let is_json = |path: &Path| path.is_file() && extension(path) == "json";
    let has_json = |path: &Path| entries(path).iter().any(|it| is_json(it));
    let is_there = |path: &Path| {
        // Some keep a folder for each item. A folder of the same name may also be that of another program.
        is_json(path) || has_json(path) || entries(path).iter().any(|it| has_json(it))
    };
    let places = UNREAD.iter().map(|(_, place)| *place);
    let places = places.filter(|place| !place.is_empty() && is_there(&root.join(place)));
    places
        .map(|place| display_path(&root.join(place), root))
        .collect()
}

/// As [`unread_in_yaml`], for a resource of Terraform that nothing here reads.
pub(super) fn unread_resource(kind: &str) -> Option<String> {
    (!OF_TERRAFORM.contains(&kind)).then(|| kind.to_owned())
}

/// Returns the mistake of a key of `tenant.yaml` that is none of the Deploy CLI's.
pub(super) fn unknown(entry: &Entry) -> Option<Error> {
    let names = || {
        let unread = UNREAD.iter().map(|(key, _)| *key);
        READ.iter().copied().chain(unread)
    };
    let key = entry.key.as_str();
    if key == EXCLUDE || names().any(|known| known == key) {
        return None;
    }
    let error = entry.place.error(format!(
        "unknown section `{key}` of the export: nothing reads it"
    ));
    Some(match closest(key, names()) {
        Some(near) => error.with_hint(format!("did you mean `{near}`?")),
        None => {
            error.with_hint("the Deploy CLI refuses a file with sections that it does not know")
        }
    })
}

#[cfg(test)]
mod tests;
