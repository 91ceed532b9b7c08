//! Passwordless connections: a code or a link by e-mail, a code by SMS. What would be sent is in the outbox.
//!
//! <https://auth0.com/docs/api/authentication/passwordless>,
//! <https://auth0.com/docs/authenticate/passwordless/implement-login/embedded-login/relevant-api-endpoints>

mod linked;

use std::sync::Arc;

use axum::extract::State;
use axum::http::{Method as HttpMethod, StatusCode};
use axum::response::Response;
use serde_json::{Map, Value, json};
use url::form_urlencoded::Serializer;

use linked::{auth_params, linked};

use super::authorize::signed_in;
use super::client_auth::{Authenticated, authenticate};
use super::event::{Occasion, request};
use super::finish::error_page;
use super::grants::without_browser;
use super::organizations::organization;
use super::request::{access, checked, way_back};
use super::run::{LoginDoc, mark_login};
use super::session::{self, Arrival};
use super::token::check_body_for;
use super::{OAuthError, Result};
use crate::catalog::is_enabled;
use crate::email::{OfCode, send_with_code};
use crate::http::{Call, answer, text};
use crate::import::complete;
use crate::phone::{self, Channel, Purpose};
use crate::randomness::{digest, same_secret};
use crate::records::OneTimeCode;
use crate::signup::is_email;
use crate::state::Tenant;
use crate::store::{Entry, NewUser};
use crate::triggers::registration::{self, Creation};
use crate::triggers::streams::{self, Happened};

/// The grant of `/oauth/token`.
pub(crate) const PASSWORDLESS_GRANT: &str = "http://auth0.com/oauth/grant-type/passwordless/otp";
/// Seconds for which a code is good, unless the connection has another time.
const LIFETIME_S: i64 = 180;
/// Wrong codes after which a code is gone.
const ATTEMPTS: u32 = 3;

fn bad(error: &str, description: impl Into<String>) -> OAuthError {
    OAuthError::new(400, error, description)
}

/// An address or a number to which a code goes, and its connection.
struct Contact {
    connection: Value,
    /// `email` or `sms`.
    strategy: &'static str,
    /// As it is stored.
    value: String,
}

impl Contact {
    /// # Errors
    /// When there is no such connection for the application, or the value is not an address or a number.
    fn new(tenant: &Tenant, client: &Value, connection: &str, value: &str) -> Result<Self> {
        let unknown = || bad("bad.connection", "Connection does not exist");
        let found = tenant.catalog.connection(connection);
        let found = found
            .filter(|found| is_enabled(found, client))
            .ok_or_else(unknown)?;
        let (strategy, value) = match text(found, "strategy") {
            Some("email") => {
                if !is_email(value) {
                    let reason =
                        format!("error in email - email format validation failed: {value}");
                    return Err(bad("bad.email", reason));
                }
                ("email", value.to_lowercase())
            }
            Some("sms") => {
                let digits = value.strip_prefix('+');
                let is_number = |digits: &str| {
                    (1..=15).contains(&digits.len())
                        && digits.bytes().all(|digit| digit.is_ascii_digit())
                };
                if !digits.is_some_and(is_number) {
                    let reason =
                        format!("String does not match pattern ^\\+[0-9]{{1,15}}$: {value}");
                    return Err(bad("bad.phone_number", reason));
                }
                ("sms", value.to_owned())
            }
            _ => return Err(unknown()),
        };
        Ok(Self {
            connection: found.clone(),
            strategy,
            value,
        })
    }

    fn name(&self) -> &str {
        text(&self.connection, "name").unwrap_or_default()
    }

    /// The attribute of the profile.
    fn attribute(&self) -> &'static str {
        match self.strategy {
            "sms" => "phone_number",
            _ => "email",
        }
    }

    fn option(&self, path: &str) -> Option<&Value> {
        self.connection.pointer(&format!("/options/{path}"))
    }

    /// Under which the code is stored: the latest one is the only one that is good.
    fn key(&self) -> String {
        digest(&format!("passwordless {} {}", self.name(), self.value))
    }

    /// Marks what the code went to as verified: a user whom the Management API has made is not yet.
    fn verify(&self, tenant: &Tenant, id: &str, user: &Value) -> Result<()> {
        let is_number = self.strategy == "sms";
        let flag = ["email_verified", "phone_verified"][usize::from(is_number)];
        if user.get(flag) == Some(&Value::Bool(true)) {
            return Ok(());
        }
        tenant.change_user::<()>(id, |profile| {
            if let Some(profile) = profile.as_object_mut() {
                profile.insert(flag.to_owned(), true.into());
            }
            Ok(None)
        })?;
        Ok(())
    }

    fn user(&self, tenant: &Tenant) -> Result<Option<Value>> {
        Ok(tenant
            .store
            .user_by_attribute(self.name(), self.attribute(), &self.value)?)
    }
}

