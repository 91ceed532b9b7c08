//! Sessions, which the browser's cookie identifies, and single sign-on.

use axum::response::Response;

use super::Result;
use serde_json::Map;

use crate::http::{Call, add_cookie, add_passing_cookie, text};
use crate::randomness::digest;
use crate::records::{Method, Session as SessionRecord, SessionClient, SessionDevice};
use crate::state::Tenant;
use crate::store::Entry;

/// The names of a tenant's cookies. Browsers do not part cookies by port, so two tenants on one host need names of their own:
/// a login at one would end the session at the other.
pub(crate) struct Cookies {
    /// That of the session.
    session: String,
    /// That of the browser: a login page belongs to the browser that opened it.
    browser: String,
    /// That of the page for people.
    pub(crate) page: String,
}

impl Cookies {
    /// Of the tenant with this host and port.
    pub(crate) fn new(authority: &str) -> Self {
        let own = digest(authority);
        let own: String = own
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .take(8)
            .collect();
        Self {
            session: format!("auth0_{own}"),
            browser: format!("did_{own}"),
            page: format!("postlogin_page_{own}"),
        }
    }
}

/// The browser's value of a request, if it has one.
pub(crate) fn browser_of<'a>(tenant: &Tenant, call: &'a Call) -> Option<&'a str> {
    call.cookie(&tenant.site.cookies.browser)
}

const YEAR_S: i64 = 31_557_600;

/// The session of a request that has not run out.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    /// The hash of the cookie.
    pub(crate) key: String,
    pub(crate) record: SessionRecord,
}

/// The session that a request's cookie identifies.
pub(crate) fn current(tenant: &Tenant, call: &Call) -> Result<Option<Session>> {
    let Some(cookie) = call.cookie(&tenant.site.cookies.session) else {
        return Ok(None);
    };
    let key = digest(cookie);
    let now = tenant.now_ms();
    let found = tenant.store.get::<SessionRecord>(&key, now)?;
    let current = found.filter(|record| record.idle_expires_at.min(record.expires_at) >= now);
    Ok(current.map(|record| Session { key, record }))
}

/// The way in which a user has signed in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrival<'a> {
    pub(crate) user_id: &'a str,
    /// The name in `event.authentication.methods`.
    pub(crate) method: &'a str,
    /// The connection, if it is another one than that of the user's first identity.
    pub(crate) connection: Option<&'a str>,
}

/// Begins a session for a user who has just signed in, or renews the user's own. The cookie is a new one each time.
pub(crate) fn begin(
    tenant: &Tenant,
    call: &Call,
    arrival: Arrival<'_>,
) -> Result<(Session, String)> {
    let Arrival {
        user_id,
        method,
        connection,
    } = arrival;
    let now = tenant.now_ms();
    let before = current(tenant, call)?;
    if let Some(before) = &before {
        tenant.store.remove::<SessionRecord>(&before.key)?;
    }
    let own = before.filter(|before| before.record.user_id == user_id);
    let (lifetime, idle_lifetime) = lifetimes(tenant);
    let expires = now.saturating_add(lifetime);
    let idle = now.saturating_add(idle_lifetime).min(expires);
    let agent = call.header("user-agent").unwrap_or_default();
    let record = match own {
        Some(Session { record, .. }) => record,
        None => new(tenant, call, user_id, agent),
    };
    let record = SessionRecord {
        updated_at: now,
        authenticated_at: now,
        expires_at: expires,
        idle_expires_at: idle,
        last_interacted_at: now,
        device: SessionDevice {
            last_ip: call.ip.clone(),
            last_user_agent: agent.to_owned(),
            ..record.device
        },
        methods: vec![Method {
            name: method.to_owned(),
            timestamp: crate::clock::iso(now),
            factor: None,
        }],
        connection: connection.map(str::to_owned),
        ..record
    };
    let cookie = tenant.randomness.token();
    let key = digest(&cookie);
    let entry = Entry::until(&key, expires).of(user_id);
    tenant.store.put(entry, &record, now)?;
    Ok((Session { key, record }, cookie))
}

/// A session that nothing is known of but its user and browser.
fn new(tenant: &Tenant, call: &Call, user_id: &str, agent: &str) -> SessionRecord {
    let id = tenant.randomness.token().replace(['-', '_'], "0");
    let now = tenant.now_ms();
    SessionRecord {
        id: id.chars().take(32).collect(),
        user_id: user_id.to_owned(),
        created_at: now,
        updated_at: now,
        authenticated_at: now,
        expires_at: now,
        idle_expires_at: now,
        last_interacted_at: now,
        clients: Vec::new(),
        device: SessionDevice {
            initial_ip: call.ip.clone(),
            initial_user_agent: agent.to_owned(),
            last_ip: call.ip.clone(),
            last_user_agent: agent.to_owned(),
        },
        methods: Vec::new(),
        connection: None,
        metadata: Map::new(),
        cookie_mode: None,
    }
}

