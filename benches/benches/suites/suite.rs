//! The suite as data: Actions as teams have them, and for each twenty logins with the calls that are expected.

use serde_json::{Value, json};

/// A name and a source.
pub type Action = (&'static str, &'static str);

pub const ACTIONS: &[Action] = &[
    (
        "copy-hobby",
        "exports.onExecutePostLogin = async (event, api) => {\n  const { hobby } = event.user.user_metadata;\n  if (hobby) api.idToken.setCustomClaim('https://example.com/hobby', hobby);\n};\n",
    ),
    (
        "plan",
        "const PLANS = { free: 0, pro: 1, enterprise: 2 };\nexports.onExecutePostLogin = async (event, api) => {\n  const { plan = 'free' } = event.user.app_metadata;\n  api.accessToken.setCustomClaim('https://example.com/plan', { name: plan, rank: PLANS[plan] ?? 0 });\n};\n",
    ),
    (
        "deny-blocked",
        "exports.onExecutePostLogin = async (event, api) => {\n  const { blocked } = event.user.app_metadata;\n  if (blocked) return api.access.deny(`blocked: ${blocked}`);\n};\n",
    ),
    (
        "roles",
        "exports.onExecutePostLogin = async (event, api) => {\n  const roles = event.authorization?.roles ?? [];\n  for (const token of [api.idToken, api.accessToken]) token.setCustomClaim('https://example.com/roles', [...roles].sort());\n};\n",
    ),
    (
        "email-domain",
        "const ALLOWED = new Set(['example.com', 'example.org']);\nexports.onExecutePostLogin = async (event, api) => {\n  const domain = (event.user.email ?? '').split('@').pop().toLowerCase();\n  if (!ALLOWED.has(domain)) api.access.deny(`no access for ${domain}`);\n};\n",
    ),
    (
        "organization",
        "exports.onExecutePostLogin = async (event, api) => {\n  if (!event.organization) return;\n  const { name, metadata } = event.organization;\n  api.idToken.setCustomClaim('https://example.com/org', { name, tier: metadata.tier ?? 'none' });\n};\n",
    ),
    (
        "country",
        "exports.onExecutePostLogin = async (event, api) => {\n  const country = event.request.geoip?.countryCode;\n  api.idToken.setCustomClaim('https://example.com/country', country ?? 'unknown');\n};\n",
    ),
    (
        "first-login",
        "exports.onExecutePostLogin = async (event, api) => {\n  if (event.stats.logins_count === 1) {\n    api.user.setAppMetadata('welcomed', false);\n    api.idToken.setCustomClaim('https://example.com/first', true);\n  }\n};\n",
    ),
    (
        "remember-language",
        "exports.onExecutePostLogin = async (event, api) => {\n  const language = (event.request.language ?? 'en').slice(0, 2);\n  if (event.user.user_metadata.lang !== language) api.user.setUserMetadata('lang', language);\n};\n",
    ),
    (
        "loyalty",
        "exports.onExecutePostLogin = async (event, api) => {\n  const orders = event.user.app_metadata.orders ?? [];\n  const sum = orders.reduce((all, { amount }) => all + amount, 0);\n  const tier = sum >= 1000 ? 'gold' : sum >= 100 ? 'silver' : 'bronze';\n  api.idToken.setCustomClaim('https://example.com/tier', tier);\n};\n",
    ),
];

/// So many logins for each Action.
const LOGINS: usize = 20;

