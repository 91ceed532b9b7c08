//! Mistakes of an export: those of production's schemas, and references to what is not there.

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};

use postlogin_project::Project;

use super::mistakes;

/// The mistakes of a `tenant.yaml`, each with its line; references marked.
fn found(text: &str) -> Vec<String> {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("postlogin-sections-{}-{number}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    fs::create_dir_all(folder.join(".git")).unwrap();
    fs::write(folder.join("tenant.yaml"), text).unwrap();
    let project = Project::discover(&folder).unwrap().unwrap();
    let found = mistakes(&project.placed_parts(&folder), &project.tenant);
    fs::remove_dir_all(&folder).unwrap();
    let shown = found.iter().map(|mistake| {
        let error = &mistake.error;
        let hint = error.hint.as_deref();
        let hint = hint.map_or(String::new(), |hint| format!(" ({hint})"));
        let kind = if mistake.is_reference {
            "reference "
        } else {
            ""
        };
        format!(
            "{kind}{}: {}{hint}",
            error.line.unwrap_or_default(),
            error.message
        )
    });
    shown.collect()
}

#[track_caller]
fn check(text: &str, expected: &[&str]) {
    assert_eq!(found(text), expected, "{text}");
}

fn client(more: &str) -> String {
    format!("clients:\n  - name: w\n    {more}\n")
}

fn database(more: &str) -> String {
    format!("databases:\n  - name: db\n    strategy: auth0\n    {more}\n")
}

#[test]
fn values_of_an_application() {
    for (more, expected) in [
        (
            "refresh_token: {rotation_type: rotate, expiration_type: expiring}",
            vec![
                "3: `rotation_type` has the unknown value `rotate` (there are rotating, non-rotating)",
            ],
        ),
        (
            "refresh_token: {rotation_type: rotating}",
            vec!["3: `refresh_token` needs `expiration_type`"],
        ),
        (
            "refresh_token: {rotation_type: rotating, expiration_type: non-expiring}",
            vec![
                "3: refresh tokens that rotate must expire: `expiration_type` is `non-expiring` (write expiration_type: expiring)",
            ],
        ),
        (
            "refresh_token: {rotation_type: rotating, expiration_type: expiring, lifetime: 3}",
            vec![
                "3: unknown key `lifetime` of `refresh_token` (there are rotation_type, expiration_type, leeway, token_lifetime, infinite_token_lifetime, idle_token_lifetime, infinite_idle_token_lifetime, policies)",
            ],
        ),
        (
            "refresh_token: {rotation_type: rotating, expiration_type: expiring, token_lifetime: 0, leeway: -1}",
            vec![
                "3: `token_lifetime`: Value 0 is less than minimum 1",
                "3: `leeway`: Value -1 is less than minimum 0",
            ],
        ),
        (
            "refresh_token: {expiration_type: non-expiring, leeway: 0, infinite_token_lifetime: true, infinite_idle_token_lifetime: true, token_lifetime: 31557600, idle_token_lifetime: 2592000, rotation_type: non-rotating}",
            vec![],
        ),
        (
            "grant_types: [authorisation_code, refresh_token]",
            vec!["3: unknown grant type `authorisation_code` (did you mean `authorization_code`?)"],
        ),
        ("grant_types: [nope]", vec!["3: unknown grant type `nope`"]),
        (
            "jwt_configuration: {alg: RS999}",
            vec!["3: `alg` has the unknown value `RS999` (there are HS256, RS256, RS512, PS256)"],
        ),
        (
            "jwt_configuration: {lifetime_in_second: 3}",
            vec![
                "3: unknown key `lifetime_in_second` of `jwt_configuration` (did you mean `lifetime_in_seconds`?)",
            ],
        ),
        (
            "jwt_configuration: {secret_encoded: 'no'}",
            vec!["3: `secret_encoded`: Expected type boolean but found type string"],
        ),
        (
            "web_origins: ['localhost:3000', 'http://localhost:3000']",
            vec!["3: `web_origins`: `localhost:3000` is not a URL"],
        ),
        (
            "allowed_origins: ['*', 'https://*.example.com']",
            vec!["3: `allowed_origins`: `*` is not a URL"],
        ),
        (
            "initiate_login_uri: http://x.example",
            vec!["3: `initiate_login_uri`: `http://x.example` must begin with https://"],
        ),
        (
            "refresh_token: '##REFRESH##'\n    web_origins: ['##ORIGIN##']\n    jwt_configuration: {alg: '##ALG##'}",
            vec![],
        ),
        (
            "is_first_party: 'true'",
            vec!["3: `is_first_party`: Expected type boolean but found type string"],
        ),
    ] {
        check(&client(more), &expected);
    }
    check(
        "clients:\n  - name: a<b\n",
        &["2: `name`: String does not match pattern ^[^<>]+$: a<b"],
    );
    check(
        "clients:\n  - {name: w, client_id: w}\n  - {name: x, client_id: w}\n",
        &["3: the client_id `w` is that of another one, at line 2"],
    );
}

#[test]
fn values_of_a_database() {
    for (more, expected) in [
        (
            "options: {passwordPolicy: strong}",
            vec![
                "4: `passwordPolicy` has the unknown value `strong` (there are none, low, fair, good, excellent)",
            ],
        ),
        ("options: {passwordPolicy: null}", vec![]),
        (
            "options: {disable_signup: 'true'}",
            vec!["4: `disable_signup`: Expected type boolean but found type string"],
        ),
        (
            "options: {requires_username: 'yes'}",
            vec!["4: `requires_username`: Expected type boolean but found type string"],
        ),
        (
            "options: {disable_sign_up: true}",
            vec!["4: unknown key `disable_sign_up` of `options` (did you mean `disable_signup`?)"],
        ),
        (
            "options: {password_history: {enable: true, size: 99}}",
            vec!["4: `size`: Value 99 is greater than maximum 24"],
        ),
        (
            "options: {validation: {username: {min: 1}}}",
            vec!["4: `options.validation.username` needs `max`"],
        ),
        (
            "options: {attributes: {email: {identifier: {active: 'no'}, signup: {status: needed}}}}",
            vec![
                "4: `active`: Expected type boolean but found type string",
                "4: `status` has the unknown value `needed` (there are required, optional, inactive)",
            ],
        ),
        (
            "options: {mfa: {active: true, return_enroll_settings: true}, customScripts: {login: ./login.js}, own: 1}",
            vec![],
        ),
    ] {
        check(&database(more), &expected);
    }
    // The options of other strategies are those of the provider.
    check(
        "connections:\n  - {name: g, strategy: google-oauth2, options: {disable_signup: 'x', scope: [email]}}\n",
        &[],
    );
}

#[test]
fn values_of_the_rest() {
    for (text, expected) in [
        (
            "organizations:\n  - name: Acme Corp\n",
            vec!["2: `name`: String does not match pattern ^[a-z0-9][a-z0-9-_]*$: Acme Corp"],
        ),
        (
            "organizations:\n  - name: acme\n    connections: [{name: db, assign_membership_on_login: 'yes'}]\ndatabases: [{name: db}]\n",
            vec!["3: `assign_membership_on_login`: Expected type boolean but found type string"],
        ),
        (
            "tenant:\n  session_lifetime: long\n  enabled_locales: en\n  allowed_logout_urls: x\n  sesion_lifetime: 3\n",
            vec![
                "5: unknown key `sesion_lifetime` of the tenant (did you mean `session_lifetime`?)",
                "2: `session_lifetime`: Expected type number but found type string",
                "3: `enabled_locales`: Expected type array but found type string",
                "4: `allowed_logout_urls`: Expected type array but found type string",
            ],
        ),
        (
            "tenant:\n  session_lifetime: 1.5\n  idle_session_lifetime: 0\n  allowed_logout_urls: [nope]\n  session_cookie: {mode: persist}\n",
            vec![
                "3: `idle_session_lifetime`: Value 0 is not above 0",
                "5: `mode` has the unknown value `persist` (there are persistent, non-persistent)",
                "4: `allowed_logout_urls`: `nope` is not a URL",
            ],
        ),
        (
            "tenant:\n  flags: {enable_public_signup_user_exist_error: true, enable_sso: 'yes'}\n",
            vec![
                "2: unknown key `enable_public_signup_user_exist_error` of `flags` (did you mean `enable_public_signup_user_exists_error`?)",
                "2: `enable_sso`: Expected type boolean but found type string",
            ],
        ),
        (
            "guardianFactors:\n  - {name: otpp, enabled: true}\n  - {name: sms, enabled: 'true'}\n",
            vec![
                "2: `name` has the unknown value `otpp` (did you mean `otp`?)",
                "3: `enabled`: Expected type boolean but found type string",
            ],
        ),
        (
            "guardianPolicies: {policies: [always]}\n",
            vec![
                "1: `policies` has the unknown value `always` (there are all-applications, confidence-score)",
            ],
        ),
        (
            "eventStreams:\n  - {name: s, destination: {type: action}, subscriptions: [{event_type: usr.created}, {event_type: organization.created}]}\n",
            vec![
                "2: `event_type` has the unknown value `usr.created` (did you mean `user.created`?)",
            ],
        ),
        (
            "emailTemplates:\n  - {template: verify_emal, body: x, enabled: true}\n",
            vec![
                "2: `template` has the unknown value `verify_emal` (did you mean `verify_email`?)",
            ],
        ),
        (
            "resourceServers:\n  - {name: a, identifier: a, proof_of_possession: {mechanism: dpopp}}\n",
            vec!["2: `mechanism` has the unknown value `dpopp` (did you mean `dpop`?)"],
        ),
    ] {
        check(text, &expected);
    }
}

#[test]
fn what_is_referred_to_must_be_there() {
    let base = "clients: [{name: w, client_id: id_w}]\nresourceServers: [{name: a, identifier: 'https://a'}]\n";
    for (more, expected) in [
        (
            "databases:\n  - {name: db, enabled_clients: [w, id_w, nope]}\n",
            vec!["reference 4: unknown client `nope` (there are w)"],
        ),
        (
            "databases: [{name: db}]\norganizations:\n  - {name: acme, connections: [{name: db}, {name: dbb}]}\n",
            vec!["reference 5: unknown connection `dbb` (did you mean `db`?)"],
        ),
        (
            "organizations:\n  - {name: acme, client_grants: [{client_id: x}]}\n",
            vec!["reference 4: unknown client `x` (there are w)"],
        ),
        (
            "databases: [{name: db}]\ntenant: {default_directory: nope, default_audience: 'https://nope'}\n",
            vec![
                "reference 4: unknown resource server `https://nope` (did you mean `https://a`?)",
                "reference 4: unknown connection `nope` (there are db)",
            ],
        ),
        (
            "tenant: {default_directory: Username-Password-Authentication, default_audience: ''}\n",
            vec![],
        ),
        (
            "tenant: {default_audience: 'https://x.auth0.com/api/v2/'}\n",
            vec![],
        ),
    ] {
        check(&format!("{base}{more}"), &expected);
    }
    // A partial export leaves applications out.
    check("databases:\n  - {name: db, enabled_clients: [w]}\n", &[]);
}
