//! Logins in a browser at `postlogin serve`: by a social connection, and with a restart in between.

use crate::{
    serve::{Serving, USERS},
    support::folder,
};

/// A browser with its cookies, on one tenant.
struct Browser<'a> {
    tenant: &'a Serving,
    cookies: Vec<(String, String)>,
}

impl<'a> Browser<'a> {
    fn new(tenant: &'a Serving) -> Self {
        Self {
            tenant,
            cookies: Vec::new(),
        }
    }

    /// Where a request leads, and the page if it leads nowhere.
    fn go(&mut self, method: &str, target: &str, form: &str) -> (String, String) {
        let path = target.strip_prefix(self.tenant.issuer.as_str());
        let path = path.map_or_else(|| target.to_owned(), |path| format!("/{path}"));
        let pairs: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let headers = format!(
            "cookie: {}\r\ncontent-type: application/x-www-form-urlencoded\r\n",
            pairs.join("; ")
        );
        let (_, head, body) = self.tenant.answer(method, &path, &headers, form);
        let header = |name: &'static str| {
            head.lines().filter_map(move |line| {
                let (known, value) = line.split_once(": ")?;
                known.eq_ignore_ascii_case(name).then(|| value.to_owned())
            })
        };
        for line in header("set-cookie") {
            let pair = line.split(';').next().unwrap_or_default();
            let (name, value) = pair.split_once('=').expect("a cookie has a name");
            self.cookies.retain(|(known, _)| known != name);
            self.cookies.push((name.to_owned(), value.to_owned()));
        }
        (header("location").next().unwrap_or_default(), body)
    }

    /// The query of the page to which `/authorize` of the tenant's own application leads.
    fn begin(&mut self, more: &str) -> String {
        let clients = self.tenant.control("GET", "clients");
        let id = clients[0]["client_id"].as_str().expect("an application");
        let request = format!(
            "/authorize?client_id={id}&response_type=code&scope=openid&state=st&prompt=login{more}"
        );
        let (page, _) = self.go("GET", &request, "");
        let (_, query) = page.split_once('?').expect("a page of the tenant");
        query.to_owned()
    }

    /// From `/authorize` to where a choice at the identity provider leads.
    fn sign_in_by(&mut self, connection: &str, identity: &str) -> String {
        let query = self.begin(&format!("&connection={connection}"));
        let (callback, body) = self.go(
            "POST",
            "/u/provider",
            &format!("{query}&identity={identity}"),
        );
        assert!(callback.contains("/login/callback?"), "{body}");
        self.go("GET", &callback, "").0
    }
}

#[test]
fn a_connections_script_gives_the_user() {
    let script = "function (accessToken, ctx, cb) { fetch('https://idp.example.com/me', { headers: { authorization: `Bearer ${accessToken}` } }).then((answer) => answer.json()).then((me) => me.id ? cb(null, { user_id: me.id, email: me.mail, user_metadata: { hobby: me.hobby } }) : cb(new Error('who is that?')), cb); }";
    let mocks = "- request: { method: POST, url: 'https://idp.example.com/token', text: '*code=*' }\n  response: { json: { access_token: tok } }\n- request: { method: GET, url: 'https://idp.example.com/me', headers: { authorization: Bearer tok } }\n  response: { json: { id: 42, mail: jane@example.com, hobby: chess } }\n";
    let project = folder(&[
        ("users.json", USERS),
        (
            "connections/idp.json",
            r#"{"name": "idp", "strategy": "oauth2", "options": {"tokenURL": "https://idp.example.com/token", "client_id": "c", "client_secret": "s", "scripts": {"fetchUserProfile": "./idp.js"}}}"#,
        ),
        ("connections/idp.js", script),
        (
            "rules/show.json",
            r#"{"name": "show", "script": "./show.js", "order": 1}"#,
        ),
        (
            "rules/show.js",
            "function (user, context, callback) { context.idToken.seen = [user.user_id, user.user_metadata.hobby, context.connection]; callback(null, user, context); }",
        ),
        ("http.yaml", mocks),
    ]);
    let users = project.path().join("users.json");
    let place = format!("--ephemeral --project {}", project.path().display());
    let http = format!(
        "{place} --http {}",
        project.path().join("http.yaml").display()
    );

    // Answered by exchanges, the code for the token, too.
    let tenant = Serving::start(&http, &users);
    let mut browser = Browser::new(&tenant);
    let back = browser.sign_in_by("idp", "");
    assert!(back.contains("code="), "{back}");
    let log = tenant.control("GET", "log").to_string();
    assert!(
        log.contains(r#""seen":["oauth2|idp|42","chess","idp"]"#),
        "{log}"
    );
    drop(browser);
    drop(tenant);

    // Answered by what was typed.
    let tenant = Serving::start(&place, &users);
    let mut browser = Browser::new(&tenant);
    let back = browser.sign_in_by("idp", "%7B%22id%22:7,%22hobby%22:%22golf%22%7D");
    assert!(back.contains("code="), "{back}");
    let log = tenant.control("GET", "log").to_string();
    assert!(
        log.contains(r#""seen":["oauth2|idp|7","golf","idp"]"#),
        "{log}"
    );
    let back = browser.sign_in_by("idp", "%7B%7D");
    assert!(
        back.contains("error=access_denied&error_description=who+is+that%3F&state=st"),
        "{back}"
    );
    // Nobody answers: the script gets what Node gives when nobody listens.
    let back = browser.sign_in_by("idp", "");
    assert!(
        back.contains("error=access_denied&error_description=fetch+failed"),
        "{back}"
    );
}

#[test]
fn a_login_that_waits_outlives_a_kill() {
    let project = folder(&[
        ("users.json", USERS),
        ("postlogin.toml", "binding = [\"away\"]\n"),
        (
            "actions/away.js",
            "exports.onExecutePostLogin = async (event, api) => { api.user.setUserMetadata('left', 'yes'); api.redirect.sendUserTo('https://site.example.com/'); };\n\
             exports.onContinuePostLogin = async (event, api) => { api.idToken.setCustomClaim('https://example.com/answer', event.request.query.answer); };\n",
        ),
    ]);
    let users = project.path().join("users.json");
    let place = format!("--project {}", project.path().display());
    let (cookies, state) = {
        let tenant = Serving::start(&place, &users);
        let mut browser = Browser::new(&tenant);
        let query = browser.begin("");
        let form = format!("{query}&username=jane@example.com&password=jane-secret");
        let (away, body) = browser.go("POST", "/u/login", &form);
        let (_, state) = away
            .split_once("state=")
            .unwrap_or_else(|| panic!("{away} {body}"));
        let stored = &tenant.control("GET", "users")[0]["user_metadata"];
        assert_eq!(stored["left"], "yes", "stored before the browser left");
        (browser.cookies, state.to_owned())
        // Dropping kills the process.
    };
    let tenant = Serving::start(&place, &users);
    let mut browser = Browser::new(&tenant);
    // The names of cookies carry the port, which is another one now.
    let mut other = Browser::new(&tenant);
    other.begin("");
    let (_, port) = other.cookies[0].0.split_once('_').expect("its own name");
    let renamed = cookies.into_iter().map(|(name, value)| {
        let (kind, _) = name.split_once('_').expect("a name of the tenant");
        (format!("{kind}_{port}"), value)
    });
    browser.cookies = renamed.collect();
    let (back, body) = browser.go("GET", &format!("/continue?state={state}&answer=42"), "");
    assert!(back.contains("code="), "{back} {body}");
    let log = tenant.control("GET", "log").to_string();
    assert!(
        log.contains(r#""https://example.com/answer":"42""#),
        "{log}"
    );
}
