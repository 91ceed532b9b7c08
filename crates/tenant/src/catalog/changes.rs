//! Changes of the configuration at run time, which the Management API makes.
//!
//! A [`Catalog`] never changes: a change makes another one, which the requests after it see. A request that runs keeps the one
//! that it began with. Stored is what differs from the export, so an edit of the export counts where nothing was changed.

use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use postlogin_project::TenantData;
use serde_json::{Map, Value};

use super::Catalog;
use crate::http::text;
use crate::records::{ClientChange, ConfigChange};
use crate::state::Tenant;
use crate::store::{Entry, Store, StoreError};
use crate::triggers::configured::publish_changes;

/// The most items of a section, those of the export included.
const MOST_ITEMS: usize = 1_000;
/// The most bytes of all changes as JSON. As trees they take ten times as much, twice while a change is made.
const MOST_BYTES: usize = 4 << 20;

/// A part of the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Section {
    /// Applications.
    Clients,
    /// Connections.
    Connections,
    /// APIs.
    Apis,
    /// Client grants.
    Grants,
    /// Roles.
    Roles,
    /// Organizations.
    Organizations,
    /// The tenant's settings: one item, [`SETTINGS`].
    Settings,
}

/// The id of the only item of [`Section::Settings`].
pub(crate) const SETTINGS: &str = "settings";

impl Section {
    /// Every section, with the name that the database has for it.
    const NAMES: &[(Self, &str)] = &[
        (Self::Clients, "clients"),
        (Self::Connections, "connections"),
        (Self::Apis, "resource_servers"),
        (Self::Grants, "client_grants"),
        (Self::Roles, "roles"),
        (Self::Organizations, "organizations"),
        (Self::Settings, "tenants"),
    ];

    /// Returns the name that lists of the section have.
    pub(crate) fn name(self) -> &'static str {
        let mut names = Self::NAMES.iter();
        names
            .find(|(it, _)| *it == self)
            .map_or("", |(_, name)| name)
    }

    fn named(name: &str) -> Option<Self> {
        let mut names = Self::NAMES.iter();
        names.find(|(_, known)| *known == name).map(|(it, _)| *it)
    }

    /// Returns the key whose value identifies an item.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Clients => "client_id",
            _ => "id",
        }
    }

    /// Returns the items of the section.
    pub(crate) fn items(self, catalog: &Catalog) -> &[Value] {
        match self {
            Self::Clients => &catalog.clients,
            Self::Connections => &catalog.connections,
            Self::Apis => &catalog.apis,
            Self::Grants => &catalog.client_grants,
            Self::Roles => &catalog.roles,
            Self::Organizations => &catalog.organizations,
            Self::Settings => &[],
        }
    }

    fn items_mut(self, catalog: &mut Catalog) -> Option<&mut Vec<Value>> {
        Some(match self {
            Self::Clients => &mut catalog.clients,
            Self::Connections => &mut catalog.connections,
            Self::Apis => &mut catalog.apis,
            Self::Grants => &mut catalog.client_grants,
            Self::Roles => &mut catalog.roles,
            Self::Organizations => &mut catalog.organizations,
            Self::Settings => return None,
        })
    }

    /// Returns the item with an id.
    pub(crate) fn find<'a>(self, catalog: &'a Catalog, id: &str) -> Option<&'a Value> {
        let mut items = self.items(catalog).iter();
        items.find(|item| text(item, self.key()) == Some(id))
    }
}

/// A change of one item.
#[derive(Debug)]
pub(crate) struct Edit {
    pub(crate) section: Section,
    pub(crate) id: String,
    pub(crate) change: ConfigChange,
}

impl Edit {
    /// A new item, which has its id among its values.
    pub(crate) fn make(section: Section, id: &str, values: Map<String, Value>) -> Self {
        let change = ConfigChange {
            made: true,
            removed: false,
            values,
        };
        Self {
            section,
            id: id.to_owned(),
            change,
        }
    }

