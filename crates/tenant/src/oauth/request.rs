//! The requests of applications to `/authorize`, and their checks.

use postlogin_core::claim_rules::STANDARD_CLAIMS;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;

use super::api::{audience, iss};
use super::{OAuthError, Result, mfa, organizations, policy, words};
use crate::catalog::{Granted, allows_grant, is_strict};
use crate::http::{Call, Params, text, texts};
use crate::state::{Tenant, lists_web_origin};
use crate::urls;

/// A checked request.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct AuthRequest {
    pub(crate) client_id: String,
    pub(crate) redirect_uri: String,
    pub(crate) response_type: Vec<String>,
    pub(crate) response_mode: String,
    pub(crate) scope: Vec<String>,
    pub(crate) state: Option<String>,
    pub(crate) audience: Option<String>,
    /// The id.
    pub(crate) organization: Option<String>,
    pub(crate) prompt: Vec<String>,
    pub(crate) max_age: Option<i64>,
    pub(crate) login_hint: Option<String>,
    pub(crate) acr_values: Vec<String>,
    pub(crate) ui_locales: Vec<String>,
    pub(crate) code_challenge: Option<String>,
    pub(crate) code_challenge_method: Option<String>,
    pub(crate) connection: Option<String>,
    /// The page that opens first: `signup`.
    pub(crate) screen_hint: Option<String>,
    /// For the answer, where it names the issuer.
    #[serde(default)]
    pub(crate) iss: Option<String>,
    /// All parameters, for `event.request.query`.
    pub(crate) query: Map<String, Value>,
}

/// A request that cannot be answered at the application: it says nothing that could be trusted as an address.
#[derive(Debug)]
pub(crate) struct NoWayBack(pub(crate) OAuthError);

/// The way back to the application, as soon as it is known.
#[derive(Debug, Clone, Default)]
pub(crate) struct WayBack {
    pub(crate) redirect_uri: String,
    pub(crate) response_mode: String,
    pub(crate) state: Option<String>,
    pub(crate) iss: Option<String>,
}

impl AuthRequest {
    pub(crate) fn way_back(&self) -> WayBack {
        WayBack {
            redirect_uri: self.redirect_uri.clone(),
            response_mode: self.response_mode.clone(),
            state: self.state.clone(),
            iss: self.iss.clone(),
        }
    }

    pub(crate) fn wants(&self, kind: &str) -> bool {
        self.response_type.iter().any(|known| known == kind)
    }

    pub(crate) fn is_silent(&self) -> bool {
        self.prompt.iter().any(|prompt| prompt == "none")
    }

    /// `event.transaction.protocol`.
    pub(crate) fn protocol(&self) -> &'static str {
        match (self.wants("code"), self.response_type.len()) {
            (true, 1) => "oidc-basic-profile",
            (true, _) => "oidc-hybrid-profile",
            (false, _) => "oidc-implicit-profile",
        }
    }
}

/// The application and the way back. Callback URLs are compared as they are, letter by letter.
pub(crate) fn way_back(
    tenant: &Tenant,
    params: &Params,
) -> std::result::Result<(Value, WayBack), NoWayBack> {
    let refuse = |error: OAuthError| NoWayBack(error);
    if let Some(name) = params.repeated() {
        return Err(refuse(OAuthError::invalid_request(format!(
            "The parameter {name} must not be repeated"
        ))));
    }
    let id = params
        .get("client_id")
        .ok_or_else(|| refuse(OAuthError::missing("client_id")))?;
    let client = tenant.client(id).map_err(|error| refuse(error.into()))?;
    let client = client
        .ok_or_else(|| refuse(OAuthError::invalid_request(format!("Unknown client: {id}"))))?;
    let asked = params
        .get("redirect_uri")
        .or_else(|| texts(&client, "callbacks").find(|known| !urls::is_pattern(known)));
    let redirect_uri = asked
        .ok_or_else(|| refuse(OAuthError::missing("redirect_uri")))?
        .to_owned();
    let organization = params
        .get("organization")
        .filter(|_| organizations::are_allowed(&client))
        .and_then(|named| tenant.catalog.organization(named))
        .and_then(|found| text(found, "name"));
    // "Wildcard subdomains in URLs: not supported" in the strict mode.
    let counts = |known: &&str| !(is_strict(&client) && urls::is_pattern(known));
    let is_listed = texts(&client, "callbacks")
        .filter(counts)
        .any(|known| urls::fits(known, &redirect_uri, organization));
    let usable = Url::parse(&redirect_uri).is_ok_and(|url| {
        url.fragment().is_none()
            && !matches!(
                url.scheme(),
                "javascript" | "data" | "vbscript" | "blob" | "file"
            )
    });
    if !is_listed || !usable {
        let description = "Callback URL mismatch. The provided redirect_uri is not in the list of allowed callback URLs.";
        return Err(refuse(OAuthError::new(403, "invalid_request", description)));
    }
    let response_type = params.get("response_type").unwrap_or_default();
    let is_code = words(response_type).iter().all(|kind| kind == "code");
    let mode = match params.get("response_mode") {
        Some(mode @ ("query" | "fragment" | "form_post" | "web_message")) => mode,
        _ if is_code => "query",
        _ => "fragment",
    };
    // Tokens in a query end up in logs (OAuth 2.0 Multiple Response Type Encoding Practices).
    let mode = if mode == "query" && !is_code {
        "fragment"
    } else {
        mode
    };
    if mode == "web_message" {
        let origin = Url::parse(&redirect_uri)
            .map(|url| url.origin().ascii_serialization())
            .unwrap_or_default();
        if !lists_web_origin(&client, &origin) {
            let description = format!(
                "The origin {origin} of redirect_uri is not in the list of allowed web origins (web_origins) of the application."
            );
            return Err(refuse(OAuthError::new(403, "invalid_request", description)));
        }
    }
    let back = WayBack {
        redirect_uri,
        response_mode: mode.to_owned(),
        state: params.get("state").map(str::to_owned),
        iss: iss(tenant),
    };
    Ok((client, back))
}

