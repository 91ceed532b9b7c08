//! More of a tenant than its export has, as the seed of a local tenant brings it.

use serde_json::Value;

use super::TenantData;

impl TenantData {
    /// Adds what `more` has. An item with the name of one that is here takes its place: an application by its name or
    /// `client_id`, an API by its identifier, everything else by its name. Client grants are added, settings are
    /// laid over the others.
    pub fn extend(&mut self, more: &TenantData) {
        for (key, value) in &more.settings {
            self.settings.insert(key.clone(), value.clone());
        }
        put(&mut self.clients, &more.clients, &["client_id", "name"]);
        put(
            &mut self.resource_servers,
            &more.resource_servers,
            &["identifier"],
        );
        put(&mut self.roles, &more.roles, &["name"]);
        put(&mut self.connections, &more.connections, &["name"]);
        put(&mut self.organizations, &more.organizations, &["name"]);
        self.client_grants
            .extend(more.client_grants.iter().cloned());
    }
}

fn put(items: &mut Vec<Value>, more: &[Value], keys: &[&str]) {
    for item in more {
        let is_same = |known: &Value| {
            keys.iter().any(|key| {
                let name = item.get(*key).filter(|name| name.is_string());
                name.is_some() && known.get(*key) == name
            })
        };
        match items.iter_mut().find(|known| is_same(known)) {
            Some(known) => known.clone_from(item),
            None => items.push(item.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::TenantData;

    #[test]
    fn an_item_of_the_same_name_is_replaced_and_others_are_added() {
        let mut data = TenantData {
            clients: vec![
                json!({"name": "Web", "client_id": "1", "app_type": "spa"}),
                json!({"name": "Old"}),
            ],
            roles: vec![json!({"name": "editor", "description": "from the export"})],
            client_grants: vec![json!({"client_id": "Old", "audience": "a"})],
            ..TenantData::default()
        };
        data.settings
            .insert("friendly_name".into(), "Export".into());
        let mut more = TenantData {
            clients: vec![
                json!({"name": "Site", "client_id": "1"}),
                json!({"name": "New"}),
            ],
            resource_servers: vec![json!({"identifier": "a"})],
            roles: vec![json!({"name": "editor"})],
            client_grants: vec![json!({"client_id": "Old", "audience": "a"})],
            ..TenantData::default()
        };
        more.settings.insert("default_audience".into(), "a".into());
        data.extend(&more);
        assert_eq!(
            data.clients,
            [
                json!({"name": "Site", "client_id": "1"}),
                json!({"name": "Old"}),
                json!({"name": "New"}),
            ]
        );
        assert_eq!(data.roles, [json!({"name": "editor"})]);
        assert_eq!(data.resource_servers, [json!({"identifier": "a"})]);
        assert_eq!(data.client_grants.len(), 2);
        assert_eq!(data.settings.len(), 2);
        // Items without a name are kept apart.
        let nameless = TenantData {
            roles: vec![json!({}), json!({})],
            ..TenantData::default()
        };
        data.extend(&nameless);
        assert_eq!(data.roles.len(), 3);
    }
}
