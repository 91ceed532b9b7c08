//! The forms of known services, with generated values: nothing that gives access is in a recording, what an Action works
//! with stays, and the same requests are answered again.

use super::*;
use crate::network::Request;

/// `§prefix§` in a text stands for a credential that begins with the prefix; `§#§` for a number, `§jwt§` for a JWT.
fn filled(text: &str, secrets: &mut Vec<String>) -> String {
    let mut out = String::new();
    for (index, part) in text.split('§').enumerate() {
        if index % 2 == 0 {
            out.push_str(part);
            continue;
        }
        let number = secrets.len() + 11;
        let secret = match part {
            "#" => format!("9182736{number}"),
            "jwt" => format!("ey{0}J.ey{0}K.{0}", format!("Ab{number}xYz").repeat(4)),
            // Letters only, as a person chooses them.
            "word" => format!(
                "correcthorse{}",
                "abcdefghijklmnopqrstuvwxyz"
                    .chars()
                    .nth(number % 26)
                    .unwrap_or('a')
            ),
            prefix => format!("{prefix}{}", format!("q{number}Zt7KpW3mX9vB4cR").repeat(3)),
        };
        out.push_str(&secret);
        secrets.push(secret);
    }
    out
}

struct Case<'a> {
    url: &'a str,
    asks: (&'a str, &'a str),
    answers: (&'a str, &'a [(&'a str, &'a str)], &'a str),
    kept: &'a [&'a str],
}

/// Records one exchange and returns the text of the recording.
#[track_caller]
fn check(case: &Case<'_>) -> Recording {
    let mut secrets = Vec::new();
    let request = Request {
        method: if case.asks.1.is_empty() {
            "GET".into()
        } else {
            "POST".into()
        },
        url: filled(case.url, &mut secrets),
        headers: vec![("content-type".into(), case.asks.0.into())],
        body: filled(case.asks.1, &mut secrets).into_bytes(),
    };
    let headers: Vec<(String, String)> = case
        .answers
        .1
        .iter()
        .map(|(name, value)| ((*name).to_owned(), filled(value, &mut secrets)))
        .collect();
    let mut headers: Vec<(&str, &str)> = headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    headers.push(("content-type", case.answers.0));
    let body = filled(case.answers.2, &mut secrets);
    let recording = record(&request, answered(200, &headers, body.as_bytes()));
    let text = to_yaml(&recording.mocks);
    for secret in &secrets {
        assert!(
            !text.contains(secret.as_str()),
            "{secret} of {} is in\n{text}",
            case.url
        );
        let encoded: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        assert!(
            !text.contains(&encoded),
            "{encoded} of {} is in\n{text}",
            case.url
        );
    }
    let dense = text.replace("\": ", "\":");
    for kept in case.kept {
        assert!(
            dense.contains(kept),
            "{kept} of {} is not in\n{text}",
            case.url
        );
    }
    assert!(
        recording.masked > 0 && !recording.places.is_empty(),
        "{recording:?}"
    );
    for place in &recording.places {
        assert!(
            !secrets.iter().any(|secret| place.contains(secret.as_str())),
            "{place}"
        );
    }
    // The document is what it was.
    if case.answers.0 == JSON {
        assert!(text.contains("    json: "), "{text}");
    }
    assert_replays(&recording, &request);
    recording
}

fn record(request: &Request, verdict: Verdict) -> Recording {
    let recorder = Recorder::new(Arc::new(Script(Mutex::new(vec![verdict]))));
    recorder.send(request);
    recorder.recording(&Mask::default())
}

#[track_caller]
fn assert_replays(recording: &Recording, request: &Request) {
    let replay = MockDoor::new(recording.mocks.clone());
    let verdict = replay.send(request);
    assert!(
        matches!(verdict, Verdict::Answered { .. }),
        "{verdict:?}\n{}",
        to_yaml(&recording.mocks)
    );
}

#[test]
fn urls_that_are_not_in_their_usual_form_fit_again() {
    for url in [
        "https://x.example/`?a=`",
        "https://X.example:443/a b",
        "https://x.example/ä?ö#ü",
        "https://x.example",
    ] {
        let ask = request("GET", url, "");
        assert_replays(&record(&ask, answered(200, &[], b"ok")), &ask);
    }
}

