//! Every method of the vendor's `api` object has its typed function, and no function is without a method.

use std::collections::BTreeSet;

use postlogin_abi::methods::{self, Answer, Parameter};
use wit_parser::{Function, PackageId, Resolve, SourceMap, Type, TypeDefKind, WorldItem, WorldKey};

/// Namespace of `api`, its methods. A `?` marks one that never throws.
/// <https://auth0.com/docs/actions/reference/post-login/post-login-api-object>
const METHODS: &[(&str, &str)] = &[
    ("access", "deny?"),
    ("accessToken", "setCustomClaim addScope removeScope"),
    ("idToken", "setCustomClaim"),
    (
        "authentication",
        "challengeWith challengeWithAny enrollWith enrollWithAny recordMethod setPrimaryUser",
    ),
    ("cache", "get? set? delete?"),
    ("groups", "getUserGroups hasGroupMembership"),
    (
        "roles",
        "getUserEffectiveRoles getUserEffectiveRolesByIds getUserEffectiveRolesByNames",
    ),
    ("multifactor", "enable"),
    ("prompt", "render"),
    (
        "redirect",
        "canRedirect? encodeToken sendUserTo validateToken",
    ),
    (
        "refreshToken",
        "revoke setExpiresAt setIdleExpiresAt setMetadata deleteMetadata evictMetadata",
    ),
    ("rules", "wasExecuted?"),
    (
        "samlResponse",
        "setAttribute setAudience setRecipient setDestination setIssuer setRelayState setCreateUpnClaim \
         setPassthroughClaimsWithNoMapping setMapUnknownClaimsAsIs setMapIdentities setSignatureAlgorithm \
         setDigestAlgorithm setLifetimeInSeconds setSignResponse setNameIdentifierFormat \
         setNameIdentifierProbes setAuthnContextClassRef setSigningCert setEncryptionCert \
         setEncryptionPublicKey setCert setKey setIncludeAttributeNameFormat setTypedAttributes \
         setEncryptionAlgorithm",
    ),
    (
        "session",
        "revoke setExpiresAt setIdleExpiresAt setCookieMode setMetadata deleteMetadata evictMetadata",
    ),
    ("transaction", "setMetadata"),
    ("user", "setAppMetadata setUserMetadata"),
    ("validation", "error"),
];

/// The same for credentials-exchange, whose methods are not those of post-login; their interfaces begin with `machine-`.
/// <https://auth0.com/docs/customize/actions/explore-triggers/machine-to-machine-trigger>
const MACHINE_METHODS: &[(&str, &str)] = &[
    ("access", "deny?"),
    ("accessToken", "setCustomClaim"),
    (
        "transaction",
        "addTargetScope removeTargetScope setTargetScopes clearTargetScopes",
    ),
];

/// Those of the other triggers that have methods beside the cache.
/// <https://auth0.com/docs/customize/actions/explore-triggers>
const REGISTRATION_METHODS: &[(&str, &str)] = &[
    ("access", "deny?"),
    ("user", "setAppMetadata setUserId setUserMetadata"),
    ("validation", "error"),
];
const EXCHANGE_METHODS: &[(&str, &str)] = &[
    ("access", "deny rejectInvalidSubjectToken"),
    (
        "authentication",
        "setUserById setUserByConnection setOrganization setActor",
    ),
    ("user", "setAppMetadata setUserMetadata"),
];
const RESET_METHODS: &[(&str, &str)] = &[
    ("access", "deny?"),
    ("authentication", "challengeWith challengeWithAny"),
    ("prompt", "render"),
    ("redirect", "encodeToken sendUserTo validateToken"),
    ("transaction", "setResultUrl"),
];
const PROVIDER_METHODS: &[(&str, &str)] = &[("notification", "drop? retry?")];

/// Prefixes of the interfaces that belong to one trigger other than post-login.
const PREFIXES: &[&str] = &["machine-", "registration-", "exchange-", "reset-"];