/// Checks the rest of a request.
pub(crate) fn checked(
    tenant: &Tenant,
    client: &Value,
    back: &WayBack,
    params: &Params,
) -> Result<AuthRequest> {
    policy::strictly(client, params)?;
    // OpenID Connect Core 6.1: a server that does not read request objects must refuse them, not ignore them.
    for unsupported in ["request", "request_uri"] {
        if params.get(unsupported).is_some() {
            return Err(OAuthError::new(
                400,
                &format!("{unsupported}_not_supported"),
                format!("The parameter {unsupported} is not supported"),
            ));
        }
    }
    if let Some(mode) = params.get("response_mode")
        && !matches!(mode, "query" | "fragment" | "form_post" | "web_message")
    {
        return Err(OAuthError::invalid_request(format!(
            "Unsupported response mode: {mode}"
        )));
    }
    let response_type = words(
        params
            .get("response_type")
            .ok_or_else(|| OAuthError::missing("response_type"))?,
    );
    if let Some(kind) = response_type
        .iter()
        .find(|kind| !matches!(kind.as_str(), "code" | "token" | "id_token"))
    {
        return Err(OAuthError::new(
            400,
            "unsupported_response_type",
            format!("Unsupported response type: {kind}"),
        ));
    }
    let wants = |kind: &str| response_type.iter().any(|known| known == kind);
    // Tokens in a query would be in logs and in the Referer header.
    // <https://openid.net/specs/oauth-v2-multiple-response-types-1_0.html#ResponseModes>
    if params.get("response_mode") == Some("query") && (wants("token") || wants("id_token")) {
        return Err(OAuthError::invalid_request(
            "response_mode query is not allowed for this response_type",
        ));
    }
    for (grant, is_used) in [
        ("authorization_code", wants("code")),
        ("implicit", wants("token") || wants("id_token")),
    ] {
        if is_used && !allows_grant(client, grant) {
            return Err(OAuthError::new(
                403,
                "unauthorized_client",
                format!("Grant type '{grant}' not allowed for the client."),
            ));
        }
    }
    // Only the nonce binds an ID token that passes through the browser to its request.
    if wants("id_token") && params.get("nonce").is_none() {
        return Err(OAuthError::missing("nonce"));
    }
    let (challenge, method) = pkce(params)?;
    let prompt = words(params.get("prompt").unwrap_or_default());
    if let Some(unknown) = prompt.iter().find(|prompt| {
        !matches!(
            prompt.as_str(),
            "none" | "login" | "consent" | "select_account" | "create"
        )
    }) {
        return Err(OAuthError::invalid_request(format!(
            "Unsupported prompt: {unknown}"
        )));
    }
    if prompt.len() > 1 && prompt.iter().any(|prompt| prompt == "none") {
        return Err(OAuthError::invalid_request(
            "prompt none can't be combined with other values",
        ));
    }
    let max_age = match params.get("max_age") {
        Some(text) => {
            let seconds = text.parse::<i64>().ok().filter(|seconds| *seconds >= 0);
            Some(seconds.ok_or_else(|| {
                OAuthError::invalid_request("max_age must be a number of seconds")
            })?)
        }
        None => None,
    };
    let connection = params.get("connection").map(str::to_owned);
    if let Some(name) = &connection {
        let known = tenant
            .catalog
            .connection(name)
            .is_some_and(|found| crate::catalog::is_enabled(found, client));
        if !known {
            return Err(OAuthError::invalid_request(
                "the connection was not found or is not enabled for the client",
            ));
        }
    }
    if let Some(details) = params.get("authorization_details")
        && !is_list_of_details(details)
    {
        let description = "authorization_details must be a JSON array of objects, each with a type";
        return Err(OAuthError::new(
            400,
            "invalid_authorization_details",
            description,
        ));
    }
    let organization = organizations::of_request(tenant, client, params.get("organization"))?;
    if let Some(found) = connection
        .as_deref()
        .and_then(|name| tenant.catalog.connection(name))
    {
        super::enabled::require(tenant, organization.as_deref(), found)?;
    }
    let list = |name: &str| words(params.get(name).unwrap_or_default());
    let scope = list("scope");
    // Client-initiated account linking: a code without the link would look like one with it.
    if let Some(asked) = scope
        .iter()
        .find(|scope| matches!(scope.as_str(), "link_account" | "unlink_account"))
    {
        let description =
            format!("The local tenant has no client-initiated account linking (scope {asked}).");
        return Err(OAuthError::new(404, "not_supported_locally", description));
    }
    let audience = audience(tenant, |name| params.get(name));
    let request = AuthRequest {
        client_id: text(client, "client_id").unwrap_or_default().to_owned(),
        redirect_uri: back.redirect_uri.clone(),
        response_mode: back.response_mode.clone(),
        scope: permitted(tenant, client, audience.as_deref(), scope)?,
        state: back.state.clone(),
        iss: back.iss.clone(),
        organization,
        max_age,
        login_hint: params.get("login_hint").map(str::to_owned),
        acr_values: list("acr_values"),
        ui_locales: list("ui_locales"),
        code_challenge: challenge,
        code_challenge_method: method,
        connection,
        screen_hint: params.get("screen_hint").map(str::to_owned),
        query: params.to_map(),
        prompt,
        audience,
        response_type,
    };
    Ok(request)
}