/// `/passwordless/start`.
pub(crate) async fn begin(State(tenant): State<Arc<Tenant>>, call: Call) -> Response {
    if call.method != HttpMethod::POST {
        return OAuthError::new(405, "invalid_request", "/passwordless/start accepts POST")
            .response();
    }
    match sent(&tenant, &call).await {
        Ok(body) => answer(StatusCode::OK, &body),
        Err(error) => error.response(),
    }
}

async fn sent(tenant: &Arc<Tenant>, call: &Call) -> Result<Value> {
    check_body_for(call, "client_id")?;
    let who = authenticate(tenant, call)?;
    who.require_proof()?;
    let connection = call.required("connection")?;
    let given = call
        .body_field("email")
        .or_else(|| call.body_field("phone_number"));
    let given = given.ok_or_else(|| OAuthError::missing("email"))?;
    let linked = auth_params(call)?;
    // The documentation has no other ways; the text is ours.
    if let Some(way) = call
        .body_field("send")
        .filter(|way| !matches!(*way, "link" | "code"))
    {
        return Err(OAuthError::invalid_request(format!(
            "send must be link or code, not {way}"
        )));
    }
    let contact = Contact::new(tenant, &who.client, connection, given)?;
    // Without `send` it is a link.
    let linked = match call.body_field("send") {
        Some("code") => None,
        _ => Some(linked.as_slice()),
    };
    let user = start(tenant, call, &who.client, &contact, linked).await?;
    let id = user
        .as_ref()
        .and_then(|user| text(user, "user_id"))
        .and_then(|id| id.split_once('|'));
    let id = id.map_or_else(|| tenant.randomness.hex_id(), |(_, bare)| bare.to_owned());
    Ok(match contact.strategy {
        "sms" => {
            let browser = || call.header("accept-language").map(str::to_owned);
            let language = phone::asked_language(call).or_else(browser);
            json!({"_id": id, "phone_number": contact.value, "phone_verified": user.is_some(), "request_language": language})
        }
        _ => json!({"_id": id, "email": contact.value, "email_verified": user.is_some()}),
    })
}

/// Makes a code and sends it, as a link if there are parameters for one. Returns the user, if there is one already.
async fn start(
    tenant: &Arc<Tenant>,
    call: &Call,
    client: &Value,
    contact: &Contact,
    linked: Option<&[(&str, String)]>,
) -> Result<Option<Value>> {
    let user = contact.user(tenant)?;
    let closed = contact.option("disable_signup") == Some(&Value::Bool(true));
    if user.is_none() && closed {
        return Err(bad("bad.connection", "Public signup is disabled"));
    }
    let now = tenant.now_ms();
    let whole = |path: &str| contact.option(path).and_then(Value::as_i64);
    let digits = whole("totp/length").unwrap_or(6).clamp(4, 10);
    let bound = 10_u64.pow(u32::try_from(digits).unwrap_or(6));
    let width = usize::try_from(digits).unwrap_or(6);
    let code = format!("{:0width$}", tenant.randomness.below(bound));
    let life = whole("totp/time_step")
        .unwrap_or(LIFETIME_S)
        .clamp(1, 86_400);
    let key = contact.key();
    let entry = Entry::until(&key, now.saturating_add(life * 1000));
    let record = OneTimeCode {
        code: code.clone(),
        attempts: 0,
        authenticator: None,
    };
    tenant.store.put(entry, &record, now)?;
    deliver(tenant, call, client, contact, user.as_ref(), &code, linked).await;
    Ok(user)
}

