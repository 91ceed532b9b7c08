//! The tenant: its configuration, its memory, its key, its clock.

use std::fmt;
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::Arc;

use axum::extract::FromRef;
use postlogin_project::TenantData;
use postlogin_token::{KeyPair, Marks};
use serde_json::Value;
use url::Url;

use crate::catalog::Catalog;
use crate::catalog::changes::Configuration;
use crate::clock::TenantClock;
use crate::control::Control;
use crate::email::{Mailer, TemplateRenderer};
use crate::http::room::Room;
use crate::http::{text, texts};
use crate::import::SeedUser;
use crate::management::jobs::Running;
use crate::management::journal::Journal;
use crate::oauth::dpop::Nonces;
use crate::oauth::enabled;
use crate::oauth::exchange::{self, Throttle};
use crate::oauth::quota::Counts;
use crate::oauth::refresh;
use crate::page::access::Page;
use crate::password::Remembered;
use crate::pipeline::LoginPipeline;
use crate::randomness::Randomness;
use crate::records::{MemberRoles, Roles};
use crate::seed::{Seed, prepare};
use crate::site::Site;
use crate::store::{ChangeError, Store, StoreError};
use crate::triggers::streams::{self, Happened, Streams};
use crate::urls;
use crate::workers::Workers;

/// The parts of a tenant.
pub struct Setup {
    /// The configuration of the export.
    pub data: TenantData,
    /// The tenant's name, `event.tenant.id`.
    pub name: String,
    /// The issuer of all tokens, an `http` or `https` URL; a slash at its end is added.
    pub issuer: String,
    /// Host names by which the tenant answers, besides that of the issuer, `localhost` and addresses; without ports.
    pub hosts: Vec<String>,
    /// The key that signs tokens.
    pub key: KeyPair,
    /// Where the database is; `None` for one in memory.
    pub database: Option<PathBuf>,
    /// The marks by which the database is known to be the user's own.
    pub marks: Marks,
    /// Users of a seed, in the vendor's import or export format.
    pub users: Vec<SeedUser>,
    /// Callback URLs that every application may use besides its own.
    pub callbacks: Vec<String>,
    /// The token of the control API.
    pub control_token: String,
    /// The pipeline that runs triggers.
    pub pipeline: Arc<dyn LoginPipeline>,
    /// The renderer of e-mail templates.
    pub templates: Arc<dyn TemplateRenderer>,
    /// Where ids, codes and tokens come from.
    pub randomness: Randomness,
    /// The clock.
    pub clock: TenantClock,
}

/// Why a tenant cannot be made.
#[derive(Debug)]
pub enum SetupError {
    /// The issuer is no URL that can be one.
    Issuer(String),
    /// A user of the seed is wrong.
    User(crate::ImportError),
    /// The database.
    Store(StoreError),
    /// The key cannot be used.
    Key(String),
}

impl fmt::Display for SetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Issuer(given) => write!(
                f,
                "the issuer `{given}` is not a valid URL such as http://localhost:3333/"
            ),
            Self::User(error) => write!(f, "{error}"),
            Self::Store(error) => write!(f, "{error}"),
            Self::Key(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for SetupError {}

impl From<StoreError> for SetupError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// A local tenant, as one request sees it: the configuration may change with the next one.
pub struct Tenant {
    shared: Arc<Shared>,
    /// The configuration when the request came: the export's, with the changes of the Management API.
    pub(crate) catalog: Arc<Catalog>,
    /// The address by which the request came.
    pub(crate) site: Arc<Site>,
    /// All addresses; the first one is that of requests by any other name.
    pub(crate) sites: Arc<[Arc<Site>]>,
    warnings: Vec<String>,
}

impl Deref for Tenant {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.shared
    }
}

/// The router's state, of which each request gets a [`Tenant`] of its own.
#[derive(Clone)]
pub(crate) struct Front {
    shared: Arc<Shared>,
    site: Arc<Site>,
    sites: Arc<[Arc<Site>]>,
}

impl FromRef<Front> for Arc<Tenant> {
    fn from_ref(front: &Front) -> Self {
        Self::new(Tenant::at_present(front))
    }
}

