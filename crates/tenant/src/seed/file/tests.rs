//! A seed file, and the places of its mistakes.

use postlogin_project::{Format, TenantData};

use super::{SeedFile, read_seed};

fn read(text: &str) -> Result<SeedFile, Vec<String>> {
    let shown = |error: &postlogin_project::Error| {
        let hint = error.hint.as_deref().unwrap_or("-");
        format!("{} ({hint})", error.sentence())
    };
    read_seed("seed.yaml", text, Format::Unknown, &TenantData::default())
        .map_err(|errors| errors.iter().map(shown).collect())
}

#[test]
fn all_sections_are_read() {
    let seed = read(
        "users:\n  - {email: jane@example.com, roles: [editor]}\nclients:\n  - name: Web\n    client_id: web\n    \
         callbacks: ['http://localhost:3000/cb']\nresourceServers:\n  - identifier: https://api\n    scopes: [{value: 'read:x'}]\n\
         clientGrants:\n  - {client_id: Web, audience: https://api, scope: ['read:x']}\nroles:\n  - name: editor\n    permissions: \
         [{permission_name: 'read:x', resource_server_identifier: https://api}]\norganizations:\n  - name: acme\nconnections:\n  \
         - name: DB\n    strategy: auth0\ntenant:\n  friendly_name: Seeded\n",
    )
    .unwrap();
    assert_eq!(seed.users.len(), 1);
    let data = &seed.data;
    assert_eq!(data.clients[0]["client_id"], "web");
    assert_eq!(data.resource_servers[0]["scopes"][0]["value"], "read:x");
    assert_eq!(data.client_grants[0]["audience"], "https://api");
    assert_eq!(data.roles[0]["permissions"][0]["permission_name"], "read:x");
    assert_eq!(data.organizations[0]["name"], "acme");
    assert_eq!(data.connections[0]["name"], "DB");
    assert_eq!(data.settings["friendly_name"], "Seeded");
    // JSON is read as well, and an empty section is one.
    let seed = read("{\"users\": [], \"clients\": [{\"name\": \"A\"}]}").unwrap();
    assert_eq!((seed.users.len(), seed.data.clients.len()), (0, 1));
}

#[test]
fn each_mistake_has_its_place_and_a_hint() {
    for (text, expected) in [
        (
            "clinets: []\n",
            vec!["seed.yaml:1:1: unknown key `clinets` of a seed (did you mean `clients`?)"],
        ),
        (
            "databases: []\n",
            vec![
                "seed.yaml:1:1: unknown key `databases` of a seed (databases are `connections` with `strategy: auth0`)",
            ],
        ),
        (
            "[]",
            vec![
                "seed.yaml:1:1: a seed must be an object; this is a list (write users, clients, resourceServers, roles or organizations; a list of users alone is for --users)",
            ],
        ),
        (
            "clients:\n  - name: Web\n    calbacks: []\n    app_typ: spa\n",
            vec![
                "seed.yaml:3:5: unknown key `calbacks` of a client (did you mean `callbacks`?)",
                "seed.yaml:4:5: unknown key `app_typ` of a client (did you mean `app_type`?)",
            ],
        ),
        (
            "clients:\n  - name: Web\n    callbacks: [nope]\n",
            vec!["seed.yaml:3:17: `nope` is not a URL (-)"],
        ),
        (
            "clients:\n  - name: Web\n    callbacks: http://localhost\n",
            vec!["seed.yaml:3:16: `callbacks` must be a list of strings (-)"],
        ),
        (
            "clients:\n  - name: Web\n  - name: Web\n  - app_type: spa\n",
            vec![
                "seed.yaml:3:5: the name `Web` is that of another one, at line 2 (-)",
                "seed.yaml:4:5: a client needs `name` (-)",
            ],
        ),
        (
            "roles:\n  - name: editor\n    permissions: [read]\n",
            vec![
                "seed.yaml:3:19: an item of `permissions` needs the string `permission_name` (write {permission_name: …, resource_server_identifier: …})",
            ],
        ),
        (
            "resourceServers:\n  - identifier: a\n    scopes: read\n",
            vec!["seed.yaml:3:13: `scopes` must be a list of objects (-)"],
        ),
        (
            "users: jane\nroles: [editor]\n",
            vec![
                "seed.yaml:1:8: `users` must be a list; this is a text (-)",
                "seed.yaml:2:9: a role must be an object; this is a text (-)",
            ],
        ),
        (
            "resourceServers:\n  - identifier: https://api\n    scopes: [{value: 'read:x'}]\nroles:\n  - name: editor\n    permissions:\n      \
             - {permission_name: 'raed:x', resource_server_identifier: https://api}\n      - {permission_name: x, resource_server_identifier: b}\n\
             clientGrants:\n  - {client_id: Web, audience: https://api, scope: ['read:y']}\n",
            vec![
                "seed.yaml:7:9: unknown scope of https://api `raed:x` (did you mean `read:x`?)",
                "seed.yaml:8:9: unknown resource server `b` (there are https://api)",
                "seed.yaml:10:17: unknown client `Web` (there is none)",
                "seed.yaml:10:53: unknown scope of https://api `read:y` (did you mean `read:x`?)",
            ],
        ),
        (
            "tenant:\n  freindly_name: A\n",
            vec![
                "seed.yaml:2:3: unknown key `freindly_name` of the tenant (did you mean `friendly_name`?)",
            ],
        ),
    ] {
        assert_eq!(read(text).err().unwrap_or_default(), expected, "{text}");
    }
    // A key that production has and the tenant does not honour is no mistake: it is listed at the start.
    assert!(read("clients:\n  - name: Web\n    oidc_logout: {}\n").is_ok());
    assert!(read("clients: [\n").is_err());
}
