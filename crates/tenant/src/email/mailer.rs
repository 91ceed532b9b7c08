//! Rendering beside the requests: one mail at a time, on a thread that may block.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::render::{EmailError, Mail, RenderedEmail, render};
use super::renderer::TemplateRenderer;
use crate::state::Tenant;

/// The time that a mail waits for those before it. Templates that run into their limit must not hold up all others.
const PATIENCE: Duration = Duration::from_secs(10);

/// Renders the tenant's mails.
pub(crate) struct Mailer {
    renderer: Arc<dyn TemplateRenderer>,
    turn: Semaphore,
}

impl Mailer {
    pub(crate) fn new(renderer: Arc<dyn TemplateRenderer>) -> Self {
        Self {
            renderer,
            turn: Semaphore::new(1),
        }
    }
}

/// Renders a mail when it is its turn.
///
/// # Errors
/// As [`render`], and when the mails before it take too long.
pub(super) async fn rendered(
    tenant: &Arc<Tenant>,
    mail: Mail,
) -> Result<RenderedEmail, EmailError> {
    let Ok(Ok(turn)) = timeout(PATIENCE, tenant.mailer.turn.acquire()).await else {
        return Err(EmailError::Internal(format!(
            "the mails before it took longer than {} s",
            PATIENCE.as_secs()
        )));
    };
    let tenant = Arc::clone(tenant);
    let rendering = tokio::task::spawn_blocking(move || {
        render(
            &tenant.catalog,
            &tenant.name,
            &mail,
            &*tenant.mailer.renderer,
            tenant.now_ms(),
        )
    });
    let ended = rendering.await;
    drop(turn);
    ended.unwrap_or_else(|error| Err(EmailError::Internal(error.to_string())))
}
