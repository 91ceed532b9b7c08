//! Permissions that the Management API gave to users and roles.

use serde::{Deserialize, Serialize};

/// A permission that a user has without a role, or a role has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Permission {
    #[serde(rename = "resource_server_identifier")]
    pub(crate) api: String,
    #[serde(rename = "permission_name")]
    pub(crate) name: String,
}

/// The permissions that a user has without a role; its owner is the user.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Permissions(pub(crate) Vec<Permission>);
