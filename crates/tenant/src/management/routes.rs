//! Which request is answered by what.

use std::sync::Arc;

use axum::http::Method;

use super::organizations::Change;
use super::resources::Kind;
use super::{
    Answered, ApiError, Caller, Result, apis, clients, connections, credentials, factors,
    identities, invitations, jobs, journal, lists, members, organizations, permissions, resources,
    roles, sessions, tickets, tokens, users,
};
use crate::http::Call;
use crate::state::Tenant;

/// A request, its caller and the tenant.
#[derive(Clone, Copy)]
struct Asked<'a> {
    tenant: &'a Arc<Tenant>,
    call: &'a Call,
    caller: &'a Caller,
}

pub(super) async fn dispatch(
    tenant: &Arc<Tenant>,
    call: &Call,
    caller: &Caller,
) -> Result<Answered> {
    let segments = call.segments("/api/v2");
    let parts: Vec<&str> = segments.iter().map(String::as_str).collect();
    let asked = Asked {
        tenant,
        call,
        caller,
    };
    let Some((first, rest)) = parts.split_first() else {
        return Err(missing(call));
    };
    match *first {
        "users" | "users-by-email" => of_users(asked, first, rest).await,
        "organizations" => of_organizations(asked, rest).await,
        "jobs" => of_jobs(asked, rest).await,
        "clients" => of_clients(asked, rest),
        "connections" => of_connections(asked, rest),
        "roles" => of_roles(asked, rest),
        "tickets" | "logs" | "tenants" | "client-grants" | "resource-servers" => {
            of_others(asked, first, rest)
        }
        _ => of_tokens(asked, first, rest),
    }
}

async fn of_users(asked: Asked<'_>, first: &str, rest: &[&str]) -> Result<Answered> {
    let Asked {
        tenant,
        call,
        caller,
    } = asked;
    match (call.method.clone(), rest) {
        (Method::GET, []) if first == "users-by-email" => users::by_email(tenant, call, caller),
        _ if first == "users-by-email" => Err(missing(call)),
        (Method::GET, []) => crate::trouble::aside(|| users::list(tenant, call, caller)),
        (Method::POST, []) => users::create(tenant, call, caller).await,
        (Method::GET, [id]) => users::get(tenant, call, caller, id),
        (Method::PATCH, [id]) => users::update(tenant, call, caller, id).await,
        (Method::DELETE, [id]) => users::delete(tenant, call, caller, id),
        (
            _,
            [
                _,
                "authentication-methods" | "authenticators" | "enrollments" | "multifactor",
                ..,
            ],
        ) => of_factors(asked, rest),
        (Method::POST, [id, "identities"]) => identities::link(tenant, call, caller, id),
        (Method::DELETE, [id, "identities", provider, user_id]) => {
            identities::unlink(tenant, caller, id, (provider, user_id))
        }
        (Method::GET, [id, "roles"]) => lists::roles_of(tenant, call, caller, id),
        (Method::POST | Method::DELETE, [id, "roles"]) => {
            lists::change_roles(tenant, call, caller, id)
        }
        (Method::GET, [id, "organizations"]) => lists::organizations_of(tenant, call, caller, id),
        (Method::GET, [id, "permissions"]) => {
            permissions::permissions_of_user(tenant, call, caller, id)
        }
        (Method::POST | Method::DELETE, [id, "permissions"]) => {
            roles::change_permissions_of_user(tenant, call, caller, id)
        }
        (Method::GET, [id, "logs"]) => journal::of_user(tenant, call, caller, id),
        (Method::GET, [id, "sessions"]) => sessions::list(tenant, call, caller, id),
        (Method::DELETE, [id, "sessions"]) => sessions::end_all(tenant, caller, id),
        (Method::GET, [id, "refresh-tokens"]) => tokens::list_of(tenant, call, caller, id),
        (Method::DELETE, [id, "refresh-tokens"]) => tokens::end_all(tenant, caller, id),
        _ => Err(missing(call)),
    }
}