fn pkce(params: &Params) -> Result<(Option<String>, Option<String>)> {
    let challenge = params.get("code_challenge");
    let method = params.get("code_challenge_method");
    match (challenge, method) {
        (None, None) => Ok((None, None)),
        (None, Some(_)) => Err(OAuthError::missing("code_challenge")),
        (Some(challenge), method) => {
            let method = method.unwrap_or("plain");
            if !matches!(method, "S256" | "plain") {
                return Err(OAuthError::invalid_request(
                    "code_challenge_method must be S256 or plain",
                ));
            }
            // RFC 7636, section 4.2.
            let is_form = (43..=128).contains(&challenge.len())
                && challenge
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte));
            if !is_form {
                return Err(OAuthError::invalid_request(
                    "code_challenge must be 43 to 128 characters of A-Z a-z 0-9 - . _ ~",
                ));
            }
            Ok((Some(challenge.to_owned()), Some(method.to_owned())))
        }
    }
}

/// RFC 9396, section 2.
fn is_list_of_details(details: &str) -> bool {
    match serde_json::from_str(details) {
        Ok(Value::Array(details)) => details.iter().all(|one| text(one, "type").is_some()),
        _ => false,
    }
}

/// The scopes of a password grant: a password gives full access, so a request that names no scope of the API gets all of them,
/// and one with `openid` alone all of OpenID Connect.
///
/// Source: <https://auth0.com/docs/get-started/authentication-and-authorization-flow/resource-owner-password-flow/call-your-api-using-resource-owner-password-flow>.
///
/// # Errors
/// As [`permitted`].
pub(crate) fn of_password(
    tenant: &Tenant,
    client: &Value,
    audience: Option<&str>,
    asked: &[String],
    mut scope: Vec<String>,
) -> Result<Vec<String>> {
    let api = audience.and_then(|audience| tenant.catalog.api(audience));
    let defined: Vec<&str> = match api {
        Some(api) => scopes_for(tenant, client, api)?,
        None if audience.is_some_and(|it| tenant.is_management(it)) => CURRENT_USER_SCOPES.to_vec(),
        None if mfa::is_api(tenant, audience) => mfa::API_SCOPES.to_vec(),
        None => Vec::new(),
    };
    // One that the API does not have is a scope of it all the same, and not granted.
    let names_one = asked.iter().any(|scope| !is_standard(scope));
    if asked == ["openid"] {
        let standard = ["profile", "email", "address", "phone"];
        scope.extend(standard.map(str::to_owned));
    }
    if !names_one {
        scope.extend(defined.into_iter().map(str::to_owned));
    }
    Ok(scope)
}