/// All of them, each with what the names of its interfaces begin with.
fn all_methods() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    let of = |prefix: &'static str, methods: &'static [(&str, &str)]| {
        methods
            .iter()
            .map(move |(namespace, methods)| (prefix, *namespace, *methods))
    };
    of("", METHODS)
        .chain(of("machine-", MACHINE_METHODS))
        .chain(of("registration-", REGISTRATION_METHODS))
        .chain(of("exchange-", EXCHANGE_METHODS))
        .chain(of("reset-", RESET_METHODS))
        .chain(of("", PROVIDER_METHODS))
}

/// Interfaces that name no namespace of `api`.
const OWN_INTERFACES: &[&str] = &[
    "console",
    "dynamic",
    "loader",
    "modules",
    "source-position",
    "types",
];

fn kebab_case(camel_case: &str) -> String {
    let mut kebab = String::new();
    for letter in camel_case.chars() {
        if letter.is_ascii_uppercase() {
            kebab.push('-');
        }
        kebab.push(letter.to_ascii_lowercase());
    }
    kebab
}

/// Reads the texts as a host's tools would.
fn parse() -> (Resolve, PackageId) {
    let mut files = SourceMap::new();
    for (name, text) in postlogin_abi::WIT_FILES {
        files.push_str(name, *text);
    }
    let group = files.parse().unwrap_or_else(|(files, error)| {
        panic!(
            "{error:?} in {:?}",
            files.source_names().collect::<Vec<_>>()
        )
    });
    let mut resolve = Resolve::new();
    let package = resolve
        .push_group(group)
        .unwrap_or_else(|error| panic!("{error:?}"));
    (resolve, package)
}

/// Whether the function's result is `result<_, failure>` for some `_`.
fn can_fail(resolve: &Resolve, function: &Function) -> bool {
    let Some(Type::Id(id)) = function.result else {
        return false;
    };
    let TypeDefKind::Result(result) = &resolve.types[id].kind else {
        return false;
    };
    let Some(Type::Id(error)) = result.err else {
        return false;
    };
    resolve.types[error].name.as_deref() == Some("failure")
}

#[test]
fn every_method_has_its_function() {
    let (resolve, package) = parse();
    let interfaces = &resolve.packages[package].interfaces;
    let mut without_method: BTreeSet<String> = BTreeSet::new();
    for (name, id) in interfaces {
        if !OWN_INTERFACES.contains(&name.as_str()) {
            without_method.extend(
                resolve.interfaces[*id]
                    .functions
                    .keys()
                    .map(|function| format!("{name}.{function}")),
            );
        }
    }
    for (prefix, namespace, methods) in all_methods() {
        let interface = format!("{prefix}{}", kebab_case(namespace));
        for method in methods.split_whitespace() {
            let never_throws = method.ends_with('?');
            let function_name = kebab_case(method.trim_end_matches('?'));
            let function = interfaces
                .get(&interface)
                .and_then(|id| resolve.interfaces[*id].functions.get(&function_name))
                .unwrap_or_else(|| {
                    panic!("api.{namespace}.{method} has no function {interface}.{function_name}")
                });
            assert_eq!(
                can_fail(&resolve, function),
                !never_throws,
                "{interface}.{function_name}: whether it answers `result<_, failure>`"
            );
            without_method.remove(&format!("{interface}.{function_name}"));
        }
    }
    assert!(
        without_method.is_empty(),
        "functions without an api method: {without_method:?}"
    );
}

/// Whether the type is a `json`, which is a name for a string.
fn is_json(resolve: &Resolve, ty: &Type) -> bool {
    let Type::Id(id) = ty else {
        return false;
    };
    match &resolve.types[*id] {
        definition if definition.name.as_deref() == Some("json") => true,
        definition => match &definition.kind {
            TypeDefKind::Type(ty) | TypeDefKind::Option(ty) => is_json(resolve, ty),
            _ => false,
        },
    }
}

