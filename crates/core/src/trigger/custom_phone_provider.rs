//! custom-phone-provider: a text or call goes out through the customer's own provider.
//!
//! Source: <https://auth0.com/docs/actions/reference/custom-phone-provider/custom-phone-provider-api-object>.

use super::Table;
use super::provider::Provider;
use crate::event::schema;

pub(super) static TABLE: Table = Provider {
    id: "custom-phone-provider",
    execute: "onExecuteCustomPhoneProvider",
    api_page: "https://auth0.com/docs/actions/reference/custom-phone-provider/custom-phone-provider-api-object",
    event_page: "https://auth0.com/docs/actions/reference/custom-phone-provider/custom-phone-provider-event-object",
    event: schema::custom_phone_provider,
    sample: include_str!("../event/custom-phone-provider.json"),
}
.table();