fn of_factors(asked: Asked<'_>, rest: &[&str]) -> Result<Answered> {
    let Asked {
        tenant,
        call,
        caller,
    } = asked;
    match (call.method.clone(), rest) {
        (Method::DELETE, [id, "multifactor", provider]) => {
            users::delete_multifactor(tenant, caller, id, provider)
        }
        (Method::GET, [id, "authentication-methods"]) => factors::list(tenant, call, caller, id),
        (Method::POST, [id, "authentication-methods"]) => factors::create(tenant, call, caller, id),
        (Method::DELETE, [id, "authentication-methods"]) => {
            factors::delete_all(tenant, caller, "delete:authentication_methods", id)
        }
        (Method::GET, [id, "authentication-methods", method]) => {
            factors::get(tenant, caller, (id, method))
        }
        (Method::DELETE, [id, "authentication-methods", method]) => {
            factors::delete(tenant, caller, (id, method))
        }
        (Method::DELETE, [id, "authenticators"]) => {
            factors::delete_all(tenant, caller, "update:users", id)
        }
        (Method::GET, [id, "enrollments"]) => factors::enrollments(tenant, call, caller, id),
        _ => Err(missing(call)),
    }
}

async fn of_organizations(asked: Asked<'_>, rest: &[&str]) -> Result<Answered> {
    let Asked {
        tenant,
        call,
        caller,
    } = asked;
    match (call.method.clone(), rest) {
        (Method::GET, []) => organizations::list(tenant, call, caller),
        (_, ["search", ..]) => Err(missing(call)),
        (Method::GET, ["name", name]) => organizations::by_name(tenant, call, caller, name),
        (Method::DELETE, [id]) => organizations::delete(tenant, caller, id),
        (Method::GET, [id, "members"]) => members::list(tenant, call, caller, id),
        (Method::POST | Method::DELETE, [id, "members"]) => {
            members::change(tenant, call, caller, id)
        }
        (Method::GET, [id, "members", user, "roles"]) => {
            members::roles_of(tenant, call, caller, (id, user))
        }
        (Method::POST | Method::DELETE, [id, "members", user, "roles"]) => {
            members::change_roles(tenant, call, caller, (id, user))
        }
        (Method::GET, [id, "invitations"]) => invitations::list(tenant, call, caller, id),
        (Method::POST, [id, "invitations"]) => invitations::create(tenant, call, caller, id).await,
        (Method::GET, [id, "invitations", invitation]) => {
            invitations::get(tenant, call, caller, (id, invitation))
        }
        (Method::DELETE, [id, "invitations", invitation]) => {
            invitations::delete(tenant, caller, (id, invitation))
        }
        (Method::GET, [id, "enabled_connections"]) => {
            organizations::enabled_connections(tenant, call, caller, id)
        }
        (Method::POST, [id, "enabled_connections"]) => {
            organizations::change_connections(tenant, call, caller, id, Change::Add)
        }
        (Method::GET, [id, "enabled_connections", connection]) => {
            organizations::enabled_connection(tenant, call, caller, (id, connection))
        }
        (Method::PATCH, [id, "enabled_connections", connection]) => {
            organizations::change_connections(tenant, call, caller, id, Change::Set(connection))
        }
        (Method::DELETE, [id, "enabled_connections", connection]) => {
            organizations::change_connections(tenant, call, caller, id, Change::Remove(connection))
        }
        (Method::GET, [id, "client-grants"]) => {
            organizations::client_grants(tenant, call, caller, id)
        }
        (Method::POST, [id, "client-grants"]) => {
            organizations::change_client_grants(tenant, call, caller, id, None)
        }
        (Method::DELETE, [id, "client-grants", grant]) => {
            organizations::change_client_grants(tenant, call, caller, id, Some(grant))
        }
        _ => of_kind(&organizations::KIND, asked, rest),
    }
}

async fn of_jobs(asked: Asked<'_>, rest: &[&str]) -> Result<Answered> {
    let Asked {
        tenant,
        call,
        caller,
    } = asked;
    match (call.method.clone(), rest) {
        (Method::POST, ["verification-email"]) => {
            tickets::send_verification(tenant, call, caller).await
        }
        (Method::POST, ["users-imports"]) => jobs::create_import(tenant, call, caller),
        (Method::POST, ["users-exports"]) => jobs::create_export(tenant, call, caller),
        (Method::GET, [id]) => jobs::get(tenant, caller, id),
        (Method::GET, [id, "errors"]) => jobs::errors(tenant, caller, id),
        _ => Err(missing(call)),
    }
}