/// Sends a code for the page of a login to an address or a number of a connection.
///
/// # Errors
/// When it is not one, and when no user may sign up with it.
pub(crate) async fn send_code(
    tenant: &Arc<Tenant>,
    call: &Call,
    client: &Value,
    (connection, to): (&str, &str),
) -> Result<()> {
    let contact = Contact::new(tenant, client, connection, to)?;
    start(tenant, call, client, &contact, None)
        .await
        .map(|_| ())
}

/// Checks the code of that page, and returns the id of the user, whose login is counted.
///
/// # Errors
/// `invalid_grant` for a wrong code, and when an Action denies the sign-up.
pub(crate) async fn check_code(
    tenant: &Arc<Tenant>,
    call: &Call,
    client: &Value,
    (connection, to): (&str, &str),
    code: &str,
) -> Result<String> {
    let contact = Contact::new(tenant, client, connection, to)?;
    verified(tenant, call, client, &contact, code).await
}

/// Puts the code, or the link that contains it, into the outbox.
async fn deliver(
    tenant: &Arc<Tenant>,
    call: &Call,
    client: &Value,
    contact: &Contact,
    user: Option<&Value>,
    code: &str,
    linked: Option<&[(&str, String)]>,
) {
    if contact.strategy == "sms" {
        let message = phone::Message {
            purpose: Purpose::Verification,
            channel: Channel::Sms,
            recipient: contact.value.clone(),
            code: code.to_owned(),
            user: user.cloned().unwrap_or_default(),
            client: client.clone(),
            connection: contact.connection.clone(),
            organization: None,
            login: None,
            request: request(tenant, call),
            language: phone::asked_language(call),
        };
        phone::send(tenant, message).await;
        return;
    }
    let link = linked.map(|linked| link(tenant, client, contact, code, linked));
    let body = match &link {
        Some(link) => format!("Click this link to log in: {link}"),
        None => format!("Your verification code is: {code}"),
    };
    let subject = format!(
        "Welcome to {}",
        text(client, "name").unwrap_or(&tenant.name)
    );
    let mail = OfCode {
        template: "passwordless_email",
        to: contact.value.clone(),
        code: code.to_owned(),
        url: link,
        user: user.cloned().unwrap_or_default(),
        client: client.clone(),
        connection: contact.connection.clone(),
        login: None,
        request: request(tenant, call),
        own: Some((subject, body)),
    };
    send_with_code(tenant, mail).await;
}

/// The link of a mail: it brings the code and the parameters of `/authorize` that the request had as `authParams`.
fn link(
    tenant: &Tenant,
    client: &Value,
    contact: &Contact,
    code: &str,
    linked: &[(&str, String)],
) -> String {
    let mut query = Serializer::new(String::new());
    query
        .append_pair("client_id", text(client, "client_id").unwrap_or_default())
        .append_pair("connection", contact.name())
        .append_pair("email", &contact.value)
        .append_pair("verification_code", code);
    for (name, value) in linked {
        query.append_pair(name, value);
    }
    tenant.url(&format!("passwordless/verify_redirect?{}", query.finish()))
}

/// Checks a code, and returns the id of its user, who is created at the first login.
async fn verified(
    tenant: &Arc<Tenant>,
    call: &Call,
    client: &Value,
    contact: &Contact,
    code: &str,
) -> Result<String> {
    let wrong = || {
        let what = if contact.strategy == "sms" {
            "phone number"
        } else {
            "email"
        };
        OAuthError::invalid_grant(format!("Wrong {what} or verification code."))
    };
    let key = contact.key();
    let now = tenant.now_ms();
    let fits = tenant.store.change(&key, now, |known: &mut OneTimeCode| {
        known.attempts = known.attempts.saturating_add(1);
        known.attempts <= ATTEMPTS && same_secret(code, &known.code)
    })?;
    match fits {
        None => return Err(wrong()),
        Some(false) => {
            let known = tenant.store.get::<OneTimeCode>(&key, now)?;
            if known.is_some_and(|known| known.attempts >= ATTEMPTS) {
                let text =
                    "You've reached the maximum number of attempts. Please try to login again.";
                return Err(OAuthError::invalid_grant(text));
            }
            return Err(wrong());
        }
        // Of two requests with one code, one takes it.
        Some(true) => tenant
            .store
            .take::<OneTimeCode>(&key, now)?
            .ok_or_else(wrong)?,
    };
    let id = match contact.user(tenant)? {
        Some(user) => {
            let id = text(&user, "user_id").unwrap_or_default().to_owned();
            contact.verify(tenant, &id, &user)?;
            id
        }
        None => create(tenant, call, client, contact).await?,
    };
    mark_login(tenant, &id, &call.ip)?;
    Ok(id)
}

