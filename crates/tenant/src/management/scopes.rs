//! The scopes of a machine's token for the Management API.

/// The scopes that `client_credentials` grants when it names none: all that an endpoint here checks.
pub(crate) const MANAGEMENT_SCOPES: &[&str] = &[
    "read:users",
    "update:users",
    "delete:users",
    "create:users",
    "read:users_app_metadata",
    "update:users_app_metadata",
    "delete:users_app_metadata",
    "create:users_app_metadata",
    "read:user_idp_tokens",
    "read:clients",
    "update:clients",
    "read:client_keys",
    "read:connections",
    "read:resource_servers",
    "read:roles",
    "create:role_members",
    "read:role_members",
    "delete:role_members",
    "read:organizations",
    "read:organization_members",
    "create:organization_members",
    "delete:organization_members",
];
