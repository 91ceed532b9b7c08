//! A tenant, a browser, and a trigger that does what a test says.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use postlogin_project::TenantData;
use postlogin_tenant::{
    LoginPipeline, Randomness, SeedUser, Setup, TemplateError, TemplateJob, TemplateRenderer,
    Tenant, TenantClock, router,
};
use postlogin_token::KeyPair;
use serde_json::{Map, Value, json};
use tower::ServiceExt as _;
use url::Url;

pub use crate::scripted::{Does, Script, Scripted, claim};

pub const ISSUER: &str = "http://localhost:3333/";
pub const CALLBACK: &str = "http://localhost:5000/callback";
pub const API: &str = "https://api.example.com";
pub const CONTROL: &str = "control-token-of-the-tests";
/// 2026-01-01T00:00:00Z.
pub const NOW_MS: i64 = 1_767_225_600_000;
pub const SPA: &str = "spa-client";
pub const WEB: &str = "web-client";
pub const WEB_SECRET: &str = "web-secret";
pub const MACHINE: &str = "machine-client";
pub const MACHINE_SECRET: &str = "machine-secret";
pub const VERIFIER: &str = "a-verifier-that-has-at-least-forty-three-characters";
pub const CHALLENGE: &str = "_udrTd4IPbLFQ3KXybj6AB-FCgL9eRGxv4PC9Gqn3AE";

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text)
            .unwrap_or_else(|error| panic!("{error}: {} {}", self.status, self.text))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    pub fn location(&self) -> Url {
        let text = self.header("location");
        Url::parse(text)
            .unwrap_or_else(|error| panic!("{error}: {} {} {}", self.status, text, self.text))
    }

    /// A parameter of the location's query or fragment.
    pub fn parameter(&self, name: &str) -> Option<String> {
        let url = self.location();
        let all = format!(
            "{}&{}",
            url.query().unwrap_or_default(),
            url.fragment().unwrap_or_default()
        );
        let mut pairs = url::form_urlencoded::parse(all.as_bytes());
        pairs
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.into_owned())
    }

    pub fn code(&self) -> String {
        self.parameter("code")
            .unwrap_or_else(|| panic!("no code: {} {}", self.status, self.header("location")))
    }
}

/// A tenant and a browser.
pub struct World {
    pub router: Router,
    pub pipeline: Arc<Scripted>,
    pub key: KeyPair,
    pub cookies: BTreeMap<String, String>,
    /// The link to the page of the logins, which works once.
    pub page: String,
}