/// One login.
pub struct Case {
    /// The Action.
    pub action: &'static str,
    /// Unique among those of its Action.
    pub name: String,
    /// The difference from the sample event, as a merge patch.
    pub patch: Value,
    /// The calls of the `api`, in order: the method, the arguments.
    pub calls: Vec<(&'static str, Value)>,
}

pub fn cases() -> Vec<Case> {
    let numbers = |action: &'static str| (0..LOGINS).map(move |number| case(action, number));
    ACTIONS
        .iter()
        .flat_map(|(action, _)| numbers(action))
        .collect()
}

fn case(action: &'static str, number: usize) -> Case {
    const ID: &str = "idToken.setCustomClaim";
    const ACCESS: &str = "accessToken.setCustomClaim";
    let even = number.is_multiple_of(2);
    let (patch, calls) = match action {
        "copy-hobby" if even => {
            let hobby = format!("hobby {number}");
            (
                json!({"user": {"user_metadata": {"hobby": hobby}}}),
                vec![(ID, json!(["https://example.com/hobby", hobby]))],
            )
        }
        "copy-hobby" => (
            json!({"user": {"user_metadata": {"hobby": null, "n": number}}}),
            vec![],
        ),
        "plan" => {
            let rank = number % 3;
            let plan = ["free", "pro", "enterprise"][rank];
            let value = json!({"name": plan, "rank": rank});
            (
                json!({"user": {"app_metadata": {"plan": plan, "n": number}}}),
                vec![(ACCESS, json!(["https://example.com/plan", value]))],
            )
        }
        "deny-blocked" if even => (
            json!({"user": {"app_metadata": {"blocked": format!("reason {number}")}}}),
            vec![("access.deny", json!([format!("blocked: reason {number}")]))],
        ),
        "deny-blocked" => (json!({"user": {"app_metadata": {"n": number}}}), vec![]),
        "roles" => {
            let roles: Vec<String> = (0..number % 5)
                .map(|index| format!("role-{index}"))
                .collect();
            let backwards: Vec<&String> = roles.iter().rev().collect();
            let arguments = json!(["https://example.com/roles", roles]);
            (
                json!({"authorization": {"roles": backwards}, "stats": {"logins_count": number + 2}}),
                vec![(ID, arguments.clone()), (ACCESS, arguments)],
            )
        }
        "email-domain" if even => (
            json!({"user": {"email": format!("user{number}@Example.org")}}),
            vec![],
        ),
        "email-domain" => (
            json!({"user": {"email": format!("user@domain{number}.test")}}),
            vec![(
                "access.deny",
                json!([format!("no access for domain{number}.test")]),
            )],
        ),
        "organization" if even => {
            let name = format!("org{number}");
            let value = json!({"name": name, "tier": "gold"});
            (
                json!({"organization": {"id": "org_1", "name": name, "display_name": "x", "metadata": {"tier": "gold"}}}),
                vec![(ID, json!(["https://example.com/org", value]))],
            )
        }
        "organization" => (json!({"stats": {"logins_count": number + 2}}), vec![]),
        "country" => {
            let code = ["CH", "DE", "FR", "US"][number % 4];
            (
                json!({"request": {"geoip": {"countryCode": code, "cityName": format!("city {number}")}}}),
                vec![(ID, json!(["https://example.com/country", code]))],
            )
        }
        "first-login" if even => (
            json!({"stats": {"logins_count": 1}, "user": {"name": format!("User {number}")}}),
            vec![
                ("user.setAppMetadata", json!(["welcomed", false])),
                (ID, json!(["https://example.com/first", true])),
            ],
        ),
        "first-login" => (json!({"stats": {"logins_count": number + 2}}), vec![]),
        "remember-language" => {
            let language = ["de", "fr", "it", "rm"][number % 4];
            (
                json!({"request": {"language": format!("{language}-CH")}, "user": {"user_metadata": {"n": number}}}),
                vec![("user.setUserMetadata", json!(["lang", language]))],
            )
        }
        _ => {
            let orders: Vec<Value> = (0..number)
                .map(|index| json!({"amount": index * 10}))
                .collect();
            let sum: usize = (0..number).map(|index| index * 10).sum();
            let tier = match sum {
                1000.. => "gold",
                100.. => "silver",
                _ => "bronze",
            };
            (
                json!({"user": {"app_metadata": {"orders": orders}}}),
                vec![(ID, json!(["https://example.com/tier", tier]))],
            )
        }
    };
    Case {
        action,
        name: format!("{action} login {number}"),
        patch,
        calls,
    }
}