/// The API of a request without a browser, and those of the scopes asked for that it may have.
pub(crate) fn access(
    tenant: &Tenant,
    client: &Value,
    call: &Call,
) -> Result<(Option<String>, Vec<String>)> {
    let audience = audience(tenant, |name| call.body_field(name));
    let asked = words(call.body_field("scope").unwrap_or_default());
    let scope = permitted(tenant, client, audience.as_deref(), asked)?;
    Ok((audience, scope))
}

/// The scopes of a user's token for the Management API: the user's own profile, nothing else.
pub(crate) const CURRENT_USER_SCOPES: &[&str] = &[
    "read:current_user",
    "update:current_user_identities",
    "create:current_user_metadata",
    "update:current_user_metadata",
    "delete:current_user_metadata",
    "create:current_user_device_credentials",
    "delete:current_user_device_credentials",
];

/// Returns the requested scopes that are known: those of OpenID Connect, and those that the API defines.
///
/// # Errors
/// For an unknown API, and when the application may have no token of it for a user.
pub(crate) fn permitted(
    tenant: &Tenant,
    client: &Value,
    audience: Option<&str>,
    scope: Vec<String>,
) -> Result<Vec<String>> {
    // "Third-party applications … do not return ID tokens or process OIDC scopes": those in the strict mode.
    let is_strict = is_strict(client);
    let standard = |scope: &str| is_standard(scope) && (!is_strict || scope == "offline_access");
    let Some(audience) = audience.filter(|audience| !tenant.is_own(audience, "userinfo")) else {
        return Ok(scope.into_iter().filter(|scope| standard(scope)).collect());
    };
    if tenant.is_management(audience) {
        policy::open_to(client, audience)?;
        let own = |scope: &String| standard(scope) || CURRENT_USER_SCOPES.contains(&scope.as_str());
        return Ok(scope.into_iter().filter(own).collect());
    }
    if mfa::is_api(tenant, Some(audience)) {
        policy::open_to(client, audience)?;
        let own = |scope: &String| standard(scope) || mfa::API_SCOPES.contains(&scope.as_str());
        return Ok(scope.into_iter().filter(own).collect());
    }
    let Some(api) = tenant.catalog.api(audience) else {
        return Err(OAuthError::new(
            403,
            "access_denied",
            format!("Service not found: {audience}"),
        ));
    };
    let defined = scopes_for(tenant, client, api)?;
    Ok(scope
        .into_iter()
        .filter(|scope| standard(scope) || defined.contains(&scope.as_str()))
        .filter(|scope| scope != "offline_access" || allows_offline(api))
        .collect())
}

/// Whether a scope is one of OpenID Connect, and not of an API.
pub(crate) fn is_standard(scope: &str) -> bool {
    matches!(
        scope,
        "openid" | "profile" | "email" | "phone" | "address" | "offline_access"
    ) || STANDARD_CLAIMS.iter().any(|(claim, _)| *claim == scope)
        || matches!(scope, "created_at" | "identities")
}

/// The scopes of an API that an application may have for a user.
pub(super) fn scopes_for<'a>(
    tenant: &Tenant,
    client: &Value,
    api: &'a Value,
) -> Result<Vec<&'a str>> {
    let defined = scopes_of(api);
    Ok(match policy::of_users(tenant, client, api)? {
        Granted::All => defined.collect(),
        Granted::Scopes(granted) => defined
            .filter(|scope| granted.iter().any(|known| known == scope))
            .collect(),
    })
}

pub(crate) fn scopes_of(api: &Value) -> impl Iterator<Item = &str> {
    let list = api.get("scopes").and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .filter_map(|scope| text(scope, "value"))
}

/// Whether an API allows refresh tokens; without the key it does not.
///
/// Source: <https://auth0.com/docs/secure/tokens/refresh-tokens/get-refresh-tokens>.
pub(crate) fn allows_offline(api: &Value) -> bool {
    api.get("allow_offline_access") == Some(&Value::Bool(true))
}