async fn create(
    tenant: &Arc<Tenant>,
    call: &Call,
    client: &Value,
    contact: &Contact,
) -> Result<String> {
    let name = contact.name().to_owned();
    let mut user = match contact.strategy {
        "sms" => {
            json!({"phone_number": contact.value, "phone_verified": true, "name": contact.value})
        }
        _ => json!({"email": contact.value, "email_verified": true}),
    };
    let creation = Creation {
        call,
        connection: &contact.connection,
        client: Some(client),
        transaction: None,
    };
    let chosen = match registration::before(tenant, &creation, &mut user).await? {
        Ok(chosen) => chosen,
        Err(denied) => return Err(OAuthError::new(403, "access_denied", denied.reason)),
    };
    let bare = chosen.unwrap_or_else(|| tenant.randomness.hex_id());
    let id = format!("{}|{bare}", contact.strategy);
    if let Some(user) = user.as_object_mut() {
        let identity = json!([{"connection": name, "provider": contact.strategy, "user_id": bare, "isSocial": false}]);
        user.insert("identities".into(), identity);
    }
    complete(&mut user, &id, &name, contact.strategy, tenant.now_ms());
    let new = NewUser {
        connection: name,
        password: None,
        profile: user.clone(),
    };
    if tenant.store.insert_user(&new)?.is_err() {
        return Err(OAuthError::invalid_grant("The user already exists."));
    }
    registration::after(tenant, &creation, &user);
    streams::publish(tenant, Happened::Created, &user);
    Ok(id)
}

/// The grant of `/oauth/token`.
pub(crate) async fn exchange(
    tenant: &Arc<Tenant>,
    call: &Call,
    who: &Authenticated,
) -> Result<Map<String, Value>> {
    who.require_proof()?;
    let (username, code) = (call.required("username")?, call.required("otp")?);
    let contact = Contact::new(tenant, &who.client, call.required("realm")?, username)?;
    let (audience, scope) = access(tenant, &who.client, call)?;
    let organization = organization(tenant, &who.client, call.body_field("organization"))?;
    let user_id = verified(tenant, call, &who.client, &contact, code).await?;
    let login = Occasion {
        user_id,
        scope,
        audience,
        organization,
        connection: Some(contact.name().to_owned()),
        ..Occasion::default()
    };
    without_browser(tenant, call, who, contact.strategy, login).await
}

/// `/passwordless/verify_redirect`: where the link of a mail leads. The browser is signed in and goes to the application.
pub(crate) async fn follow_link(State(tenant): State<Arc<Tenant>>, call: Call) -> Response {
    let (client, back) = match way_back(&tenant, &linked(&call)) {
        Ok(found) => found,
        Err(refused) => return error_page(&refused.0),
    };
    let result = async {
        let request = checked(&tenant, &client, &back, &linked(&call))?;
        let part = |name: &str| call.query.get(name).unwrap_or_default();
        let contact = Contact::new(&tenant, &client, part("connection"), part("email"))?;
        let code = part("verification_code");
        let user_id = verified(&tenant, &call, &client, &contact, code).await?;
        let (browser, is_new) = session::browser(&tenant, &call);
        let login = LoginDoc {
            id: tenant.randomness.token(),
            browser: digest(&browser),
            request,
            ..LoginDoc::default()
        };
        let arrival = Arrival {
            user_id: &user_id,
            method: contact.strategy,
            connection: Some(contact.name()),
        };
        let (session, cookie) = session::begin(&tenant, &call, arrival)?;
        let mut response = signed_in(&tenant, &call, &client, login, &session).await;
        session::set_cookie(&tenant, &mut response, &cookie);
        if is_new {
            session::set_browser_cookie(&tenant, &mut response, &browser);
        }
        Ok(response)
    };
    let result: Result<Response> = result.await;
    // Whoever follows a wrong link stays here: it says nothing of an application that could be trusted.
    result.unwrap_or_else(|error| error_page(&error))
}