/// Returns the longest lifetime of a session, and the longest while unused, in milliseconds: the tenant's settings.
pub(crate) fn lifetimes(tenant: &Tenant) -> (i64, i64) {
    (
        tenant.hours("session_lifetime", 168.0),
        tenant.hours("idle_session_lifetime", 72.0),
    )
}

/// `persistent` or `non-persistent`: as an Action chose for the session, else the tenant's setting.
pub(crate) fn cookie_mode<'a>(tenant: &'a Tenant, session: &'a SessionRecord) -> &'a str {
    let setting = tenant.catalog.settings.get("session_cookie");
    let setting = setting.and_then(|setting| text(setting, "mode"));
    let chosen = session.cookie_mode.as_deref().or(setting);
    chosen.unwrap_or("persistent")
}

/// Makes a session that of another user: an Action switched to the primary one.
pub(crate) fn hand_over(tenant: &Tenant, key: &str, user_id: &str) -> Result<()> {
    let now = tenant.now_ms();
    let Some(mut record) = tenant.store.take::<SessionRecord>(key, now)? else {
        return Ok(());
    };
    user_id.clone_into(&mut record.user_id);
    let entry = Entry::until(key, record.expires_at).of(user_id);
    tenant.store.put(entry, &record, now)?;
    Ok(())
}

/// Stores that the user was here, for which application.
pub(crate) fn touch(tenant: &Tenant, session: &Session, client_id: &str) -> Result<()> {
    let now = tenant.now_ms();
    let (_, idle_ms) = lifetimes(tenant);
    tenant
        .store
        .change(&session.key, now, |record: &mut SessionRecord| {
            record.idle_expires_at = now.saturating_add(idle_ms).min(record.expires_at);
            record.last_interacted_at = now;
            let mut known = record.clients.iter();
            if !known.any(|known| known.client_id == client_id) {
                let client_id = client_id.to_owned();
                record.clients.push(SessionClient { client_id });
            }
        })?;
    Ok(())
}

/// Stores that a second factor was passed.
pub(crate) fn add_method(
    tenant: &Tenant,
    key: &str,
    name: &str,
    factor: Option<&str>,
) -> Result<()> {
    let now = tenant.now_ms();
    tenant
        .store
        .change(key, now, |record: &mut SessionRecord| {
            record
                .methods
                .retain(|known| known.name != name || known.factor.as_deref() != factor);
            record.methods.push(Method {
                name: name.to_owned(),
                timestamp: crate::clock::iso(now),
                factor: factor.map(str::to_owned),
            });
        })?;
    Ok(())
}

/// Ends a session, and removes its cookie.
pub(crate) fn end(tenant: &Tenant, call: &Call, response: &mut Response) -> Result<()> {
    if let Some(cookie) = call.cookie(&tenant.site.cookies.session) {
        tenant.store.remove::<SessionRecord>(&digest(cookie))?;
    }
    add_cookie(response, &tenant.site.cookies.session, "", 0);
    Ok(())
}

/// Sets the cookie of a session; a non-persistent one ends with the browser.
pub(crate) fn set_cookie(tenant: &Tenant, response: &mut Response, cookie: &str) {
    let stored = tenant
        .store
        .get::<SessionRecord>(&digest(cookie), tenant.now_ms());
    let stored = stored.ok().flatten();
    match stored.map(|session| cookie_mode(tenant, &session) == "non-persistent") {
        Some(true) => add_passing_cookie(response, &tenant.site.cookies.session, cookie),
        _ => {
            let (lifetime, _) = lifetimes(tenant);
            add_cookie(
                response,
                &tenant.site.cookies.session,
                cookie,
                lifetime / 1000,
            );
        }
    }
}

/// The browser's own value, and whether it is new.
pub(crate) fn browser(tenant: &Tenant, call: &Call) -> (String, bool) {
    match browser_of(tenant, call) {
        Some(value) => (value.to_owned(), false),
        None => (tenant.randomness.token(), true),
    }
}

pub(crate) fn set_browser_cookie(tenant: &Tenant, response: &mut Response, value: &str) {
    add_cookie(response, &tenant.site.cookies.browser, value, YEAR_S);
}