fn of_clients(asked: Asked<'_>, rest: &[&str]) -> Result<Answered> {
    let Asked {
        tenant,
        call,
        caller,
    } = asked;
    match (call.method.clone(), rest) {
        (Method::GET, []) => clients::list(tenant, call, caller),
        (Method::POST, []) => clients::create(tenant, call, caller),
        (Method::PATCH, [id]) => clients::update(tenant, call, caller, id),
        (Method::POST, [id, "rotate-secret"]) => clients::rotate(tenant, caller, id),
        (Method::GET, [id, "connections"]) => clients::connections(tenant, call, caller, id),
        (Method::GET, [id, "credentials"]) => credentials::list(tenant, call, caller, id),
        (Method::POST, [id, "credentials"]) => credentials::create(tenant, call, caller, id),
        (Method::GET, [id, "credentials", one]) => credentials::get(tenant, caller, (id, one)),
        (Method::PATCH, [id, "credentials", one]) => {
            credentials::update(tenant, call, caller, (id, one))
        }
        (Method::DELETE, [id, "credentials", one]) => {
            credentials::delete(tenant, caller, (id, one))
        }
        _ => of_kind(&clients::KIND, asked, rest),
    }
}

fn of_connections(asked: Asked<'_>, rest: &[&str]) -> Result<Answered> {
    let Asked {
        tenant,
        call,
        caller,
    } = asked;
    match (call.method.clone(), rest) {
        (Method::DELETE, [id]) => connections::delete(tenant, caller, id),
        (Method::DELETE, [id, "users"]) => connections::delete_user(tenant, call, caller, id),
        (Method::GET, [id, "clients"]) => connections::clients_of(tenant, call, caller, id),
        (Method::PATCH, [id, "clients"]) => connections::change_clients(tenant, call, caller, id),
        _ => of_kind(&connections::KIND, asked, rest),
    }
}

fn of_roles(asked: Asked<'_>, rest: &[&str]) -> Result<Answered> {
    let Asked {
        tenant,
        call,
        caller,
    } = asked;
    match (call.method.clone(), rest) {
        (Method::GET, [id, "permissions"]) => {
            permissions::permissions_of_role(tenant, call, caller, id)
        }
        (Method::POST | Method::DELETE, [id, "permissions"]) => {
            roles::change_permissions(tenant, call, caller, id)
        }
        (Method::GET, [id, "users"]) => roles::users(tenant, call, caller, id),
        (Method::POST, [id, "users"]) => roles::assign(tenant, call, caller, id),
        _ => of_kind(&roles::KIND, asked, rest),
    }
}

/// Answers the requests that are the same for every kind: list, create, read, change and delete.
fn of_kind(kind: &Kind, asked: Asked<'_>, rest: &[&str]) -> Result<Answered> {
    let Asked {
        tenant,
        call,
        caller,
    } = asked;
    match (call.method.clone(), rest) {
        (Method::GET, []) => kind.list(tenant, call, caller),
        (Method::POST, []) => kind.create(tenant, call, caller),
        (Method::GET, [id]) => kind.get(tenant, call, caller, id),
        (Method::PATCH, [id]) => kind.update(tenant, call, caller, id),
        (Method::DELETE, [id]) => kind.delete(tenant, caller, id),
        _ => Err(missing(call)),
    }
}

fn of_others(asked: Asked<'_>, first: &str, rest: &[&str]) -> Result<Answered> {
    let Asked {
        tenant,
        call,
        caller,
    } = asked;
    match (call.method.clone(), first, rest) {
        (Method::POST, "tickets", ["password-change"]) => tickets::password(tenant, call, caller),
        (Method::POST, "tickets", ["email-verification"]) => {
            tickets::verification(tenant, call, caller)
        }
        (Method::GET, "logs", []) => journal::list(tenant, call, caller),
        (Method::GET, "logs", [id]) => journal::get(tenant, caller, id),
        (Method::GET | Method::PATCH, "tenants", ["settings"]) => {
            resources::settings(tenant, call, caller)
        }
        (_, "tickets" | "logs" | "tenants", _) | (_, "resource-servers", ["search", ..]) => {
            Err(missing(call))
        }
        (_, "client-grants", _) => of_kind(&apis::GRANTS, asked, rest),
        _ => of_kind(&apis::KIND, asked, rest),
    }
}

