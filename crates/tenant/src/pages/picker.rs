//! The list of users on the login page: sign in as one of them without a password.

use maud::{Markup, html};
use serde_json::Value;

use crate::catalog::{is_enabled, is_provider};
use crate::http::text;
use crate::oauth::Result;
use crate::oauth::run::LoginDoc;
use crate::state::Tenant;

/// The number of users that the picker shows.
const PICKED: usize = 50;

/// Returns the id of a user who was picked, if the page may list the user.
pub(super) fn picked(
    tenant: &Tenant,
    client: &Value,
    login: &LoginDoc,
    user_id: &str,
) -> Result<Option<String>> {
    let user = tenant.store.user(user_id)?;
    let fits = user.is_some_and(|user| is_pickable(tenant, client, login, &user));
    Ok(fits.then(|| user_id.to_owned()))
}

fn is_pickable(tenant: &Tenant, client: &Value, login: &LoginDoc, user: &Value) -> bool {
    let name = user
        .pointer("/identities/0/connection")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let asked = login
        .request
        .connection
        .as_deref()
        .is_none_or(|asked| asked == name);
    asked
        && tenant
            .catalog
            .connection(name)
            // People of another site sign in there: their script gives the profile.
            .is_none_or(|connection| is_enabled(connection, client) && !is_provider(connection))
}

/// The first users who may be picked, of each connection at most one more than are shown.
pub(super) fn pickable(
    tenant: &Tenant,
    client: &Value,
    login: &LoginDoc,
    beginning: Option<&str>,
) -> Result<Vec<Value>> {
    let asked = login.request.connection.as_deref();
    let mut users = Vec::new();
    for connection in &tenant.catalog.connections {
        let name = text(connection, "name").unwrap_or_default();
        if asked.is_none_or(|asked| asked == name)
            && is_enabled(connection, client)
            && !is_provider(connection)
        {
            let some = tenant.store.first_users(name, beginning, PICKED + 1)?;
            users.extend(
                some.into_iter()
                    .filter(|user| is_pickable(tenant, client, login, user)),
            );
        }
    }
    Ok(users)
}

/// Returns the buttons of users who are signed in without a password.
pub(super) fn picker(state: &Markup, users: &[Value], find: Option<&str>, written: &str) -> Markup {
    html! {
        p.note { "Only in this local tenant: sign in without a password as" }
        form method="post" action="/u/login" {
            (state)
            @for user in users.iter().take(PICKED) {
                @let id = text(user, "user_id").unwrap_or_default();
                @let shown = text(user, "email").or_else(|| text(user, "username"));
                button.user name="user_id" value=(id) { (shown.unwrap_or(id)) }
            }
            (claims_field(written))
        }
        @if users.len() > PICKED || find.is_some() {
            form method="get" action="/u/login" {
                (state)
                label {
                    "At most " (PICKED) " are shown. Find one by the beginning of the email address or username"
                    input name="find" value=(find.unwrap_or_default()) autocomplete="off";
                }
                button.user { "Find" }
            }
        }
        hr;
    }
}

/// Returns the field for claims of this login, which is closed until it is needed.
pub(super) fn claims_field(written: &str) -> Markup {
    html! {
        details open[!written.is_empty()] {
            summary.note { "Claims for this login" }
            label {
                "A JSON object; both tokens get these claims, as from an Action"
                textarea name="claims" spellcheck="false" placeholder="{\"https://example.com/hobby\": \"surfing\"}" { (written) }
            }
        }
    }
}
