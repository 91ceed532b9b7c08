//! Tests of the conversions, over all methods, with values made of the types in the WIT texts.

mod wit;

use postlogin_abi::methods::{self, METHODS, Method};
use postlogin_core::{
    Answer, Argument, Failure, HandlerInfo, Login, LoginInput, Returned, Step, Trigger,
};
use serde_json::{Value, json};
use wasmtime::component::Val;
use wit::{Options, Wit};

use super::{arguments, results};

/// Each method, the arguments that it gets of a sample of its function's parameters, and those that it gets when every
/// option is `none`.
#[rustfmt::skip]
const ARGUMENTS: &[(&str, &str, &str)] = &[
    ("access.deny", r#"["text"]"#, r#"["text"]"#),
    ("accessToken.setCustomClaim", r#"["text",{"n":1}]"#, r#"["text",{"n":1}]"#),
    ("accessToken.addScope", r#"["text"]"#, r#"["text"]"#),
    ("accessToken.removeScope", r#"["text"]"#, r#"["text"]"#),
    ("authentication.challengeWith", r#"[{"type":"text","options":{"preferredMethod":"text","otpFallback":true}},{"additionalFactors":[{"type":"text","options":{"preferredMethod":"text","otpFallback":true}}]}]"#, r#"[{"type":"text"}]"#),
    ("authentication.challengeWithAny", r#"[[{"type":"text","options":{"preferredMethod":"text","otpFallback":true}}]]"#, r#"[[{"type":"text"}]]"#),
    ("authentication.enrollWith", r#"[{"type":"text","options":{"preferredMethod":"text","otpFallback":true}},{"additionalFactors":[{"type":"text","options":{"preferredMethod":"text","otpFallback":true}}]}]"#, r#"[{"type":"text"}]"#),
    ("authentication.enrollWithAny", r#"[[{"type":"text","options":{"preferredMethod":"text","otpFallback":true}}]]"#, r#"[[{"type":"text"}]]"#),
    ("authentication.recordMethod", r#"["text"]"#, r#"["text"]"#),
    ("authentication.setPrimaryUser", r#"["text"]"#, r#"["text"]"#),
    ("cache.get", r#"["text"]"#, r#"["text"]"#),
    ("cache.set", r#"["text","text",{"ttl":1.5,"expires_at":1.5}]"#, r#"["text","text"]"#),
    ("cache.delete", r#"["text"]"#, r#"["text"]"#),
    ("groups.getUserGroups", r#"[{"take":7,"from":"text"}]"#, "[]"),
    ("groups.hasGroupMembership", r#"[["text"]]"#, r#"[["text"]]"#),
    ("idToken.setCustomClaim", r#"["text",{"n":1}]"#, r#"["text",{"n":1}]"#),
    ("multifactor.enable", r#"["text",{"allowRememberBrowser":true,"providerOptions":{"host":"text","ikey":"text","skey":"text","username":"text"}}]"#, r#"["text"]"#),
    ("prompt.render", r#"["text",{"fields":{"n":1},"vars":{"n":1}}]"#, r#"["text"]"#),
    ("redirect.canRedirect", "[]", "[]"),
    ("redirect.encodeToken", r#"[{"payload":{"n":1},"secret":"text","expiresInSeconds":1.5}]"#, r#"[{"payload":{"n":1},"secret":"text"}]"#),
    ("redirect.sendUserTo", r#"["text",{"query":{"text":"text"}}]"#, r#"["text"]"#),
    ("redirect.validateToken", r#"[{"secret":"text","tokenParameterName":"text"}]"#, r#"[{"secret":"text"}]"#),
    ("refreshToken.revoke", r#"["text"]"#, "[]"),
    ("refreshToken.setExpiresAt", "[1.5]", "[1.5]"),
    ("refreshToken.setIdleExpiresAt", "[1.5]", "[1.5]"),
    ("refreshToken.setMetadata", r#"["text","text"]"#, r#"["text",null]"#),
    ("refreshToken.deleteMetadata", r#"["text"]"#, r#"["text"]"#),
    ("refreshToken.evictMetadata", "[]", "[]"),
    ("roles.getUserEffectiveRoles", r#"[{"take":7,"from":"text"}]"#, "[]"),
    ("roles.getUserEffectiveRolesByIds", r#"[["text"]]"#, r#"[["text"]]"#),
    ("roles.getUserEffectiveRolesByNames", r#"[["text"]]"#, r#"[["text"]]"#),
    ("rules.wasExecuted", r#"["text"]"#, r#"["text"]"#),
    ("samlResponse.setAttribute", r#"["text",{"n":1}]"#, r#"["text",{"n":1}]"#),
    ("samlResponse.setAudience", r#"["text"]"#, r#"["text"]"#),
    ("samlResponse.setRecipient", r#"["text"]"#, r#"["text"]"#),
    ("samlResponse.setDestination", r#"["text"]"#, r#"["text"]"#),
    ("samlResponse.setIssuer", r#"["text"]"#, r#"["text"]"#),
    ("samlResponse.setRelayState", r#"["text"]"#, r#"["text"]"#),
    ("samlResponse.setNameIdentifierFormat", r#"["text"]"#, r#"["text"]"#),
    ("samlResponse.setAuthnContextClassRef", r#"["text"]"#, r#"["text"]"#),
    ("samlResponse.setNameIdentifierProbes", r#"[["text"]]"#, r#"[["text"]]"#),
    ("samlResponse.setLifetimeInSeconds", "[1.5]", "[1.5]"),
    ("samlResponse.setCreateUpnClaim", "[true]", "[true]"),
    ("samlResponse.setPassthroughClaimsWithNoMapping", "[true]", "[true]"),
    ("samlResponse.setMapUnknownClaimsAsIs", "[true]", "[true]"),
    ("samlResponse.setMapIdentities", "[true]", "[true]"),
    ("samlResponse.setSignResponse", "[true]", "[true]"),
    ("samlResponse.setIncludeAttributeNameFormat", "[true]", "[true]"),
    ("samlResponse.setTypedAttributes", "[true]", "[true]"),
    ("samlResponse.setSignatureAlgorithm", r#"["rsa-sha256"]"#, r#"["rsa-sha256"]"#),
    ("samlResponse.setDigestAlgorithm", r#"["sha256"]"#, r#"["sha256"]"#),
    ("samlResponse.setEncryptionAlgorithm", r#"["aes256-gcm"]"#, r#"["aes256-gcm"]"#),
    ("samlResponse.setSigningCert", r#"["text"]"#, r#"["text"]"#),
    ("samlResponse.setEncryptionCert", r#"["text"]"#, r#"["text"]"#),
    ("samlResponse.setEncryptionPublicKey", r#"["text"]"#, r#"["text"]"#),
    ("samlResponse.setCert", r#"["text"]"#, r#"["text"]"#),
    ("samlResponse.setKey", r#"["text"]"#, r#"["text"]"#),
    ("session.revoke", r#"["text",{"preserveRefreshTokens":true}]"#, "[]"),
    ("session.setExpiresAt", "[1.5]", "[1.5]"),
    ("session.setIdleExpiresAt", "[1.5]", "[1.5]"),
    ("session.setCookieMode", r#"["persistent"]"#, r#"["persistent"]"#),
    ("session.setMetadata", r#"["text","text"]"#, r#"["text",null]"#),
    ("session.deleteMetadata", r#"["text"]"#, r#"["text"]"#),
    ("session.evictMetadata", "[]", "[]"),
    ("transaction.setMetadata", r#"["text",{"n":1}]"#, r#"["text",{"n":1}]"#),
    ("user.setAppMetadata", r#"["text",{"n":1}]"#, r#"["text",{"n":1}]"#),
    ("user.setUserMetadata", r#"["text",{"n":1}]"#, r#"["text",{"n":1}]"#),
    ("validation.error", r#"["text","text"]"#, r#"["text","text"]"#),
    ("access.deny", r#"["text","text"]"#, r#"["text"]"#),
    ("accessToken.setCustomClaim", r#"["text",{"n":1}]"#, r#"["text",{"n":1}]"#),
    ("transaction.addTargetScope", r#"["text"]"#, r#"["text"]"#),
    ("transaction.removeTargetScope", r#"["text"]"#, r#"["text"]"#),
    ("transaction.setTargetScopes", r#"[["text"]]"#, r#"[["text"]]"#),
    ("transaction.clearTargetScopes", "[]", "[]"),
    ("access.deny", r#"["text","text"]"#, r#"["text"]"#),
    ("user.setAppMetadata", r#"["text",{"n":1}]"#, r#"["text",{"n":1}]"#),
    ("user.setUserId", r#"["text"]"#, r#"["text"]"#),
    ("user.setUserMetadata", r#"["text",{"n":1}]"#, r#"["text",{"n":1}]"#),
    ("validation.error", r#"["text","text"]"#, r#"["text","text"]"#),
    ("access.deny", r#"["text","text"]"#, r#"["text","text"]"#),
    ("access.rejectInvalidSubjectToken", r#"["text"]"#, r#"["text"]"#),
    ("authentication.setUserById", r#"["text"]"#, r#"["text"]"#),
    ("authentication.setUserByConnection", r#"["text",{"n":1},{"creationBehavior":"text","updateBehavior":"text"}]"#, r#"["text",{"n":1},{"creationBehavior":"text","updateBehavior":"text"}]"#),
    ("authentication.setOrganization", r#"["text"]"#, r#"["text"]"#),
    ("authentication.setActor", r#"[{"n":1}]"#, r#"[{"n":1}]"#),
    ("user.setAppMetadata", r#"["text",{"n":1}]"#, r#"["text",{"n":1}]"#),
    ("user.setUserMetadata", r#"["text",{"n":1}]"#, r#"["text",{"n":1}]"#),
    ("access.deny", r#"["text"]"#, r#"["text"]"#),
    ("authentication.challengeWith", r#"[{"type":"text","options":{"preferredMethod":"text","otpFallback":true}},{"additionalFactors":[{"type":"text","options":{"preferredMethod":"text","otpFallback":true}}]}]"#, r#"[{"type":"text"}]"#),
    ("authentication.challengeWithAny", r#"[[{"type":"text","options":{"preferredMethod":"text","otpFallback":true}}]]"#, r#"[[{"type":"text"}]]"#),
    ("prompt.render", r#"["text",{"fields":{"n":1},"vars":{"n":1}}]"#, r#"["text"]"#),
    ("redirect.encodeToken", r#"[{"payload":{"n":1},"secret":"text","expiresInSeconds":1.5}]"#, r#"[{"payload":{"n":1},"secret":"text"}]"#),
    ("redirect.sendUserTo", r#"["text",{"query":{"text":"text"}}]"#, r#"["text"]"#),
    ("redirect.validateToken", r#"[{"secret":"text","tokenParameterName":"text"}]"#, r#"[{"secret":"text"}]"#),
    ("transaction.setResultUrl", r#"["text",{"query":{"text":"text"}}]"#, r#"["text"]"#),
    ("notification.drop", r#"["text"]"#, r#"["text"]"#),
    ("notification.retry", r#"["text"]"#, r#"["text"]"#),
];

#[test]
fn arguments_are_the_vendors() {
    let wit = Wit::read();
    let arguments = |method: &Method, options| {
        let given = wit.parameters(method, options);
        tagged(&arguments::of_call(method, &given).unwrap())
    };
    let found: Vec<_> = METHODS
        .iter()
        .map(|method| {
            let [all, none] =
                [Options::All, Options::None].map(|options| arguments(method, options));
            (method.path, all, none)
        })
        .collect();
    let found: Vec<_> = found
        .iter()
        .map(|(path, all, none)| (*path, all.as_str(), none.as_str()))
        .collect();
    assert_eq!(found, ARGUMENTS);
}

/// The arguments of `path` for values that no sample has.
#[track_caller]
fn check_arguments(path: &str, given: &[Val], expected: &Value) {
    let found = arguments::of_call(method(path), given).unwrap();
    assert_eq!(tagged(&found), expected.to_string(), "{path}");
}

#[test]
fn values_become_javascripts() {
    let numbers = [
        (60.0, json!(60)),
        (-0.0, json!(0)),
        (0.1, json!(0.1)),
        (1e300, json!(1e300)),
        (f64::NAN, json!({"$": "NaN"})),
        (f64::INFINITY, json!({"$": "Infinity"})),
        (f64::NEG_INFINITY, json!({"$": "-Infinity"})),
    ];
    for (number, expected) in numbers {
        let given = [Val::Float64(number)];
        check_arguments("session.setExpiresAt", &given, &json!([expected]));
    }

    let none = Val::Option(None);
    let record = |fields: &[(&str, &Val)]| {
        let fields = fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).clone()));
        Val::Option(Some(Box::new(Val::Record(fields.collect()))))
    };
    // Only what is missing at the end was not passed.
    let options = record(&[("preserve-refresh-tokens", &Val::Bool(false))]);
    let expected = json!([{"$": "undefined"}, {"preserveRefreshTokens": false}]);
    check_arguments("session.revoke", &[none.clone(), options], &expected);
    let nothing = record(&[("take", &none), ("from", &none)]);
    check_arguments("groups.getUserGroups", &[nothing], &json!([{}]));

    let pairs = [("a", "1"), ("b", "2"), ("a", "3")]
        .map(|(key, value)| Val::Tuple(vec![text(key), text(value)]));
    let query = Val::Option(Some(Box::new(Val::List(pairs.into()))));
    let expected = json!(["https://example.com", {"query": {"a": "3", "b": "2"}}]);
    check_arguments(
        "redirect.sendUserTo",
        &[text("https://example.com"), query],
        &expected,
    );

    // Of another component's own making.
    let given = [Val::Flags(Vec::new()), Val::U8(1)];
    check_arguments(
        "idToken.setCustomClaim",
        &given,
        &json!([{"$": "undefined"}, 1]),
    );
    check_arguments("idToken.setCustomClaim", &[], &json!([]));
}

#[test]
fn an_unreadable_json_text_throws() {
    let check = |path: &str, given: &[Val], message: &str| {
        let thrown = arguments::of_call(method(path), given).unwrap_err();
        assert_eq!(
            (thrown.name, thrown.message.as_str()),
            ("SyntaxError", message)
        );
    };
    let given = [text("claim"), text("gold")];
    check(
        "idToken.setCustomClaim",
        &given,
        "Unexpected token 'g', \"gold\" is not valid JSON",
    );
    let options = [("payload", text("")), ("secret", text("s"))];
    let options = options.map(|(name, value)| (name.to_owned(), value));
    let given = [Val::Record(options.into())];
    check(
        "redirect.encodeToken",
        &given,
        "Unexpected end of JSON input",
    );
}

/// A whole answer of each kind.
fn sample_answers(method: &Method) -> Vec<Answer> {
    let values = match method.answer {
        methods::Answer::Nothing => vec![json!({"$": "undefined"})],
        methods::Answer::Plain if method.path == "redirect.encodeToken" => vec![json!("token")],
        methods::Answer::Plain => vec![json!(true)],
        methods::Answer::Json => vec![json!({"roles": []}), json!({"$": "undefined"})],
        methods::Answer::CacheEntry => {
            vec![
                json!({"value": "v", "expires_at": 5}),
                json!({"$": "undefined"}),
            ]
        }
        methods::Answer::CacheSet => vec![
            json!({"type": "success", "record": {"value": "v", "expires_at": 5}}),
            json!({"type": "error", "code": "InvalidExpiry"}),
        ],
        methods::Answer::CacheDelete => vec![
            json!({"type": "success"}),
            json!({"type": "error", "code": "CacheKeyDoesNotExist"}),
        ],
    };
    let mut answers = Vec::new();
    for value in &values {
        let value = Argument::from_tagged(value);
        answers.push(Answer::Resolve(value.clone()));
        answers.push(Answer::Return(Returned::Value(value)));
    }
    if method.answer == methods::Answer::Nothing {
        answers.push(Answer::Return(Returned::Api));
    }
    if method.can_throw {
        answers.push(Answer::Throw(Failure::type_error("no")));
        answers.push(Answer::Reject(Failure::error("no")));
    }
    answers
}

#[test]
fn results_have_the_types_of_the_contract() {
    let wit = Wit::read();
    for method in METHODS {
        for answer in sample_answers(method) {
            let shown = format!("{}: {answer:?}", method.path);
            let result = results::of_answer(method, answer).unwrap();
            match (&wit.function(method).result, &result) {
                (Some(ty), Some(result)) => {
                    assert!(wit.fits(ty, result), "{shown} gave {result:?}")
                }
                (ty, result) => assert!(ty.is_none() && result.is_none(), "{shown}"),
            }
        }
        let thrown = results::of_answer(method, Answer::Throw(Failure::error("no")));
        assert_eq!(thrown.is_ok(), method.can_throw, "{}", method.path);
    }
}

/// Every method, called as a guest would in a login: what the login answers always has a result.
#[test]
fn real_answers_fit_as_well() {
    let wit = Wit::read();
    for method in METHODS {
        let trigger = Trigger::of_id(method.triggers[0]).unwrap();
        let input = LoginInput {
            trigger,
            event: json!({"session": {"id": "s"}, "refresh_token": {"id": "r"}, "transaction": {}}),
            seed: 1,
            ..LoginInput::default()
        };
        let mut login = Login::new(input, vec![HandlerInfo::default()]);
        assert!(matches!(login.next(0), Step::Run(_)));
        for options in [Options::All, Options::None] {
            let arguments = arguments::of_call(method, &wit.parameters(method, options)).unwrap();
            let answer = login.call(method.path, &arguments, None, 0).answer;
            let result = results::of_answer(method, answer).unwrap();
            let types = wit.function(method).result.as_ref();
            let fits = types
                .zip(result.as_ref())
                .is_none_or(|(ty, result)| wit.fits(ty, result));
            assert!(
                fits && types.is_some() == result.is_some(),
                "{}: {result:?}",
                method.path
            );
        }
    }
}

#[test]
fn results_are_the_answers() {
    let check = |path: &str, answer: Value, expected: &str| {
        let answer = Answer::Return(Returned::Value(Argument::from_tagged(&answer)));
        let result = results::of_answer(method(path), answer).unwrap();
        assert_eq!(format!("{result:?}"), expected, "{path}");
    };
    check("redirect.canRedirect", json!(false), "Some(Bool(false))");
    let roles = r#"Some(Result(Ok(Some(String("{\"b\":1,\"a\":null}")))))"#;
    check(
        "roles.getUserEffectiveRoles",
        json!({"b": 1, "a": null}),
        roles,
    );
    let entry = r#"Some(Option(Some(Record([("value", String("v")), ("expires-at", S64(5))]))))"#;
    check("cache.get", json!({"value": "v", "expires_at": 5}), entry);
    check("cache.get", json!({"$": "undefined"}), "Some(Option(None))");
    let error = r#"Some(Result(Err(Some(Record([("code", String("InvalidExpiry"))])))))"#;
    check(
        "cache.set",
        json!({"type": "error", "code": "InvalidExpiry"}),
        error,
    );
    check(
        "cache.delete",
        json!({"type": "success"}),
        "Some(Result(Ok(None)))",
    );

    let thrown = Answer::Reject(Failure::type_error("no"));
    let thrown = results::of_answer(method("groups.getUserGroups"), thrown).unwrap();
    let failure = r#"Some(Result(Err(Some(Record([("name", String("TypeError")), ("message", String("no"))])))))"#;
    assert_eq!(format!("{thrown:?}"), failure);
}

fn method(path: &str) -> &'static Method {
    let mut found = METHODS.iter().filter(|method| method.path == path);
    found.next().unwrap_or_else(|| panic!("no method {path}"))
}

fn text(text: &str) -> Val {
    Val::String(text.to_owned())
}

fn tagged(arguments: &[Argument]) -> String {
    Value::Array(arguments.iter().map(Argument::to_tagged).collect()).to_string()
}