/// The shape of a type, as far as the table of methods distinguishes it.
fn shape(resolve: &Resolve, ty: &Type) -> &'static str {
    let Type::Id(id) = ty else {
        return "plain";
    };
    match &resolve.types[*id].kind {
        _ if is_json(resolve, ty) => "json",
        TypeDefKind::Option(inner) => match inner {
            Type::String => "option text",
            Type::Id(inner) if matches!(resolve.types[*inner].kind, TypeDefKind::List(_)) => {
                "option list"
            }
            _ => "plain",
        },
        _ => "plain",
    }
}

#[test]
fn table_fits_the_texts() {
    let (resolve, package) = parse();
    let listed: BTreeSet<String> = all_methods()
        .flat_map(|(prefix, namespace, methods)| {
            methods
                .split_whitespace()
                .map(move |method| format!("{prefix}{namespace}.{}", method.trim_end_matches('?')))
        })
        .collect();
    let table: BTreeSet<String> = methods::METHODS
        .iter()
        .map(|method| {
            let interface = method.interface();
            let mut prefixes = PREFIXES.iter();
            let prefix = prefixes.find(|prefix| interface.starts_with(**prefix));
            format!("{}{}", prefix.unwrap_or(&""), method.path)
        })
        .collect();
    assert_eq!(table, listed);

    for method in methods::METHODS {
        let interface = resolve.packages[package].interfaces[&method.interface()];
        let function = &resolve.interfaces[interface].functions[&method.function()];
        assert_eq!(
            can_fail(&resolve, function),
            method.can_throw,
            "{}",
            method.path
        );
        assert_eq!(
            function.params.len(),
            method.parameters.len(),
            "parameters of {}",
            method.path
        );
        for (param, parameter) in function.params.iter().zip(method.parameters) {
            let shape = shape(&resolve, &param.ty);
            let fits = match parameter {
                Parameter::Plain => matches!(shape, "plain" | "option text"),
                Parameter::Json => shape == "json",
                Parameter::NullableText => shape == "option text",
                Parameter::AdditionalFactors | Parameter::Query => shape == "option list",
            };
            assert!(
                fits,
                "{} of {}: {parameter:?} is no {shape}",
                param.name, method.path
            );
        }
        let ok = function.result.and_then(|result| match result {
            Type::Id(id) => match &resolve.types[id].kind {
                TypeDefKind::Result(result) => result.ok,
                _ => Some(result),
            },
            _ => Some(result),
        });
        let fits = match method.answer {
            Answer::Nothing | Answer::CacheDelete => ok.is_none(),
            Answer::Plain => matches!(ok, Some(Type::Bool | Type::String)),
            Answer::Json => ok.is_some_and(|ty| is_json(&resolve, &ty)),
            Answer::CacheEntry | Answer::CacheSet => matches!(ok, Some(Type::Id(_))),
        };
        assert!(
            fits,
            "the answer of {} is no {:?}",
            method.path, method.answer
        );
    }
}

#[test]
fn json_fields_are_known() {
    let (resolve, _) = parse();
    for (_, definition) in resolve.types.iter() {
        let TypeDefKind::Record(record) = &definition.kind else {
            continue;
        };
        for field in &record.fields {
            let expected = methods::property(&field.name).is_json;
            assert_eq!(
                is_json(&resolve, &field.ty),
                expected,
                "{}.{}",
                definition.name.as_deref().unwrap_or("?"),
                field.name
            );
        }
    }
}