const JSON: &str = "application/json; charset=utf-8";
const FORM: &str = "application/x-www-form-urlencoded;charset=UTF-8";
const XML: &str = "text/xml;charset=UTF-8";

#[test]
fn token_endpoints() {
    for (url, asks, answer, kept) in [
        (
            "https://oauth2.googleapis.com/token",
            "code=§4/0A§&client_id=1.apps.googleusercontent.com&client_secret=§GOCSPX-§&redirect_uri=https%3A%2F%2Fa.example%2Fcb&grant_type=authorization_code",
            r#"{"access_token":"§ya29.§","expires_in":3599,"refresh_token":"§1//0§","scope":"openid email","token_type":"Bearer","id_token":"§jwt§","refresh_token_expires_in":604799}"#,
            &[
                "3599",
                "604799",
                "openid email",
                "Bearer",
                "client_id=1.apps.googleusercontent.com",
                "grant_type=authorization_code",
            ][..],
        ),
        (
            "https://login.microsoftonline.com/common/oauth2/v2.0/token",
            "client_id=6731de76&scope=user.read&code=§0.AXE§&code_verifier=§§&client_assertion=§jwt§&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer",
            r#"{"token_type":"Bearer","scope":"user.read","expires_in":3600,"ext_expires_in":3601,"access_token":"§jwt§","refresh_token":"§0.AXE§","id_token":"§jwt§"}"#,
            &[
                "3601",
                "user.read",
                "client_id=6731de76",
                "client-assertion-type",
            ],
        ),
        (
            "https://dev.okta.com/oauth2/default/v1/token",
            "grant_type=password&username=jane&password=§word§&otp=§#§",
            r#"{"token_type":"Bearer","expires_in":3600,"access_token":"§jwt§","scope":"openid","device_secret":"§§"}"#,
            &["username=jane", "3600"],
        ),
        (
            "https://t.auth0.com/oauth/token",
            r#"{"grant_type":"authorization_code","client_id":"abc","client_secret":"§§","code":"§§","redirect_uri":"https://a.example"}"#,
            r#"{"access_token":"§jwt§","refresh_token":"§v1.M§","mfa_token":"§Fe26.2§","expires_in":86400,"token_type":"Bearer"}"#,
            &["86400", "https://a.example", "\"client_id\":\"abc\""],
        ),
        (
            "https://login.salesforce.com/services/oauth2/token?nonce=1",
            "grant_type=refresh_token&refresh_token=§5Aep§&format=json",
            r#"{"access_token":"§00D000000000000!AQ§","signature":"§§","instance_url":"https://my.salesforce.com","issued_at":"1278448384422","id":"https://login.salesforce.com/id/00D/005"}"#,
            &["1278448384422", "https://my.salesforce.com", "format=json"],
        ),
        (
            "https://github.com/login/oauth/access_token",
            "client_id=Iv1&client_secret=§§&code=§§&state=§§",
            r#"{"access_token":"§gho_§","scope":"repo","token_type":"bearer"}"#,
            &["\"repo\"", "client_id=Iv1"],
        ),
        (
            "https://slack.com/api/oauth.v2.access",
            "code=§1.2.§&client_id=3.4&client_secret=§§",
            r#"{"ok":true,"access_token":"§xoxb-§","token_type":"bot","bot_user_id":"U0","team":{"id":"T0","name":"Slack"},"authed_user":{"id":"U1","access_token":"§xoxp-§"},"incoming_webhook":{"channel":"c","url":"https://hooks.slack.com/services/T000/B000/§§"}}"#,
            &["\"U0\"", "\"T0\"", "hooks.slack.com/services", "\"ok\""],
        ),
        (
            "https://api.hubapi.com/oauth/v1/token?hapikey=§§",
            "grant_type=refresh_token&refresh_token=§§",
            r#"{"token_type":"bearer","refresh_token":"§§","access_token":"§CN§","hub_id":123456,"user":"j"}"#,
            &["123456"],
        ),
    ] {
        let kind = if asks.starts_with('{') { JSON } else { FORM };
        check(&Case {
            url,
            asks: (kind, asks),
            answers: (
                JSON,
                &[
                    ("set-cookie", "sid=§§; Path=/; HttpOnly"),
                    ("x-csrf-token", "§§"),
                    ("x-auth-token", "§word§"),
                    ("authorization", "Bearer §word§"),
                ],
                answer,
            ),
            kept,
        });
    }
}