    /// Other values of some keys; `null` takes a key away.
    pub(crate) fn set(section: Section, id: &str, values: Map<String, Value>) -> Self {
        let change = ConfigChange {
            values,
            ..ConfigChange::default()
        };
        Self {
            section,
            id: id.to_owned(),
            change,
        }
    }

    /// The end of an item.
    pub(crate) fn remove(section: Section, id: &str) -> Self {
        let change = ConfigChange {
            removed: true,
            ..ConfigChange::default()
        };
        Self {
            section,
            id: id.to_owned(),
            change,
        }
    }
}

/// Why a change was not made.
#[derive(Debug)]
pub(crate) enum Full {
    /// The section has as many items as it may have.
    Items(Section),
    /// All changes together are as large as they may be.
    Bytes,
}

/// The configuration of the tenant and what became of it.
#[derive(Debug)]
pub(crate) struct Configuration {
    /// As the export has it.
    exported: Catalog,
    current: RwLock<Arc<Catalog>>,
    /// Held while a change is made: the next one sees it.
    turn: Mutex<()>,
}

impl Configuration {
    pub(crate) fn new(exported: Catalog) -> Self {
        Self {
            current: RwLock::new(Arc::new(exported.clone())),
            exported,
            turn: Mutex::default(),
        }
    }

    /// Returns the configuration of this moment.
    pub(crate) fn current(&self) -> Arc<Catalog> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&current)
    }

    fn set(&self, catalog: Catalog) -> Arc<Catalog> {
        let catalog = Arc::new(catalog);
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        *current = Arc::clone(&catalog);
        catalog
    }

    /// Makes the configuration out of the export and the stored changes.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) fn load(&self, store: &Store, now_ms: i64) -> Result<(), StoreError> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let mut catalog = self.exported.clone();
        // Older releases stored the metadata of applications alone.
        for (id, changed) in store.list::<ClientChange>(None, now_ms)? {
            let values = Map::from_iter([("client_metadata".to_owned(), changed.client_metadata)]);
            apply(&mut catalog, &Edit::set(Section::Clients, &id, values));
        }
        for (id, change) in store.list::<ConfigChange>(None, now_ms)? {
            if let Some((section, id)) = id.split_once('/')
                && let Some(section) = Section::named(section)
            {
                let id = id.to_owned();
                apply(
                    &mut catalog,
                    &Edit {
                        section,
                        id,
                        change,
                    },
                );
            }
        }
        self.set(catalog);
        Ok(())
    }
}

impl Catalog {
    /// Returns what a login looks at, where requests have changed it.
    pub(crate) fn configured(&self) -> Option<Arc<TenantData>> {
        let made = || {
            Arc::new(TenantData {
                settings: self.settings.clone(),
                resource_servers: self.apis.clone(),
                clients: self.clients.clone(),
                roles: self.roles.clone(),
                ..TenantData::default()
            })
        };
        self.is_changed
            .then(|| Arc::clone(self.of_logins.get_or_init(made)))
    }

    /// Notes that a request has changed it.
    fn changed(&mut self) {
        self.is_changed = true;
        self.of_logins = OnceLock::new();
    }
}

/// Applies a change. One of an item that the export no longer has does nothing.
fn apply(catalog: &mut Catalog, edit: &Edit) {
    catalog.changed();
    let ConfigChange {
        made,
        removed,
        values,
    } = &edit.change;
    let Some(items) = edit.section.items_mut(catalog) else {
        merge(&mut catalog.settings, values);
        return;
    };
    let key = edit.section.key();
    let is_it = |item: &Value| text(item, key) == Some(&edit.id);
    if *removed {
        items.retain(|item| !is_it(item));
        return;
    }
    match items.iter_mut().find(|item| is_it(item)) {
        Some(Value::Object(item)) => merge(item, values),
        Some(_) => {}
        None if *made => {
            let mut item = Map::new();
            merge(&mut item, values);
            items.push(Value::Object(item));
        }
        None => {}
    }
}

fn merge(item: &mut Map<String, Value>, values: &Map<String, Value>) {
    for (key, value) in values {
        match value {
            Value::Null => {
                item.shift_remove(key);
            }
            value => {
                item.insert(key.clone(), value.clone());
            }
        }
    }
}