/// The state that all requests share.
pub struct Shared {
    pub(crate) configuration: Configuration,
    /// The log events that the Management API lists.
    pub(crate) journal: Journal,
    /// The tokens that quotas count.
    pub(crate) quotas: Counts,
    /// The jobs of the Management API that run now.
    pub(crate) jobs: Running,
    pub(crate) name: String,
    /// Other host names by which it answers.
    pub(crate) hosts: Vec<String>,
    pub(crate) key: KeyPair,
    pub(crate) store: Store,
    pub(crate) clock: TenantClock,
    pub(crate) randomness: Randomness,
    pub(crate) pipeline: Arc<dyn LoginPipeline>,
    /// Run logins.
    pub(crate) workers: Workers,
    pub(crate) mailer: Mailer,
    pub(crate) control: Control,
    /// The page for people.
    pub(crate) page: Page,
    pub(crate) passwords: Remembered,
    /// The nonces of DPoP proofs.
    pub(crate) nonces: Nonces,
    /// The refresh tokens that are being exchanged.
    pub(crate) claims: refresh::Claims,
    /// The invalid subject tokens of addresses.
    pub(crate) throttle: Throttle,
    pub(crate) seed: Vec<Seed>,
    /// The events that streams deliver.
    pub(crate) streams: Streams,
    /// For the bodies of requests.
    pub(crate) room: Room,
}

impl Tenant {
    /// Makes a tenant, with the users of the seed that are not stored yet. Takes a while if passwords are to be hashed.
    ///
    /// # Errors
    /// When the issuer, the seed or the database is wrong.
    pub fn new(setup: Setup) -> Result<Self, SetupError> {
        let site = Arc::new(Site::new(&setup.issuer, &setup.key)?);
        let pem = setup
            .key
            .to_pem()
            .map_err(|error| SetupError::Key(error.to_string()))?;
        let mut catalog = Catalog::new(&setup.data, &setup.name, pem.as_bytes(), &setup.callbacks);
        let now_ms = setup.clock.now_ms();
        let seed = prepare(setup.users, &mut catalog, &setup.randomness, now_ms);
        let shared = Shared {
            journal: Journal::default(),
            quotas: Counts::default(),
            jobs: Running::default(),
            name: setup.name,
            hosts: setup.hosts,
            configuration: Configuration::new(catalog),
            seed: seed.map_err(SetupError::User)?,
            streams: Streams::default(),
            room: Room::new(),
            key: setup.key,
            store: Store::open(setup.database.as_deref(), &setup.marks)?,
            clock: setup.clock,
            passwords: Remembered::new(&setup.randomness),
            claims: refresh::Claims::default(),
            nonces: Nonces::new(setup.randomness.token()),
            throttle: Throttle::default(),
            randomness: setup.randomness,
            workers: Workers::new(setup.pipeline.places()),
            pipeline: setup.pipeline,
            mailer: Mailer::new(setup.templates),
            control: Control::new(setup.control_token),
            page: Page::new(now_ms),
        };
        shared.configuration.load(&shared.store, now_ms)?;
        let front = Front {
            shared: Arc::new(shared),
            sites: Arc::new([Arc::clone(&site)]),
            site,
        };
        let mut tenant = Self::at_present(&front);
        tenant.warnings = tenant.sow()?;
        tenant.warnings.extend(exchange::warnings(&setup.data));
        tenant.warnings.extend(enabled::warning(&setup.data));
        tenant
            .warnings
            .extend(crate::catalog::warnings(&setup.data));
        let unhonoured = crate::unhonoured::warnings(&setup.data, &tenant.catalog);
        tenant.warnings.extend(unhonoured);
        Ok(tenant)
    }

    /// The tenant with the configuration of this moment.
    fn at_present(front: &Front) -> Self {
        Self {
            catalog: front.shared.configuration.current(),
            shared: Arc::clone(&front.shared),
            site: Arc::clone(&front.site),
            sites: Arc::clone(&front.sites),
            warnings: Vec::new(),
        }
    }

    /// Gives the tenant further issuers. Requests whose `Host` is that of one get tokens, links and events with it; all others have
    /// the first one.
    ///
    /// # Errors
    /// When one is not an `http` or `https` URL without a path, or has the host and port of another one.
    pub fn with_issuers(mut self, issuers: &[String]) -> Result<Self, SetupError> {
        let mut sites = self.sites.to_vec();
        for issuer in issuers {
            let site = Site::new(issuer, &self.key)?;
            if sites.iter().any(|known| known.authority == site.authority) {
                return Err(SetupError::Issuer(issuer.clone()));
            }
            sites.push(Arc::new(site));
        }
        self.sites = sites.into();
        Ok(self)
    }