#[test]
fn keys_of_services() {
    for (url, asks, answer, kept) in [
        (
            "https://api.stripe.com/v1/ephemeral_keys",
            "customer=cus_1&card[cvc]=§#§",
            r#"{"id":"ephkey_1","object":"ephemeral_key","livemode":false,"secret":"§ek_test_§","created":1700000000}"#,
            &["1700000000", "customer=cus_1", "ephkey_1"][..],
        ),
        (
            "https://api.stripe.com/v1/payment_intents",
            "amount=100",
            r#"{"id":"pi_1","amount":100,"client_secret":"§pi_1_secret_§","next":{"note":"use §sk_live_§ or §rk_test_§"}}"#,
            &["\"amount\":100", "pi_1"],
        ),
        (
            "https://verify.twilio.com/v2/Services/VA1/VerificationCheck",
            "To=%2B4912345&Code=§#§",
            r#"{"sid":"VE0123456789abcdef0123456789abcdef","status":"approved","valid":true,"auth_token":"§§"}"#,
            &[
                "approved",
                "To=%2B4912345",
                "VE0123456789abcdef0123456789abcdef",
            ],
        ),
        (
            "https://api.sendgrid.com/v3/api_keys",
            r#"{"name":"k","scopes":["mail.send"]}"#,
            r#"{"api_key":"§SG.§","api_key_id":"xxxxxxxx","name":"k","scopes":["mail.send"]}"#,
            &["mail.send", "xxxxxxxx"],
        ),
        (
            "https://api.github.com/app/installations/1/access_tokens",
            "",
            r#"{"token":"§ghs_§","expires_at":"2016-07-11T22:14:10Z","permissions":{"contents":"write"},"repository_selection":"all"}"#,
            &["2016-07-11T22:14:10Z", "\"contents\":\"write\""],
        ),
        (
            "https://sts.amazonaws.com/?Action=AssumeRole&X-Amz-Signature=§§&X-Amz-Security-Token=§§",
            "",
            r#"{"AssumeRoleResponse":{"AssumeRoleResult":{"Credentials":{"AccessKeyId":"§ASIA§","SecretAccessKey":"§§","SessionToken":"§IQo§","Expiration":1700000000},"AssumedRoleUser":{"Arn":"arn:aws:sts::1:assumed-role/r/s"}}}}"#,
            &["Action=AssumeRole", "arn:aws:sts::1:assumed-role/r/s"],
        ),
        (
            "https://sandbox.plaid.com/item/public_token/exchange",
            r#"{"client_id":"c","secret":"§§","public_token":"§public-sandbox-§"}"#,
            r#"{"access_token":"§access-sandbox-§","item_id":"M5eVJqLnv3tbzdngLDp9FL5OlDNxlNhlE55op","request_id":"Aim3b"}"#,
            &["M5eVJqLnv3tbzdngLDp9FL5OlDNxlNhlE55op", "Aim3b"],
        ),
        (
            "https://api.segment.io/v1/identify",
            r#"{"writeKey":"§§","userId":"u1","traits":{"plan":"pro"}}"#,
            r#"{"success":true,"source":{"writeKeys":["§§"]}}"#,
            &["\"plan\":\"pro\"", "u1"],
        ),
        (
            "https://identitytoolkit.googleapis.com/v1/accounts:signInWithPassword?key=§AIza§",
            r#"{"email":"j","password":"§word§","returnSecureToken":true}"#,
            r#"{"kind":"identitytoolkit#VerifyPasswordResponse","localId":"ZY1rJK0eYLg","email":"j","idToken":"§jwt§","registered":true,"refreshToken":"§AMf§","expiresIn":"3600"}"#,
            &["ZY1rJK0eYLg", "\"3600\"", "\"returnSecureToken\":true"],
        ),
        (
            "https://identitytoolkit.googleapis.com/v1/accounts:resetPassword?key=§AIza§",
            r#"{"oobCode":"§§","newPassword":"§word§"}"#,
            r#"{"email":"j","requestType":"PASSWORD_RESET","mfaPendingCredential":"§§","sessionInfo":"§§"}"#,
            &["PASSWORD_RESET"],
        ),
        (
            "https://api.telegram.org/bot12345:§AA§/sendMessage",
            r#"{"chat_id":1}"#,
            r#"{"ok":true,"result":{"message_id":7}}"#,
            &["/sendMessage", "\"message_id\":7"],
        ),
        (
            "https://discord.com/api/webhooks/1234567890/§§",
            r#"{"content":"hi"}"#,
            r#"{"id":"1"}"#,
            &["\"content\":\"hi\""],
        ),
        (
            "https://user:§word§@example.com/a/§jwt§/b;jsessionid=§§?session=§§&auth=§§&state=§§&SAMLResponse=§§&page=2#access_token=§§&token_type=bearer",
            "",
            "{}",
            &["/a/***/b", "page=2", "token_type=bearer"],
        ),
    ] {
        let kind = if asks.starts_with('{') { JSON } else { FORM };
        check(&Case {
            url,
            asks: (kind, asks),
            answers: (JSON, &[], answer),
            kept,
        });
    }
}

