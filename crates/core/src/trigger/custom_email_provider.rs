//! custom-email-provider: an e-mail goes out through the customer's own provider.
//!
//! Source: <https://auth0.com/docs/actions/reference/custom-email-provider/custom-email-provider-api-object>.

use super::Table;
use super::provider::Provider;
use crate::event::schema;

pub(super) static TABLE: Table = Provider {
    id: "custom-email-provider",
    execute: "onExecuteCustomEmailProvider",
    api_page: "https://auth0.com/docs/actions/reference/custom-email-provider/custom-email-provider-api-object",
    event_page: "https://auth0.com/docs/actions/reference/custom-email-provider/custom-email-provider-event-object",
    event: schema::custom_email_provider,
    sample: include_str!("../event/custom-email-provider.json"),
}
.table();
