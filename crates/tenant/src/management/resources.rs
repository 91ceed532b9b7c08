//! The configuration: each kind of item is listed, read, made, changed and removed in the same way.
//!
//! [`Kind`] has all that differs from kind to kind: the scopes, the schemas and the rules that concern other items. A change
//! counts from the next request on, and stays like everything else that the tenant stores.

use axum::http::StatusCode;
use postlogin_project::TenantData;
use serde_json::{Map, Value, json};

use super::query::{chosen, only, paged};
use super::schema::{self, Properties};
use super::{Answered, ApiError, Caller, Result, defaults, object, ok};
use crate::catalog::Catalog;
use crate::catalog::changes::{Edit, Full, Section};
use crate::clock::iso;
use crate::http::{Call, text};
use crate::state::Tenant;
use crate::unhonoured;

/// One kind of item.
pub(super) struct Kind {
    pub(super) section: Section,
    /// In scopes: `clients` of `read:clients`.
    pub(super) scope: &'static str,
    /// In errors: `client`.
    pub(super) called: &'static str,
    /// The error code for one that is not there.
    pub(super) inexistent: &'static str,
    /// The filters of the list.
    pub(super) filters: &'static [&'static str],
    /// The properties that may change.
    pub(super) properties: &'static [Properties],
    /// Those that only a new one may have.
    pub(super) new: &'static [Properties],
    /// Those that a new one must have.
    pub(super) required: &'static [&'static str],
    /// Whether an item fits the filters of a request.
    pub(super) fits: fn(&Tenant, &Call, &Value) -> bool,
    /// An item as a caller may see it.
    pub(super) shown: fn(&Tenant, &Caller, &Value) -> Value,
    /// Completes the values of a new item and checks them against the other items. The item's id is among its values.
    pub(super) complete: fn(&Tenant, &Catalog, &mut Map<String, Value>) -> Result<()>,
    /// Checks new values of an item against the other items, and adapts them.
    pub(super) adapt: fn(&Catalog, &Value, &mut Map<String, Value>) -> Result<()>,
    /// The other changes that come with the end of an item.
    pub(super) ends: fn(&Catalog, &Value) -> Vec<Edit>,
}

impl From<Full> for ApiError {
    fn from(full: Full) -> Self {
        let message = match full {
            Full::Items(section) => format!("The local tenant keeps no more {}.", section.name()),
            Full::Bytes => "The local tenant keeps no more changes of its configuration; POST /_postlogin/reset ends those that there are.".to_owned(),
        };
        Self::new(403, message, "too_many_entities")
    }
}

impl Kind {
    pub(super) fn not_found(&self) -> ApiError {
        let message = format!("The {} does not exist.", self.called);
        ApiError::new(404, message, self.inexistent)
    }

    fn require(&self, caller: &Caller, action: &str) -> Result<()> {
        caller.require(&[&format!("{action}:{}", self.scope)], None)
    }

    /// The item with an id.
    pub(super) fn find<'a>(&self, catalog: &'a Catalog, id: &str) -> Result<&'a Value> {
        let found = match self.section {
            // By its identifier, too.
            Section::Apis => self.section.find(catalog, id).or_else(|| catalog.api(id)),
            _ => self.section.find(catalog, id),
        };
        found.ok_or_else(|| self.not_found())
    }

    pub(super) fn list(&self, tenant: &Tenant, call: &Call, caller: &Caller) -> Result<Answered> {
        self.require(caller, "read")?;
        only(call, self.filters)?;
        let items = self.section.items(&tenant.catalog).iter();
        let items = items.filter(|item| (self.fits)(tenant, call, item));
        let items = items.map(|item| chosen(call, (self.shown)(tenant, caller, item)));
        ok(paged(call, self.section.name(), items.collect())?)
    }

    pub(super) fn get(
        &self,
        tenant: &Tenant,
        call: &Call,
        caller: &Caller,
        id: &str,
    ) -> Result<Answered> {
        self.require(caller, "read")?;
        only(call, &[])?;
        let item = self.find(&tenant.catalog, id)?;
        ok(chosen(call, (self.shown)(tenant, caller, item)))
    }

    pub(super) fn create(&self, tenant: &Tenant, call: &Call, caller: &Caller) -> Result<Answered> {
        self.require(caller, "create")?;
        let body = object(call)?;
        let properties = [self.properties, self.new].concat();
        schema::check(body, &properties, self.required)?;
        let mut id = String::new();
        let after = tenant.configure(|catalog| {
            let mut values = body.clone();
            values.retain(|_, value| !value.is_null());
            (self.complete)(tenant, catalog, &mut values)?;
            values
                .get(self.section.key())
                .and_then(Value::as_str)
                .unwrap_or_default()
                .clone_into(&mut id);
            Ok::<_, ApiError>(vec![Edit::make(self.section, &id, values)])
        })?;
        note(tenant, call, self.section, body);
        let item = self.find(&after, &id)?;
        let shown = (self.shown)(tenant, caller, item);
        let status = match self.section {
            Section::Roles => StatusCode::OK,
            _ => StatusCode::CREATED,
        };
        Ok(Answered::Body(status, shown))
    }

    pub(super) fn update(
        &self,
        tenant: &Tenant,
        call: &Call,
        caller: &Caller,
        id: &str,
    ) -> Result<Answered> {
        self.require(caller, "update")?;
        let body = object(call)?;
        schema::check(body, self.properties, &[])?;
        schema::not_empty(body)?;
        let answered = self.set(tenant, caller, id, body.clone())?;
        note(tenant, call, self.section, body);
        Ok(answered)
    }

    /// Gives an item other values, which have been checked, and answers with it.
    pub(super) fn set(
        &self,
        tenant: &Tenant,
        caller: &Caller,
        id: &str,
        values: Map<String, Value>,
    ) -> Result<Answered> {
        let after = tenant.configure(|catalog| {
            let item = self.find(catalog, id)?;
            let mut values = values;
            (self.adapt)(catalog, item, &mut values)?;
            let id = text(item, self.section.key()).unwrap_or_default();
            Ok::<_, ApiError>(vec![Edit::set(self.section, id, values)])
        })?;
        ok((self.shown)(tenant, caller, self.find(&after, id)?))
    }

    /// Removes an item. One that is not there is removed already, as production answers, but for roles.
    pub(super) fn delete(&self, tenant: &Tenant, caller: &Caller, id: &str) -> Result<Answered> {
        self.require(caller, "delete")?;
        match (self.removed(tenant, id)?, self.section) {
            (Some(_), Section::Roles) => ok(json!({})),
            (None, Section::Roles) => Err(self.not_found()),
            _ => Ok(Answered::Nothing),
        }
    }

    /// Removes an item and returns it; `None` when there is none.
    pub(super) fn removed(&self, tenant: &Tenant, id: &str) -> Result<Option<Value>> {
        let mut removed = None;
        tenant.configure(|catalog| {
            let Ok(item) = self.find(catalog, id) else {
                return Ok::<_, ApiError>(Vec::new());
            };
            removed = Some(item.clone());
            let mut edits = (self.ends)(catalog, item);
            let id = text(item, self.section.key()).unwrap_or_default();
            edits.push(Edit::remove(self.section, id));
            Ok(edits)
        })?;
        Ok(removed)
    }
}