    /// The state of the router for the requests by one of the addresses.
    pub(crate) fn front(&self, site: &Arc<Site>) -> Front {
        Front {
            shared: Arc::clone(&self.shared),
            site: Arc::clone(site),
            sites: Arc::clone(&self.sites),
        }
    }

    /// Whether a token of this issuer is the tenant's own.
    pub(crate) fn is_issuer(&self, issuer: Option<&str>) -> bool {
        self.is_own(issuer.unwrap_or_default(), "")
    }

    /// Whether a URL is that of a path at any of the tenant's addresses.
    pub(crate) fn is_own(&self, url: &str, path: &str) -> bool {
        let mut sites = self.sites.iter();
        sites.any(|site| url.strip_prefix(&site.issuer) == Some(path))
    }

    /// Back to the seed: no sessions, no tokens, no waiting logins, no changes.
    pub(crate) fn reset(&self) -> Result<(), StoreError> {
        self.control.reset();
        self.page.kept.clear();
        self.clock.reset();
        self.journal.clear();
        self.quotas.clear();
        self.pipeline.forget();
        self.store.clear()?;
        let reset = self.reloaded()?;
        reset.sow().map(drop)
    }

    /// Reads the changes of the configuration anew: the database has others now.
    pub(crate) fn reloaded(&self) -> Result<Self, StoreError> {
        self.configuration.load(&self.store, self.now_ms())?;
        Ok(Self::at_present(&self.front(&self.site)))
    }

    /// Returns what is to be said about the seed: users who cannot be stored beside those who are.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Has each entry of the log shown to `watcher`, as `GET /_postlogin/log` has it. Called while requests run, so it must not
    /// take long.
    pub fn watch(&mut self, watcher: impl Fn(&Value) + Send + Sync + 'static) {
        self.control.watch(Box::new(watcher));
    }

    /// The path of the page for people, with the token that opens it once.
    pub fn page_path(&self) -> String {
        page_path(&self.page.token())
    }

    /// Has `announce` called with the next path of the page for people whenever one was used. Called while requests run, so it must
    /// not take long.
    pub fn announce_page(&mut self, announce: impl Fn(&str) + Send + Sync + 'static) {
        let announce = move |token: &str| announce(&page_path(token));
        self.page.announce(Box::new(announce));
    }

    /// The issuer of all tokens, with a slash at its end.
    pub fn issuer(&self) -> &str {
        &self.site.issuer
    }

    /// Name and client id of every application.
    pub fn applications(&self) -> Vec<(String, String)> {
        let pair = |client: &Value| {
            let part = |key: &str| text(client, key).unwrap_or_default().to_owned();
            (part("name"), part("client_id"))
        };
        self.catalog.clients.iter().map(pair).collect()
    }

    /// Returns the number of users.
    pub fn user_count(&self) -> usize {
        self.store.user_count().unwrap_or_default()
    }