pub fn export() -> TenantData {
    TenantData {
        settings: Map::from_iter([
            (
                "allowed_logout_urls".to_owned(),
                json!(["http://localhost:5000/tenant"]),
            ),
            (
                "default_directory".to_owned(),
                json!("Username-Password-Authentication"),
            ),
            (
                "allow_organization_name_in_authentication_api".to_owned(),
                json!(true),
            ),
        ]),
        clients: vec![
            json!({
                "name": "SPA", "client_id": SPA, "app_type": "spa", "token_endpoint_auth_method": "none",
                "callbacks": [CALLBACK], "web_origins": ["http://localhost:5000"], "allowed_logout_urls": ["http://localhost:5000/bye"],
                "client_metadata": {"tier": "gold"}, "organization_usage": "allow",
                "grant_types": ["authorization_code", "implicit", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"],
                "refresh_token": {"rotation_type": "rotating", "leeway": 0},
            }),
            json!({
                "name": "Web", "client_id": WEB, "client_secret": WEB_SECRET, "app_type": "regular_web", "callbacks": [CALLBACK], "organization_usage": "allow",
                "grant_types": ["authorization_code", "refresh_token", "password", "implicit", "http://auth0.com/oauth/grant-type/mfa-otp",
                    "http://auth0.com/oauth/grant-type/mfa-oob", "http://auth0.com/oauth/grant-type/mfa-recovery-code"],
            }),
            json!({
                "name": "Machine", "client_id": MACHINE, "client_secret": MACHINE_SECRET, "app_type": "non_interactive",
                "grant_types": ["client_credentials"],
            }),
        ],
        resource_servers: vec![
            json!({"name": "API", "identifier": API, "scopes": [{"value": "read:x"}, {"value": "write:x"}], "allow_offline_access": true}),
        ],
        client_grants: vec![
            json!({"client_id": "Machine", "audience": API, "scope": ["read:x"]}),
            // As production exports it, with its own address.
            json!({"client_id": MACHINE, "audience": "https://example.eu.auth0.com/api/v2/", "allow_all_scopes": true}),
        ],
        roles: vec![json!({"name": "editor"}), json!({"name": "viewer"})],
        connections: vec![json!({"name": "Username-Password-Authentication", "strategy": "auth0"})],
        organizations: vec![
            json!({"name": "acme", "display_name": "Acme", "connections": [{"name": "Username-Password-Authentication"}]}),
        ],
        ..TenantData::default()
    }
}

/// A tenant with a changed export.
pub fn changed(change: impl FnOnce(&mut TenantData)) -> World {
    let mut data = export();
    change(&mut data);
    World::with(data, vec![])
}

impl World {
    pub fn new(script: Script) -> Self {
        Self::with(export(), script)
    }

    pub fn with(data: TenantData, script: Script) -> Self {
        Self::stored(data, script, None, 7)
    }

    /// A tenant whose memory is a file: another one on the same file is the same tenant after a restart.
    pub fn stored(
        data: TenantData,
        script: Script,
        database: Option<std::path::PathBuf>,
        seed: u64,
    ) -> Self {
        let (tenant, world) = Self::made(data, script, database, seed);
        world.of(tenant)
    }

    /// A tenant whose users file is empty.
    pub fn without_users(data: TenantData) -> Self {
        let (tenant, world) = Self::seeded(data, vec![], None, 7, Vec::new());
        world.of(tenant)
    }

    /// A tenant whose memory is a file, with the users of a users file; and what it says about them.
    pub fn started(database: &std::path::Path, seed: u64, users: Value) -> (Self, Vec<String>) {
        let users = users.as_array().expect("a list").clone();
        let users = SeedUser::listed(users);
        let file = Some(database.to_path_buf());
        let (tenant, world) = Self::seeded(export(), vec![], file, seed, users);
        let warnings = tenant.warnings().to_vec();
        (world.of(tenant), warnings)
    }

    /// A tenant with further issuers.
    pub fn at(data: TenantData, script: Script, issuers: &[String]) -> Self {
        let (tenant, world) = Self::made(data, script, None, 7);
        world.of(tenant.with_issuers(issuers).unwrap())
    }

    /// Returns the error for further issuers that there cannot be.
    pub fn refused(data: TenantData, issuers: &[String]) -> String {
        let (tenant, _) = Self::made(data, vec![], None, 7);
        let refused = tenant.with_issuers(issuers).err();
        refused.expect("a mistake").to_string()
    }

    fn of(self, tenant: Tenant) -> Self {
        Self {
            router: router(Arc::new(tenant)),
            ..self
        }
    }

    fn made(
        data: TenantData,
        script: Script,
        database: Option<std::path::PathBuf>,
        seed: u64,
    ) -> (Tenant, Self) {
        let users = SeedUser::listed([
            json!({
                "user_id": "1", "email": "jane@example.com", "email_verified": true, "password": "jane-secret", "name": "Jane",
                "user_metadata": {"hobby": "surfing", "lang": "de"}, "app_metadata": {"plan": "pro"}, "roles": ["editor"],
                "organizations": ["acme"], "enrolledFactors": [{"type": "otp"}],
            }),
            json!({"user_id": "2", "email": "joe@example.com", "password": "joe-secret", "user_metadata": {"hobby": "chess"}}),
        ]);
        Self::seeded(data, script, database, seed, users)
    }

    fn seeded(
        data: TenantData,
        script: Script,
        database: Option<std::path::PathBuf>,
        seed: u64,
        users: Vec<SeedUser>,
    ) -> (Tenant, Self) {
        // One key for all tests: making one takes its time.
        static KEY: std::sync::OnceLock<KeyPair> = std::sync::OnceLock::new();
        let key = KEY
            .get_or_init(|| KeyPair::generate(postlogin_token::Randomness::Seed(b"tests")).unwrap())
            .clone();
        let pipeline = Arc::new(Scripted::new(script));
        let clock = TenantClock::default();
        clock.freeze(Some(NOW_MS));
        let tenant = Tenant::new(Setup {
            data,
            name: "example".into(),
            issuer: ISSUER.into(),
            hosts: Vec::new(),
            key: key.clone(),
            database,
            marks: postlogin_token::Marks::accept_all(),
            users,
            callbacks: Vec::new(),
            control_token: CONTROL.into(),
            pipeline: Arc::clone(&pipeline) as Arc<dyn LoginPipeline>,
            templates: Arc::new(Filled),
            randomness: Randomness::seeded(seed),
            clock,
        })
        .unwrap();
        let world = Self {
            router: Router::new(),
            page: tenant.page_path(),
            pipeline,
            key,
            cookies: BTreeMap::new(),
        };
        (tenant, world)
    }

    pub async fn send(
        &mut self,
        method: Method,
        target: &str,
        headers: &[(&str, &str)],
        body: impl Into<Vec<u8>>,
    ) -> Answer {
        let target = target
            .strip_prefix(ISSUER)
            .map_or_else(|| target.to_owned(), |rest| format!("/{rest}"));
        let mut request = Request::builder().method(method).uri(target);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if !self.cookies.is_empty() {
            let line: Vec<String> = self
                .cookies
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            request = request.header("cookie", line.join("; "));
        }
        let response = self
            .router
            .clone()
            .oneshot(request.body(Body::from(body.into())).unwrap())
            .await
            .unwrap();
        let (parts, body) = response.into_parts();
        for line in parts.headers.get_all("set-cookie") {
            let pair = line.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            match value.is_empty() {
                true => self.cookies.remove(name),
                false => self.cookies.insert(name.to_owned(), value.to_owned()),
            };
        }
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        Answer {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8_lossy(&bytes).into_owned(),
        }
    }

    pub async fn get(&mut self, target: &str) -> Answer {
        self.send(Method::GET, target, &[], "").await
    }

    pub async fn get_as(&mut self, target: &str, token: &str) -> Answer {
        self.send(
            Method::GET,
            target,
            &[("authorization", &format!("Bearer {token}"))],
            "",
        )
        .await
    }

    pub async fn form(&mut self, target: &str, fields: &[(&str, &str)]) -> Answer {
        let body = encoded(fields);
        self.send(
            Method::POST,
            target,
            &[("content-type", "application/x-www-form-urlencoded")],
            body,
        )
        .await
    }

    pub async fn json_as(
        &mut self,
        method: Method,
        target: &str,
        token: &str,
        body: Value,
    ) -> Answer {
        let token = format!("Bearer {token}");
        let headers = [
            ("content-type", "application/json"),
            ("authorization", token.as_str()),
        ];
        self.send(method, target, &headers, body.to_string()).await
    }

    pub async fn token(&mut self, fields: &[(&str, &str)]) -> Answer {
        self.form("/oauth/token", fields).await
    }

    /// `/authorize` of the SPA with PKCE, with more parameters; later ones win.
    pub async fn authorize(&mut self, more: &[(&str, &str)]) -> Answer {
        let mut fields: Vec<(&str, &str)> = vec![
            ("client_id", SPA),
            ("redirect_uri", CALLBACK),
            ("response_type", "code"),
            ("scope", "openid profile email"),
            ("state", "st"),
            ("nonce", "no"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        for (name, value) in more {
            fields.retain(|(known, _)| known != name);
            fields.push((name, value));
        }
        self.get(&format!("/authorize?{}", encoded(&fields))).await
    }

    /// Signs Jane in on the page that a redirect leads to.
    pub async fn sign_in(&mut self, page: &Answer) -> Answer {
        let state = page.parameter("state").unwrap_or_else(|| {
            panic!(
                "no login page: {} {} {}",
                page.status,
                page.header("location"),
                page.text
            )
        });
        self.form(
            "/u/login",
            &[
                ("state", &state),
                ("username", "jane@example.com"),
                ("password", "jane-secret"),
            ],
        )
        .await
    }

    /// From `/authorize` to the answer of the token endpoint.
    pub async fn log_in(&mut self, more: &[(&str, &str)]) -> Value {
        let page = self.authorize(more).await;
        let back = match page.parameter("code") {
            Some(_) => page,
            None => self.sign_in(&page).await,
        };
        let answer = self.exchange(&back.code()).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        answer.json()
    }

    pub async fn exchange(&mut self, code: &str) -> Answer {
        self.token(&[
            ("grant_type", "authorization_code"),
            ("client_id", SPA),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ])
        .await
    }

    pub fn claims(&self, token: &Value) -> Map<String, Value> {
        self.key
            .verify(token.as_str().expect("a token"))
            .expect("a signature")
            .claims
    }

    pub async fn machine_token(&mut self, scope: Option<&str>) -> String {
        let audience = format!("{ISSUER}api/v2/");
        let mut fields = vec![
            ("grant_type", "client_credentials"),
            ("client_id", MACHINE),
            ("client_secret", MACHINE_SECRET),
            ("audience", audience.as_str()),
        ];
        fields.extend(scope.map(|scope| ("scope", scope)));
        self.token(&fields).await.json()["access_token"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// A request to the Management API: its status and its body, `null` without one.
    pub async fn api(
        &mut self,
        method: Method,
        path: &str,
        token: &str,
        body: Value,
    ) -> (u16, Value) {
        let path = format!("/api/v2/{path}");
        let answer = match body.is_null() {
            true => {
                let token = format!("Bearer {token}");
                let headers = [("authorization", token.as_str())];
                self.send(method, &path, &headers, "").await
            }
            false => self.json_as(method, &path, token, body).await,
        };
        let shown = match answer.text.is_empty() {
            true => Value::Null,
            false => answer.json(),
        };
        (answer.status.as_u16(), shown)
    }

    pub async fn control(&mut self, method: Method, what: &str, body: Value) -> Answer {
        self.json_as(method, &format!("/_postlogin/{what}"), CONTROL, body)
            .await
    }

    /// The error with which `/authorize` answers; empty when it does not.
    pub async fn refusal(&mut self, more: &[(&str, &str)]) -> String {
        let answer = self.authorize(more).await;
        let location = answer.header("location");
        match location.starts_with(CALLBACK) {
            true => answer.parameter("error").unwrap_or_default(),
            false => String::new(),
        }
    }

    /// All users of the tenant.
    pub async fn users(&mut self) -> Vec<Value> {
        let users = self.control(Method::GET, "users", Value::Null).await.json();
        users.as_array().expect("a list").clone()
    }

    /// Returns the log of the tenant.
    /// The mails of the outbox, the oldest first.
    pub async fn mails(&mut self) -> Vec<Value> {
        let mails = self.control(Method::GET, "emails", json!({})).await.json();
        mails.as_array().unwrap().clone()
    }

    pub async fn log(&mut self) -> Vec<Value> {
        let log = self.control(Method::GET, "log", Value::Null).await.json();
        log.as_array().expect("a list").clone()
    }

    /// Puts the tenant's clock forward.
    pub async fn advance(&mut self, seconds: i64) {
        let body = json!({"advance_s": seconds});
        self.control(Method::POST, "clock", body).await;
    }

    pub fn script(&self, script: Script) {
        *self.pipeline.script.lock().unwrap() = script;
    }

    pub fn last_event(&self) -> Value {
        self.pipeline
            .events
            .lock()
            .unwrap()
            .last()
            .cloned()
            .expect("a login")
    }
}

/// Returns the request for tokens of Jane by password, by the regular web application, with more parameters.
pub fn by_password<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    by_password_of("jane@example.com", "jane-secret", more)
}

/// Returns the same of a user.
pub fn by_password_of<'a>(
    username: &'a str,
    secret: &'a str,
    more: &[(&'a str, &'a str)],
) -> Vec<(&'a str, &'a str)> {
    let mut fields = vec![
        ("grant_type", "password"),
        ("client_id", WEB),
        ("client_secret", WEB_SECRET),
        ("username", username),
        ("password", secret),
    ];
    fields.extend_from_slice(more);
    fields
}

pub fn encoded(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
}

/// Runs a test on a runtime of its own.
pub fn run<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap()
        .block_on(test)
}

/// Fills in variables and knows nothing else of Liquid, unlike what the CLI gives to a tenant. A template with `{% boom %}` fails.
pub struct Filled;

impl TemplateRenderer for Filled {
    fn render(&self, job: &TemplateJob<'_>) -> Result<Vec<String>, TemplateError> {
        let fill = |(template, text): (usize, &&str)| {
            if text.contains("{% boom %}") {
                return Err(TemplateError {
                    template,
                    place: Some((1, 1)),
                    message: "tag \"boom\" not found".into(),
                    is_internal: false,
                });
            }
            let mut parts = text.split("{{ ");
            let mut filled = parts.next().unwrap_or_default().to_owned();
            for part in parts {
                let (path, rest) = part.split_once(" }}").unwrap();
                let pointer = format!("/{}", path.replace('.', "/"));
                let value = job.variables.pointer(&pointer).and_then(Value::as_str);
                filled.push_str(value.unwrap_or_default());
                filled.push_str(rest);
            }
            Ok(filled)
        };
        job.templates.iter().enumerate().map(fill).collect()
    }
}
