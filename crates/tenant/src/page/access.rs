//! Who may use the page: a browser of this machine that was opened with the link which the tenant printed.
//!
//! The link's token works once and becomes a cookie (`SameSite=Strict`, sent to [`super::PATH`] alone, so that applications
//! on other ports of this host do not get it). Requests of the page carry a header that a page of another origin
//! cannot add: a cookie alone proves nothing about who sends a request.

use std::collections::VecDeque;
use std::fmt;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use super::PATH;
use super::kept::Kept;
use crate::http::Call;
use crate::randomness::{Randomness, digest, new_token, same_secret};
use crate::state::Tenant;

/// The header of the page's requests.
const HEADER: &str = "x-postlogin-page";
/// The most browsers that are signed in; one more signs the first one out.
const MOST_SESSIONS: usize = 16;

/// Receives the token of each new link.
struct Announce(Box<dyn Fn(&str) + Send + Sync>);

impl fmt::Debug for Announce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Announce")
    }
}

/// The page of a tenant.
#[derive(Debug)]
pub(crate) struct Page {
    /// The token of the next link.
    link: Mutex<String>,
    /// The hashes of the cookies.
    sessions: Mutex<VecDeque<String>>,
    announce: OnceLock<Announce>,
    watched: AtomicBool,
    /// Held while the cases of the project run.
    pub(super) testing: tokio::sync::Mutex<()>,
    pub(crate) kept: Kept,
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Page {
    /// Tokens come from the operating system, whatever the tenant's source of randomness is: they open the page to its user alone.
    pub(crate) fn new(now_ms: i64) -> Self {
        Self {
            link: Mutex::new(new_token(&Randomness::System)),
            sessions: Mutex::default(),
            announce: OnceLock::new(),
            watched: AtomicBool::new(false),
            testing: tokio::sync::Mutex::default(),
            kept: Kept::new(now_ms),
        }
    }

    /// The token of the link that works now.
    pub(crate) fn token(&self) -> String {
        locked(&self.link).clone()
    }

    /// Has `announce` called with the token of the next link whenever one was used.
    pub(crate) fn announce(&self, announce: Box<dyn Fn(&str) + Send + Sync>) {
        // The first one stays.
        let _ = self.announce.set(Announce(announce));
    }

    /// From now on logins are watched closely: a page shows them.
    pub(crate) fn watch(&self) {
        self.watched.store(true, Ordering::Relaxed);
    }

    /// Whether a page was opened.
    pub(crate) fn is_watched(&self) -> bool {
        self.watched.load(Ordering::Relaxed)
    }

    /// Uses a link up, and returns the cookie for its browser; `None` for a wrong token.
    pub(super) fn open(&self, tenant: &Tenant, token: &str) -> Option<String> {
        let next = {
            let mut link = locked(&self.link);
            if !same_secret(token, &link) {
                return None;
            }
            *link = new_token(&Randomness::System);
            link.clone()
        };
        let cookie = new_token(&Randomness::System);
        let mut sessions = locked(&self.sessions);
        if sessions.len() >= MOST_SESSIONS {
            sessions.pop_front();
        }
        sessions.push_back(digest(&cookie));
        drop(sessions);
        if let Some(Announce(announce)) = self.announce.get() {
            announce(&next);
        }
        let name = &tenant.site.cookies.page;
        Some(format!(
            "{name}={cookie}; Path={PATH}; HttpOnly; SameSite=Strict"
        ))
    }

    /// Whether a request shows the cookie of a browser that was let in.
    pub(super) fn knows(&self, tenant: &Tenant, call: &Call) -> bool {
        let Some(cookie) = call.cookie(&tenant.site.cookies.page) else {
            return false;
        };
        let shown = digest(cookie);
        let sessions = locked(&self.sessions);
        sessions.iter().any(|known| same_secret(known, &shown))
    }

    /// Whether a request to the control API comes from the page.
    pub(crate) fn accepts(&self, tenant: &Tenant, call: &Call) -> bool {
        is_near(call) && call.headers.contains_key(HEADER) && self.knows(tenant, call)
    }
}

/// Whether a request comes from this machine. A proxy on it would forward those of others, and says so.
pub(crate) fn is_near(call: &Call) -> bool {
    let forwarded = ["forwarded", "x-forwarded-for", "x-real-ip"];
    let ip = call.ip.parse::<IpAddr>();
    ip.is_ok_and(|ip| ip.to_canonical().is_loopback())
        && !forwarded
            .iter()
            .any(|name| call.headers.contains_key(*name))
}