fn of_tokens(asked: Asked<'_>, first: &str, rest: &[&str]) -> Result<Answered> {
    let Asked {
        tenant,
        call,
        caller,
    } = asked;
    match (call.method.clone(), first, rest) {
        (Method::GET, "sessions", [id]) => sessions::get(tenant, caller, id),
        (Method::PATCH, "sessions", [id]) => sessions::update(tenant, call, caller, id),
        (Method::DELETE, "sessions", [id]) => sessions::end(tenant, caller, id),
        (Method::POST, "sessions", [id, "revoke"]) => sessions::revoke(tenant, caller, id),
        (Method::GET, "refresh-tokens", []) => tokens::list(tenant, call, caller),
        (Method::POST, "refresh-tokens", ["revoke"]) => tokens::revoke(tenant, call, caller),
        (Method::GET, "refresh-tokens", [id]) => tokens::get(tenant, call, caller, id),
        (Method::PATCH, "refresh-tokens", [id]) => tokens::update(tenant, call, caller, id),
        (Method::DELETE, "refresh-tokens", [id]) => tokens::end(tenant, caller, id),
        (Method::GET, "grants", []) => tokens::grants(tenant, call, caller),
        (Method::DELETE, "grants", []) => tokens::end_grants(tenant, call, caller),
        (Method::DELETE, "grants", [id]) => tokens::end_grant(tenant, caller, id),
        (Method::GET | Method::DELETE, "user-blocks", []) => {
            tokens::blocks(tenant, call, caller, None)
        }
        (Method::GET | Method::DELETE, "user-blocks", [id]) => {
            tokens::blocks(tenant, call, caller, Some(id))
        }
        _ => Err(missing(call)),
    }
}

/// Why some endpoints of production are not here.
const REASONS: &[(&str, &str)] = &[
    (
        "actions",
        "Actions are files of the project, which the tenant reads anew after every edit",
    ),
    (
        "rules",
        "Rules are files of the project, which the tenant reads anew after every edit",
    ),
    (
        "rules-configs",
        "the values are in the project's configuration",
    ),
    ("hooks", "Hooks have ended in production"),
    (
        "log-streams",
        "nothing of the tenant leaves this machine; GET /_postlogin/events is a stream of its log",
    ),
    ("emails", "no mail is sent; GET /_postlogin/emails has them"),
    ("email-templates", "the templates are files of the project"),
    ("event-streams", "event streams are files of the project"),
    (
        "guardian",
        "the factors are in the project's guardianFactors; enrolments are made at a login, by /mfa/associate or by POST /users/{id}/authentication-methods, and push notifications need the vendor's servers",
    ),
    ("branding", "the pages have one design"),
    ("prompts", "the pages have one design"),
    (
        "custom-domains",
        "the tenant has the host names of --issuer and --allow-host",
    ),
    ("keys", "the signing key is .postlogin/signing-key.pem"),
    ("stats", "the tenant keeps no statistics"),
    ("attack-protection", "the tenant has no attack protection"),
    ("anomaly", "the tenant has no attack protection"),
];

/// 404 and not 501: the vendor's SDKs repeat what is answered with 500 or more, for seconds.
fn missing(call: &Call) -> ApiError {
    let segments = call.segments("/api/v2");
    let first = segments.first().map(String::as_str).unwrap_or_default();
    let reason = REASONS.iter().find(|(known, _)| *known == first);
    let reason = reason
        .map(|(_, reason)| format!(": {reason}"))
        .unwrap_or_default();
    let path: String = call.path.chars().take(300).collect();
    let message = format!(
        "{} {path} is not supported by the local tenant{reason}; see https://github.com/postlogin/postlogin/blob/main/docs/book/src/reference/management-api.md",
        call.method
    );
    ApiError::new(404, message, "not_supported_locally")
}