    pub(crate) fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.site.issuer)
    }

    /// An application.
    pub(crate) fn client(&self, id: &str) -> Result<Option<Value>, StoreError> {
        Ok(self.catalog.client(id).cloned())
    }

    /// The ids of a user's roles.
    pub(crate) fn role_ids(&self, user_id: &str) -> Result<Vec<String>, StoreError> {
        let stored = self.store.get::<Roles>(user_id, self.now_ms())?;
        Ok(stored.unwrap_or_default().0)
    }

    /// The ids of the roles that a user has in an organization.
    pub(crate) fn member_role_ids(
        &self,
        organization: &str,
        user_id: &str,
    ) -> Result<Vec<String>, StoreError> {
        let key = format!("{organization}/{user_id}");
        let stored = self.store.get::<MemberRoles>(&key, self.now_ms())?;
        Ok(stored.unwrap_or_default().0)
    }

    /// The names of a user's roles: in a login to an organization those of the membership alone.
    ///
    /// Source: <https://community.auth0.com/t/99135>.
    pub(crate) fn role_names(
        &self,
        user_id: &str,
        organization: Option<&str>,
    ) -> Result<Vec<String>, StoreError> {
        let ids = match organization {
            Some(organization) => self.member_role_ids(organization, user_id)?,
            None => self.role_ids(user_id)?,
        };
        let roles = ids.iter().filter_map(|id| self.catalog.role(id));
        Ok(roles
            .filter_map(|role| text(role, "name").map(str::to_owned))
            .collect())
    }

    /// Whether a URL's origin belongs to an application: what CORS and web messages allow.
    pub(crate) fn knows_origin(&self, origin: &str) -> bool {
        self.catalog
            .clients
            .iter()
            .any(|client| client_knows_origin(&self.catalog, client, origin))
    }

    /// As [`Store::change_user`], and publishes the change to the event streams.
    pub(crate) fn change_user<E>(
        &self,
        user_id: &str,
        change: impl FnOnce(&mut Value) -> Result<Option<String>, E>,
    ) -> Result<Option<Result<Value, ChangeError<E>>>, StoreError> {
        if !streams::is_wanted(self, Happened::Updated) {
            return self.store.change_user(user_id, change);
        }
        let mut before = Value::Null;
        let mut has_password = false;
        let changed = self.store.change_user(user_id, |profile| {
            before.clone_from(profile);
            let password = change(profile);
            has_password = matches!(password, Ok(Some(_)));
            password
        })?;
        if let Some(Ok(after)) = &changed
            && (has_password || streams::differs(&before, after))
        {
            streams::publish_update(self, &before, after);
        }
        Ok(changed)
    }

    /// A setting of the tenant in hours, in milliseconds.
    pub(crate) fn hours(&self, key: &str, default: f64) -> i64 {
        let hours = self
            .catalog
            .settings
            .get(key)
            .and_then(Value::as_f64)
            .filter(|hours| *hours > 0.0);
        #[expect(clippy::cast_possible_truncation, reason = "casts of floats saturate")]
        let ms = (hours.unwrap_or(default) * 3_600_000.0) as i64;
        ms.min(i64::MAX / 4)
    }
}

fn page_path(token: &str) -> String {
    format!("{}?token={token}", crate::page::PATH)
}

/// Whether an origin is one of an application's Allowed Web Origins, which are those of "web message response mode", too
/// (<https://auth0.github.io/node-auth0/interfaces/index.Management.Client.html>).
pub(crate) fn lists_web_origin(client: &Value, origin: &str) -> bool {
    !is_opaque(origin)
        && texts(client, "web_origins")
            .any(|known| urls::fits(known.trim_end_matches('/'), origin, []))
}

/// `null` is the origin of every file, sandboxed frame and address with a scheme of its own.
fn is_opaque(origin: &str) -> bool {
    origin.trim().eq_ignore_ascii_case("null") || origin.is_empty()
}

/// Whether an origin is one of an application's Allowed Web Origins or Allowed Origins, or that of a callback.
///
/// An opaque origin is none of them.
pub(crate) fn client_knows_origin(catalog: &Catalog, client: &Value, origin: &str) -> bool {
    if is_opaque(origin) {
        return false;
    }
    let names = || {
        catalog
            .organizations
            .iter()
            .filter_map(|it| text(it, "name"))
    };
    // The placeholder counts in Allowed Callback URLs and Allowed Origins (CORS) alone, and if logins may be to an organization.
    let counts = crate::oauth::organizations::are_allowed(client);
    let fits = |known: &str| urls::fits(known, origin, names().filter(|_| counts));
    if texts(client, "allowed_origins").any(|known| fits(known.trim_end_matches('/')))
        || lists_web_origin(client, origin)
    {
        return true;
    }
    texts(client, "callbacks").any(|callback| match urls::is_pattern(callback) {
        true => fits(origin_of(callback)),
        false => Url::parse(callback).is_ok_and(|callback| {
            let of_callback = callback.origin();
            of_callback.is_tuple() && of_callback.ascii_serialization() == origin
        }),
    })
}

/// The origin of a callback with a wildcard, which is no URL.
fn origin_of(callback: &str) -> &str {
    let Some((scheme, rest)) = callback.split_once("://") else {
        return callback;
    };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    callback
        .get(..scheme.len() + "://".len() + host.len())
        .unwrap_or(callback)
}
