//! The user's metadata, groups and roles, and what Actions share during a login.

use serde::Serialize;
use serde_json::Value;
#[cfg(not(target_arch = "wasm32"))]
use serde_json::json;

#[cfg(not(target_arch = "wasm32"))]
use super::optional;
use crate::error::Result;

/// `api.user`
#[derive(Debug)]
pub struct User(pub(super) ());

impl User {
    name_and_value! {
        /// Sets one key of `app_metadata`; `()` or `None` removes it. Written once, at the end of the flow.
        ///
        /// # Errors
        /// If the event's map is none, or the value cannot be JSON.
        set_app_metadata, "user.setAppMetadata", user
    }

    name_and_value! {
        /// Sets one key of `user_metadata`; `()` or `None` removes it. Written once, at the end of the flow.
        ///
        /// # Errors
        /// If the event's map is none, or the value cannot be JSON.
        set_user_metadata, "user.setUserMetadata", user
    }
}

/// `api.transaction`
#[derive(Debug)]
pub struct Transaction(pub(super) ());

impl Transaction {
    name_and_value! {
        /// Shares a string, a number or a boolean with the later Actions; `()` or `None` removes the key.
        ///
        /// # Errors
        /// If the value is of another kind, or a limit is passed.
        set_metadata, "transaction.setMetadata", transaction
    }
}

/// Which part of a list is wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Page {
    /// The number of entries; at least 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub take: Option<u32>,
    /// Where to go on: `next` of the answer before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
}

/// `api.groups`
#[derive(Debug)]
pub struct Groups(pub(super) ());

impl Groups {
    /// `{"groups": […], "next"?: "…"}`; no groups in a native call.
    ///
    /// # Errors
    /// If `take` is 0.
    #[track_caller]
    pub fn get_user_groups(&self, page: Option<Page>) -> Result<Value> {
        call_for_json!(
            "groups.getUserGroups",
            [optional(page)],
            host::groups::get_user_groups(page.map(Into::into).as_ref()),
            json!({"groups": []})
        )
    }

    /// `{"memberships": {…}, "errors"?: {…}}` for ids or names of groups; no memberships in a native call.
    ///
    /// # Errors
    /// If `groups` is empty.
    #[track_caller]
    pub fn has_group_membership(&self, groups: &[String]) -> Result<Value> {
        call_for_json!(
            "groups.hasGroupMembership",
            [json!(groups)],
            host::groups::has_group_membership(groups),
            json!({"memberships": {}})
        )
    }
}

/// `api.roles`
#[derive(Debug)]
pub struct Roles(pub(super) ());

impl Roles {
    /// `{"roles": [{"id", "name", "type"}], "next"?: "…"}`; no roles in a native call.
    ///
    /// # Errors
    /// If `take` is 0.
    #[track_caller]
    pub fn get_user_effective_roles(&self, page: Option<Page>) -> Result<Value> {
        call_for_json!(
            "roles.getUserEffectiveRoles",
            [optional(page)],
            host::roles::get_user_effective_roles(page.map(Into::into).as_ref()),
            json!({"roles": []})
        )
    }

    /// `{"roles": […]}`: those of the given ids that the user has.
    ///
    /// # Errors
    /// If `ids` is empty.
    #[track_caller]
    pub fn get_user_effective_roles_by_ids(&self, ids: &[String]) -> Result<Value> {
        call_for_json!(
            "roles.getUserEffectiveRolesByIds",
            [json!(ids)],
            host::roles::get_user_effective_roles_by_ids(ids),
            json!({"roles": []})
        )
    }

    /// `{"roles": […]}`: those of the given names that the user has.
    ///
    /// # Errors
    /// If `names` is empty.
    #[track_caller]
    pub fn get_user_effective_roles_by_names(&self, names: &[String]) -> Result<Value> {
        call_for_json!(
            "roles.getUserEffectiveRolesByNames",
            [json!(names)],
            host::roles::get_user_effective_roles_by_names(names),
            json!({"roles": []})
        )
    }
}