#[test]
fn worlds_offer_what_is_listed() {
    let (resolve, package) = parse();
    #[track_caller]
    fn check(
        resolve: &Resolve,
        package: PackageId,
        world: &str,
        imports: &[&str],
        exports: &[&str],
    ) {
        let id = resolve.packages[package].worlds[world];
        let names = |items: &mut dyn Iterator<Item = (&WorldKey, &WorldItem)>| -> BTreeSet<String> {
            items
                // A type that a world uses is an item of its own.
                .filter(|(_, item)| !matches!(item, WorldItem::Type { .. }))
                .map(|(key, _)| resolve.name_world_key(key))
                .collect()
        };
        let world_imports = names(&mut resolve.worlds[id].imports.iter());
        let world_exports = names(&mut resolve.worlds[id].exports.iter());
        let imports: BTreeSet<String> = imports
            .iter()
            .map(|name| postlogin_abi::import_name(name))
            .collect();
        let exports: BTreeSet<String> = exports.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(world_imports, imports, "imports of {world}");
        assert_eq!(world_exports, exports, "exports of {world}");
    }
    // What a world has of its own, and what every world of an Action has.
    const EVERY: &[&str] = &["cache", "console", "dynamic", "source-position", "types"];
    let own_of = |of: &dyn Fn(&str) -> bool| -> Vec<&str> {
        let all = postlogin_abi::INTERFACES.iter().copied();
        all.filter(|name| of(name) || EVERY.contains(name))
            .collect()
    };
    let of_prefix = |prefix: &str| own_of(&|name| name.starts_with(prefix));
    let is_of_post_login = |name: &str| {
        name != "notification" && !PREFIXES.iter().any(|prefix| name.starts_with(prefix))
    };
    // Types of an interface that a world uses make it import that interface.
    let mut of_reset = of_prefix("reset-");
    of_reset.extend(["authentication", "prompt", "redirect"]);
    let cache_alone = own_of(&|_| false);
    let notification = own_of(&|name| name == "notification");
    let worlds: &[(&str, Vec<&str>, &[&str])] = &[
        (
            "post-login",
            own_of(&is_of_post_login),
            &["on-execute-post-login", "on-continue-post-login"],
        ),
        (
            "credentials-exchange",
            of_prefix("machine-"),
            &["on-execute-credentials-exchange"],
        ),
        (
            "pre-user-registration",
            of_prefix("registration-"),
            &[
                "on-execute-pre-user-registration",
                "on-continue-pre-user-registration",
            ],
        ),
        (
            "custom-token-exchange",
            of_prefix("exchange-"),
            &["on-execute-custom-token-exchange"],
        ),
        (
            "password-reset-post-challenge",
            of_reset,
            &["on-execute-post-challenge", "on-continue-post-challenge"],
        ),
        (
            "custom-email-provider",
            notification.clone(),
            &["on-execute-custom-email-provider"],
        ),
        (
            "custom-phone-provider",
            notification,
            &["on-execute-custom-phone-provider"],
        ),
        (
            "event-stream",
            cache_alone.clone(),
            &["on-execute-event-stream"],
        ),
        (
            "post-change-password",
            cache_alone.clone(),
            &["on-execute-post-change-password"],
        ),
        (
            "post-user-registration",
            cache_alone.clone(),
            &["on-execute-post-user-registration"],
        ),
        (
            "send-phone-message",
            cache_alone,
            &["on-execute-send-phone-message"],
        ),
    ];
    for (world, imports, exports) in worlds {
        check(&resolve, package, world, imports, exports);
    }
    let mut listed: Vec<&str> = worlds.iter().map(|(world, _, _)| *world).collect();
    listed.sort_unstable();
    assert_eq!(listed, postlogin_abi::ACTION_WORLDS);
    let loader = postlogin_abi::import_name("loader");
    check(
        &resolve,
        package,
        postlogin_abi::JAVASCRIPT_ENGINE_WORLD,
        &["console", "dynamic", "modules", "types"],
        &[&loader],
    );
}

#[test]
fn every_interface_is_documented() {
    let (resolve, package) = parse();
    for (name, id) in &resolve.packages[package].interfaces {
        assert!(
            resolve.interfaces[*id].docs.contents.is_some(),
            "interface {name} says nothing about itself"
        );
    }
}