#[test]
fn names_of_any_spelling_depth_and_type() {
    let names = "apiToken auth_token jwt_token newPassword user_password password_confirm api_secret secretAccessKey \
        api_key_secret sessionId cookie pass user.password API-KEY password2 PRIVATE_KEY clientSecretValue";
    for name in names.split_whitespace() {
        for value in [
            r#""§word§""#,
            "§#§",
            r#"["§word§",§#§]"#,
            r#"{"key":"§word§","deep":[{"n":§#§}]}"#,
            r#"{"id":"§word§"}"#,
        ] {
            let answer =
                format!(r#"{{"page":1,"a":[{{"b":{{"{name}":{value},"c":"kept words"}}}}]}}"#);
            check(&Case {
                url: "https://x.example/",
                asks: (JSON, &answer),
                answers: (JSON, &[], &answer),
                kept: &["kept words", "page"],
            });
        }
        let form = format!("page=1&{name}=§word§");
        let xml = format!(
            "<a page=\"1\"><b>{0}</b><{name}>§word§</{name}><c {name}='§word§'>kept</c></a>",
            "words"
        );
        for (kind, text) in [(FORM, form), (XML, xml)] {
            check(&Case {
                url: &format!("https://x.example/?page=1&{name}=§word§"),
                asks: (kind, &text),
                answers: (
                    kind,
                    &[(
                        &format!("x-{}", name.to_lowercase().replace(['_', '.'], "-")),
                        "§word§",
                    )],
                    &text,
                ),
                kept: &["page"],
            });
        }
    }
}

#[test]
fn xml_of_services() {
    for (asks, answer, kept) in [
        (
            r#"<se:Envelope xmlns:se="http://schemas.xmlsoap.org/soap/envelope/"><se:Header/><se:Body><login xmlns="urn:partner.soap.sforce.com"><username>j</username><password>§word§</password></login></se:Body></se:Envelope>"#,
            r#"<?xml version="1.0"?><soapenv:Envelope><soapenv:Body><loginResponse><result><passwordExpired>false</passwordExpired><serverUrl>https://my.salesforce.com/s/u/1</serverUrl><sessionId>§00D!§</sessionId><userId>005</userId><userInfo><sessionSecondsValid>7200</sessionSecondsValid></userInfo></result></loginResponse></soapenv:Body></soapenv:Envelope>"#,
            &[
                "<userId>005</userId>",
                "<sessionSecondsValid>7200<",
                "https://my.salesforce.com/s/u/1",
                "<username>j<",
            ][..],
        ),
        (
            r#"<a><wsse:Security><wsse:UsernameToken><wsse:Password Type="x#PasswordText">§word§</wsse:Password></wsse:UsernameToken></wsse:Security></a>"#,
            "<AssumeRoleResult><Credentials><AccessKeyId>§ASIA§</AccessKeyId><SecretAccessKey>§§</SecretAccessKey>\n<SessionToken><![CDATA[§§]]></SessionToken></Credentials><Arn>arn:x</Arn></AssumeRoleResult>",
            &["<Arn>arn:x</Arn>"],
        ),
        (
            r#"<methodCall><params><member><name>password</name><value><string>§word§</string></value></member></params></methodCall>"#,
            r#"<configuration><add key="ApiToken" value="§word§"/><add key="Color" value="blue"/><property name="db.password">§word§</property><user token="§word§" name="jane"/></configuration>"#,
            &["value=\"blue\"", "name=\"jane\""],
        ),
        (
            r#"<dict><key>token</key><string>§word§</string><key>city</key><string>Ulm</string></dict>"#,
            r#"<html><meta name="csrf-token" content="§word§"><form><input type="hidden" name="authenticity_token" value="§word§"><input name="q" value="find"></form><script>var apiKey = "§word§"; var n = 1;</script><a href="/reset?token=§word§&amp;page=2">x</a></html>"#,
            &["Ulm", "find", "page=2", "var n = 1"],
        ),
        (
            r#"<x>&lt;inner&gt;&lt;password&gt;§word§&lt;/password&gt;&lt;/inner&gt;</x>"#,
            r#"<saml:Assertion ID="_1"><ds:SignatureValue>§§</ds:SignatureValue><saml:AttributeStatement><saml:Attribute Name="apiToken"><saml:AttributeValue>§word§</saml:AttributeValue></saml:Attribute></saml:AttributeStatement><saml:Subject>jane</saml:Subject></saml:Assertion>"#,
            &["jane"],
        ),
    ] {
        let kept: Vec<String> = kept.iter().map(|one| one.replace('"', "\\\"")).collect();
        let kept: Vec<&str> = kept.iter().map(String::as_str).collect();
        check(&Case {
            url: "https://x.example/soap",
            asks: (XML, asks),
            answers: ("application/xml", &[], answer),
            kept: &kept,
        });
    }
}

#[test]
fn texts_inside_of_texts() {
    for (kind, text, kept) in [
        (
            JSON,
            r#"{"payload":"{\"token\": \"§word§\", \"n\": 1}"}"#,
            "n",
        ),
        (
            "application/x-ndjson",
            "{\"token\": \"§word§\", \"n\": 1}\n{\"a\":{\"secret\":[§#§]}}\n",
            "n",
        ),
        (
            "text/event-stream",
            "event: x\ndata: {\"apiToken\":\"§word§\",\"n\":1}\n\ndata: {}\n",
            "event: x",
        ),
        (
            FORM,
            "payload=%7B%22token%22%3A%22§word§%22%2C%22n%22%3A1%7D&n=2",
            "n=2",
        ),
        (
            FORM,
            "next=https%3A%2F%2Fx.example%2Fcb%3Ftoken%3D§word§&n=2",
            "x.example",
        ),
        (
            "text/javascript",
            "cb({\"token\":\"§word§\",\"n\":1});",
            "cb(",
        ),
        (
            JSON,
            r#"{"url":"https:\/\/x.example\/?token=§word§","b":"postgres://u:§word§@h/db"}"#,
            "x.example",
        ),
        (
            JSON,
            r#"[{"name":"password","value":"§word§"},{"name":"city","value":"Ulm"}]"#,
            "Ulm",
        ),
        (
            JSON,
            r#"{"session":{"id":"§word§","device":"tv"},"auth":{"code":"§word§"}}"#,
            "tv",
        ),
        (
            JSON,
            r#"{"query":"mutation { login(user: \"j\", password: \"§word§\") { id } }"}"#,
            "login(user",
        ),
        (
            JSON,
            r#"{"kty":"RSA","kid":"1","n":"abc","d":"§word§","p":"§word§"}"#,
            "abc",
        ),
        (JSON, r#"{"§sk_live_§":{"n":1}}"#, "n"),
        (
            JSON,
            r#"{"user":{"code":"E123","address":{"state":"CA"}},"token":{"type":"Bearer","id":"§word§"}}"#,
            "CA",
        ),
        (
            "text/plain",
            "DB_PASSWORD=§word§\nname: jane\nexport API_KEY='§word§'\n",
            "name: jane",
        ),
        (
            "text/plain",
            "-----BEGIN RSA PRIVATE KEY-----\n§§\n-----END RSA PRIVATE KEY-----\nrest",
            "rest",
        ),
        ("text/html", "<!-- token: \"§word§\" --><p>kept</p>", "kept"),
    ] {
        check(&Case {
            url: "https://x.example/",
            asks: (kind, text),
            answers: (if kind == JSON { JSON } else { kind }, &[], text),
            kept: &[kept],
        });
    }
    let base64 = base64::Engine::encode(
        &base64::prelude::BASE64_STANDARD,
        r#"{"password":"correcthorse"}"#,
    );
    let recording = record(
        &request("GET", "https://x.example/", ""),
        answered(
            200,
            &[("content-type", "application/json")],
            format!(r#"{{"blob":"{base64}"}}"#).as_bytes(),
        ),
    );
    assert!(
        to_yaml(&recording.mocks).contains(r#"{"blob":"***"}"#),
        "{recording:?}"
    );
}

#[test]
fn multipart_forms_fit_again_with_another_boundary() {
    let body = |boundary: &str| {
        format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"user\"\r\n\r\njane\r\n--{boundary}\r\nContent-Disposition: form-data; \
             name=\"newPassword\"\r\n\r\ncorrecthorse\r\n--{boundary}\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.json\"\r\n\
             Content-Type: application/json\r\n\r\n{{\"token\":\"correcthorse\",\"n\":1}}\r\n--{boundary}--\r\n"
        )
    };
    let request = |boundary: &str| Request {
        method: "POST".into(),
        url: "https://x.example/".into(),
        headers: vec![(
            "content-type".into(),
            format!("multipart/form-data; boundary={boundary}"),
        )],
        body: body(boundary).into_bytes(),
    };
    let recording = record(&request("----WebKitAbC"), answered(200, &[], b"ok"));
    let text = to_yaml(&recording.mocks);
    assert!(!text.contains("correcthorse"), "{text}");
    assert!(
        text.contains("jane") && text.contains(r#"\"n\":1"#),
        "{text}"
    );
    assert_replays(&recording, &request("----WebKitAbC"));
    assert_replays(&recording, &request("another"));
}

#[test]
fn what_an_action_works_with_is_not_hidden() {
    for (kind, text) in [
        (
            JSON,
            r#"{"token_type":"Bearer","expires_in":3600,"tokens_used":12,"passenger":"jane","compass":"north","author":"x","state":"CA","code":"E123","country_code":"DE","status_code":200,"usage":{"prompt_tokens":5,"total_tokens":9},"tokens":12}"#,
        ),
        (
            JSON,
            r#"{"auth0_id":"auth0|65a1b2c3d4e5f60718293a4b","authorization":{"roles":["admin"]},"key":"PROJ-12","password_changed_at":"2026-01-01","email_verified":true,"session_count":3,"id":"550e8400-e29b-41d4-a716-446655440000"}"#,
        ),
        (
            JSON,
            r#"{"message":"Invalid token: expired","error":"bearer authentication is required","url":"https://x.example/page?lang=de","hash":"ok"}"#,
        ),
        (
            FORM,
            "grant_type=client_credentials&state=California&country_code=DE&scope=openid&redirect_uri=https%3A%2F%2Fa.example%2Fcb%3Fx%3D1",
        ),
        (
            XML,
            "<a b=\"c\"><state>CA</state><code>E1</code><tokenType>x</tokenType><secretary>Ann</secretary></a>",
        ),
        (
            "text/plain",
            "key = value & more\nauthor: jane\ntime: 12:30\n",
        ),
    ] {
        let ask = Request {
            headers: vec![("content-type".into(), kind.into())],
            ..request(
                "POST",
                "https://x.example/v1/users/auth0%7C65a1b2c3d4e5f60718293a4b?page=2",
                text,
            )
        };
        let headers = [
            ("content-type", kind),
            ("x-ratelimit-remaining-tokens", "100"),
            ("www-authenticate", "Bearer realm=\"x\""),
            ("etag", "\"abc\""),
        ];
        let recording = record(&ask, answered(200, &headers, text.as_bytes()));
        assert_eq!(
            (recording.masked, &recording.places),
            (0, &Vec::new()),
            "{text}\n{}",
            to_yaml(&recording.mocks)
        );
    }
}

#[test]
fn other_encodings_and_binary_bodies() {
    let latin = b"{\"name\":\"J\xe9\",\"token\":\"correcthorse\"}";
    let utf_16: Vec<u8> = "\u{feff}{\"token\":\"correcthorse\"}"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let key = ["sk", "_live_", "a1B2c3D4e5F6"].concat();
    let packed = [b"\x82\xa4name\x00\x01", key.as_bytes(), b"\x00\xff"].concat();
    for (kind, body) in [
        ("application/json", latin.as_slice()),
        ("application/json", &utf_16),
        ("application/octet-stream", &packed),
    ] {
        let recording = record(
            &request("GET", "https://x.example/", ""),
            answered(200, &[("content-type", kind)], body),
        );
        let Reply::Answer { body: kept, .. } = &recording.mocks[0].response.reply else {
            panic!("{recording:?}")
        };
        let bytes = kept.bytes();
        let ascii: String = bytes
            .iter()
            .filter(|byte| **byte != 0)
            .map(|byte| char::from(*byte))
            .collect();
        assert!(
            !ascii.contains("correcthorse") && !ascii.contains(&key),
            "{ascii}"
        );
        assert_eq!(recording.masked, 1, "{recording:?}");
        if kind == "application/octet-stream" {
            assert_eq!(bytes.len(), body.len(), "nothing moves");
        }
    }
    let recording = record(
        &request("GET", "https://x.example/", ""),
        answered(200, &[("content-encoding", "gzip")], &[0x1f, 0x8b, 8, 0, 1]),
    );
    assert_eq!(recording.unread, ["1 response (gzip)"]);
}

#[test]
fn a_recording_has_a_limit_and_says_so() {
    let large = answered(200, &[], &vec![b'x'; RECORDED_BYTES / 2]);
    let recorder = Recorder::new(Arc::new(Script(Mutex::new(vec![
        large.clone(),
        large.clone(),
        large,
    ]))));
    for _ in 0..3 {
        recorder.send(&request("GET", "https://x.example/", ""));
    }
    let recording = recorder.recording(&Mask::default());
    assert_eq!((recording.mocks.len(), recording.dropped), (1, 2));
}

#[test]
fn hostile_documents_are_no_trouble() {
    let deep = format!("{}{}", "{\"token\":".repeat(50_000), "1");
    let list = format!("{{\"token\":[{}1]}}", "1,".repeat(500_000));
    let tags = "<a token='x'>".repeat(50_000);
    let pairs = "token=a&".repeat(100_000);
    let colons = "token: a1 ".repeat(100_000);
    for body in [
        deep.as_str(),
        &list,
        &tags,
        &pairs,
        &colons,
        "<",
        "<a b",
        "<a b='",
        "{\"\\ud800\":\"\\ud800\"}",
        "=",
        "&",
        "%",
        "--\r\ncontent-",
        "://",
        "a://@",
        "-----BEGIN PRIVATE KEY",
    ] {
        for kind in [
            JSON,
            XML,
            "multipart/form-data; boundary=",
            "multipart/form-data; boundary=-",
        ] {
            let ask = Request {
                headers: vec![("content-type".into(), kind.into())],
                ..request("POST", "https://x.example/?&=&%", body)
            };
            let recording = record(
                &ask,
                answered(
                    200,
                    &[("content-type", kind), ("location", body)],
                    body.as_bytes(),
                ),
            );
            assert_eq!(recording.mocks.len(), 1);
            assert_replays(&recording, &ask);
        }
    }
}