/// Logs the keys of a body that switch something on which the tenant does not have, as those of an export are listed.
fn note(tenant: &Tenant, call: &Call, section: Section, body: &Map<String, Value>) {
    let mut data = TenantData::default();
    let item = Value::Object(body.clone());
    match section {
        Section::Clients => data.clients.push(item),
        Section::Connections => data.connections.push(item),
        Section::Apis => data.resource_servers.push(item),
        Section::Grants => data.client_grants.push(item),
        Section::Organizations => data.organizations.push(item),
        Section::Settings => data.settings.clone_from(body),
        Section::Roles => {}
    }
    for message in unhonoured::lines(&data) {
        tenant.control.log(json!({
            "type": "notice", "date": iso(tenant.now_ms()), "code": "not-honoured", "path": call.path, "message": message,
        }));
    }
}

/// No filters.
pub(super) fn all(_: &Tenant, _: &Call, _: &Value) -> bool {
    true
}

/// No rules.
pub(super) fn unchanged(_: &Catalog, _: &Value, _: &mut Map<String, Value>) -> Result<()> {
    Ok(())
}

/// No other changes.
pub(super) fn alone(_: &Catalog, _: &Value) -> Vec<Edit> {
    Vec::new()
}

/// An id with a prefix and sixteen letters and digits.
pub(super) fn new_id(tenant: &Tenant, prefix: &str) -> String {
    format!("{prefix}{}", letters(tenant, 16))
}

/// Letters and digits that cannot be guessed.
pub(super) fn letters(tenant: &Tenant, count: usize) -> String {
    let mut letters = String::new();
    while letters.len() < count {
        let token = tenant.randomness.token();
        letters.extend(token.chars().filter(char::is_ascii_alphanumeric));
    }
    letters.truncate(count);
    letters
}

/// 409 when another item of a section has this value.
pub(super) fn unique(
    catalog: &Catalog,
    section: Section,
    (key, value): (&str, &str),
    own_id: Option<&str>,
    message: &str,
) -> Result<()> {
    let is_other = |item: &&Value| {
        text(item, key) == Some(value) && (own_id.is_none() || text(item, section.key()) != own_id)
    };
    match section.items(catalog).iter().find(is_other) {
        Some(_) => Err(ApiError::new(409, message, "conflict")),
        None => Ok(()),
    }
}

/// The text of a member of a new item, which its schema requires.
pub(super) fn named<'a>(values: &'a Map<String, Value>, key: &str) -> &'a str {
    values.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// `GET` and `PATCH /tenants/settings`
pub(super) fn settings(tenant: &Tenant, call: &Call, caller: &Caller) -> Result<Answered> {
    use crate::catalog::changes::SETTINGS;
    let action = match call.method == axum::http::Method::PATCH {
        true => "update:tenant_settings",
        false => "read:tenant_settings",
    };
    caller.require(&[action], None)?;
    if call.method != axum::http::Method::PATCH {
        only(call, &[])?;
        let mut shown = tenant.catalog.settings.clone();
        defaults::settings(&mut shown);
        return ok(chosen(call, Value::Object(shown)));
    }
    let body = object(call)?;
    schema::not_empty(body)?;
    let after = tenant.configure(|_| {
        let edit = Edit::set(Section::Settings, SETTINGS, body.clone());
        Ok::<_, ApiError>(vec![edit])
    })?;
    note(tenant, call, Section::Settings, body);
    ok(json!(after.settings))
}