impl Tenant {
    /// Changes the configuration: all of the edits are made or, with an error, none. `decide` sees the configuration as it is;
    /// no other request changes it in between. Returns the configuration afterwards.
    ///
    /// # Errors
    /// Those of `decide`, and when the database cannot store the change or there would be too much of them.
    pub(crate) fn configure<E: From<StoreError> + From<Full>>(
        &self,
        decide: impl FnOnce(&Catalog) -> Result<Vec<Edit>, E>,
    ) -> Result<Arc<Catalog>, E> {
        let configuration = &self.configuration;
        let _turn = (configuration.turn.lock()).unwrap_or_else(PoisonError::into_inner);
        let before = configuration.current();
        let mut catalog = Catalog::clone(&before);
        let edits = decide(&catalog)?;
        for edit in &edits {
            apply(&mut catalog, edit);
            let is_full = edit.section.items(&catalog).len() > MOST_ITEMS;
            if edit.change.made && is_full {
                return Err(Full::Items(edit.section).into());
            }
        }
        let grows = edits.iter().any(|edit| !edit.change.removed);
        if grows && self.store.bytes_of::<ConfigChange>()? > MOST_BYTES {
            return Err(Full::Bytes.into());
        }
        self.store.at_once(self.now_ms(), |store| {
            for edit in edits {
                let id = format!("{}/{}", edit.section.name(), edit.id);
                let known = store.get::<ConfigChange>(&id)?.unwrap_or_default();
                match (edit.change.removed, known.made) {
                    // It was never in the export.
                    (true, true) => store.remove::<ConfigChange>(&id)?,
                    (true, false) => store.put(Entry::lasting(&id), &edit.change)?,
                    (false, _) => {
                        let mut change = known;
                        change.made |= edit.change.made;
                        change.values.extend(edit.change.values);
                        store.put(Entry::lasting(&id), &change)?;
                    }
                }
            }
            Ok::<(), StoreError>(())
        })?;
        let after = configuration.set(catalog);
        publish_changes(self, &before, &after);
        Ok(after)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Edit, Section, apply};
    use crate::catalog::Catalog;

    fn catalog() -> Catalog {
        Catalog {
            roles: vec![json!({"id": "rol_1", "name": "editor", "description": "edits"})],
            ..Catalog::default()
        }
    }

    fn map(value: Value) -> serde_json::Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn an_edit_changes_its_own_keys_alone() {
        let check = |edit: Edit, expected: Value| {
            let mut catalog = catalog();
            apply(&mut catalog, &edit);
            assert_eq!(Value::Array(catalog.roles), expected);
        };
        check(
            Edit::set(
                Section::Roles,
                "rol_1",
                map(json!({"name": "writer", "description": null})),
            ),
            json!([{"id": "rol_1", "name": "writer"}]),
        );
        check(
            Edit::make(
                Section::Roles,
                "rol_2",
                map(json!({"id": "rol_2", "description": null})),
            ),
            json!([{"id": "rol_1", "name": "editor", "description": "edits"}, {"id": "rol_2"}]),
        );
        check(Edit::remove(Section::Roles, "rol_1"), json!([]));
        // The export no longer has it.
        let kept = json!([{"id": "rol_1", "name": "editor", "description": "edits"}]);
        check(
            Edit::set(Section::Roles, "rol_9", map(json!({"name": "x"}))),
            kept.clone(),
        );
        check(Edit::remove(Section::Roles, "rol_9"), kept.clone());
        check(Edit::remove(Section::Clients, "rol_1"), kept);
    }

    #[test]
    fn settings_are_one_item() {
        let mut catalog = catalog();
        let values = map(json!({"friendly_name": "Shop", "support_url": null}));
        apply(
            &mut catalog,
            &Edit::set(Section::Settings, super::SETTINGS, values),
        );
        assert_eq!(
            Value::Object(catalog.settings),
            json!({"friendly_name": "Shop"})
        );
    }
}
