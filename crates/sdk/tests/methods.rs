//! Each method of the crate is the vendor's, with the vendor's arguments.

use std::collections::BTreeSet;

use postlogin_abi::methods::METHODS;
use postlogin_sdk::api::{
    CookieMode, DigestAlgorithm, DuoOptions, EnableOptions, EncodeTokenOptions,
    EncryptionAlgorithm, Factor, FactorOptions, Page, RenderOptions, RevokeOptions,
    SignatureAlgorithm, ValidateTokenOptions,
};
use postlogin_sdk::testing::{Host, Run};
use postlogin_sdk::{Api, Event, Result, Value, credentials_exchange, json};

fn run(handler: impl FnOnce(&Api) -> Result) -> Run {
    Host::new().run(json!({}), |_: &Event, api: &Api| handler(api))
}

/// Every method once, with its arguments in the order of the calls.
fn call_everything(api: &Api) -> Result<Vec<(&'static str, Value)>> {
    let members = |value: Value| value.as_object().cloned().unwrap_or_default();
    let strings = ["a".to_owned(), "b".to_owned()];
    let mut expected = Vec::new();
    let mut called = |method, args| expected.push((method, args));

    api.access().deny("no");
    called("access.deny", json!(["no"]));
    api.validation().error("code", "text")?;
    called("validation.error", json!(["code", "text"]));
    let _ = api.rules().was_executed("rul_1");
    called("rules.wasExecuted", json!(["rul_1"]));

    api.id_token().set_custom_claim("claim", [1, 2])?;
    called("idToken.setCustomClaim", json!(["claim", [1, 2]]));
    api.access_token().set_custom_claim("claim", None::<u8>)?;
    called("accessToken.setCustomClaim", json!(["claim", null]));
    api.access_token().add_scope("read")?;
    called("accessToken.addScope", json!(["read"]));
    api.access_token().remove_scope("write")?;
    called("accessToken.removeScope", json!(["write"]));

    api.user().set_app_metadata("key", json!({"a": 1}))?;
    called("user.setAppMetadata", json!(["key", {"a": 1}]));
    api.user().set_user_metadata("key", ())?;
    called("user.setUserMetadata", json!(["key", null]));
    api.transaction().set_metadata("key", true)?;
    called("transaction.setMetadata", json!(["key", true]));

    api.groups().get_user_groups(Some(Page {
        take: Some(5),
        from: None,
    }))?;
    called("groups.getUserGroups", json!([{"take": 5}]));
    api.groups().has_group_membership(&strings)?;
    called("groups.hasGroupMembership", json!([["a", "b"]]));
    api.roles().get_user_effective_roles(None)?;
    called("roles.getUserEffectiveRoles", json!([]));
    api.roles().get_user_effective_roles_by_ids(&strings)?;
    called("roles.getUserEffectiveRolesByIds", json!([["a", "b"]]));
    api.roles().get_user_effective_roles_by_names(&strings)?;
    called("roles.getUserEffectiveRolesByNames", json!([["a", "b"]]));

    let _ = api.cache().get("key");
    called("cache.get", json!(["key"]));
    let options = postlogin_sdk::api::CacheOptions {
        ttl: Some(1.5),
        expires_at: None,
    };
    api.cache().set("key", "value", Some(options))?;
    called("cache.set", json!(["key", "value", {"ttl": 1.5}]));
    api.cache().delete("key")?;
    called("cache.delete", json!(["key"]));

    api.authentication()
        .challenge_with(&Factor::new("otp"), None)?;
    called("authentication.challengeWith", json!([{"type": "otp"}]));
    api.authentication()
        .challenge_with_any(&[Factor::new("otp"), Factor::phone("sms")])?;
    let phone = json!({"type": "phone", "options": {"preferredMethod": "sms"}});
    called(
        "authentication.challengeWithAny",
        json!([[{"type": "otp"}, phone]]),
    );
    let push = Factor {
        options: Some(FactorOptions {
            otp_fallback: Some(true),
            preferred_method: None,
        }),
        ..Factor::new("push-notification")
    };
    api.authentication()
        .enroll_with(&push, Some(&[Factor::new("otp")]))?;
    called(
        "authentication.enrollWith",
        json!([
            {"type": "push-notification", "options": {"otpFallback": true}},
            {"additionalFactors": [{"type": "otp"}]},
        ]),
    );
    api.authentication().enroll_with_any(&[])?;
    called("authentication.enrollWithAny", json!([[]]));
    api.authentication()
        .record_method("https://example.com/check")?;
    called(
        "authentication.recordMethod",
        json!(["https://example.com/check"]),
    );
    api.authentication().set_primary_user("auth0|2")?;
    called("authentication.setPrimaryUser", json!(["auth0|2"]));
    let options = EnableOptions {
        allow_remember_browser: Some(false),
        provider_options: Some(DuoOptions {
            host: "h".to_owned(),
            ..DuoOptions::default()
        }),
    };
    api.multifactor().enable("duo", Some(&options))?;
    let duo = json!({"host": "h", "ikey": "", "skey": ""});
    called(
        "multifactor.enable",
        json!(["duo", {"allowRememberBrowser": false, "providerOptions": duo}]),
    );

    let _ = api.redirect().can_redirect();
    called("redirect.canRedirect", json!([]));
    api.redirect().encode_token(EncodeTokenOptions {
        payload: members(json!({"a": 1})),
        secret: "s".to_owned(),
        expires_in_seconds: Some(60.0),
    })?;
    called(
        "redirect.encodeToken",
        json!([{"payload": {"a": 1}, "secret": "s", "expiresInSeconds": 60.0}]),
    );
    let query = [("a".to_owned(), "1".to_owned())];
    api.redirect()
        .send_user_to("https://example.com", Some(&query))?;
    called(
        "redirect.sendUserTo",
        json!(["https://example.com", {"query": {"a": "1"}}]),
    );
    api.redirect().validate_token(ValidateTokenOptions {
        secret: "s".to_owned(),
        token_parameter_name: Some("token".to_owned()),
    })?;
    called(
        "redirect.validateToken",
        json!([{"secret": "s", "tokenParameterName": "token"}]),
    );
    let options = RenderOptions {
        fields: Some(members(json!({"a": 1}))),
        vars: None,
    };
    api.prompt().render("ap_1", Some(options))?;
    called("prompt.render", json!(["ap_1", {"fields": {"a": 1}}]));

    api.session().revoke(
        None,
        Some(RevokeOptions {
            preserve_refresh_tokens: Some(true),
        }),
    )?;
    called(
        "session.revoke",
        json!([{"$": "undefined"}, {"preserveRefreshTokens": true}]),
    );
    api.session().set_cookie_mode(CookieMode::NonPersistent)?;
    called("session.setCookieMode", json!(["non-persistent"]));
    api.session().set_expires_at(1_000.0)?;
    called("session.setExpiresAt", json!([1000]));
    api.session().set_idle_expires_at(f64::NAN)?;
    called("session.setIdleExpiresAt", json!([{"$": "NaN"}]));
    api.session().set_metadata("key", Some("value"))?;
    called("session.setMetadata", json!(["key", "value"]));
    api.session().delete_metadata("key")?;
    called("session.deleteMetadata", json!(["key"]));
    api.session().evict_metadata()?;
    called("session.evictMetadata", json!([]));

    api.refresh_token().revoke(Some("stolen"))?;
    called("refreshToken.revoke", json!(["stolen"]));
    api.refresh_token().set_expires_at(-1.5)?;
    called("refreshToken.setExpiresAt", json!([-1.5]));
    api.refresh_token().set_idle_expires_at(f64::INFINITY)?;
    called("refreshToken.setIdleExpiresAt", json!([{"$": "Infinity"}]));
    api.refresh_token().set_metadata("key", None)?;
    called("refreshToken.setMetadata", json!(["key", null]));
    api.refresh_token().delete_metadata("key")?;
    called("refreshToken.deleteMetadata", json!(["key"]));
    api.refresh_token().evict_metadata()?;
    called("refreshToken.evictMetadata", json!([]));

    expected.extend(call_saml_response(api)?);
    Ok(expected)
}

fn call_saml_response(api: &Api) -> Result<Vec<(&'static str, Value)>> {
    let saml = api.saml_response();
    saml.set_attribute("name", ["a", "b"])?;
    saml.set_lifetime_in_seconds(60.0)?;
    saml.set_name_identifier_probes(&["urn:a".to_owned()])?;
    saml.set_signature_algorithm(SignatureAlgorithm::RsaSha256)?;
    saml.set_digest_algorithm(DigestAlgorithm::Sha1)?;
    saml.set_encryption_algorithm(EncryptionAlgorithm::Aes256Gcm)?;
    saml.set_audience("audience")?;
    saml.set_recipient("recipient")?;
    saml.set_destination("destination")?;
    saml.set_issuer("issuer")?;
    saml.set_relay_state("state")?;
    saml.set_name_identifier_format("format")?;
    saml.set_authn_context_class_ref("class")?;
    saml.set_signing_cert("pem 1")?;
    saml.set_encryption_cert("pem 2")?;
    saml.set_encryption_public_key("pem 3")?;
    saml.set_cert("pem 4")?;
    saml.set_key("pem 5")?;
    saml.set_create_upn_claim(true)?;
    saml.set_passthrough_claims_with_no_mapping(false)?;
    saml.set_map_unknown_claims_as_is(true)?;
    saml.set_map_identities(false)?;
    saml.set_sign_response(true)?;
    saml.set_include_attribute_name_format(false)?;
    saml.set_typed_attributes(true)?;
    Ok(vec![
        ("samlResponse.setAttribute", json!(["name", ["a", "b"]])),
        ("samlResponse.setLifetimeInSeconds", json!([60])),
        ("samlResponse.setNameIdentifierProbes", json!([["urn:a"]])),
        ("samlResponse.setSignatureAlgorithm", json!(["rsa-sha256"])),
        ("samlResponse.setDigestAlgorithm", json!(["sha1"])),
        ("samlResponse.setEncryptionAlgorithm", json!(["aes256-gcm"])),
        ("samlResponse.setAudience", json!(["audience"])),
        ("samlResponse.setRecipient", json!(["recipient"])),
        ("samlResponse.setDestination", json!(["destination"])),
        ("samlResponse.setIssuer", json!(["issuer"])),
        ("samlResponse.setRelayState", json!(["state"])),
        ("samlResponse.setNameIdentifierFormat", json!(["format"])),
        ("samlResponse.setAuthnContextClassRef", json!(["class"])),
        ("samlResponse.setSigningCert", json!(["pem 1"])),
        ("samlResponse.setEncryptionCert", json!(["pem 2"])),
        ("samlResponse.setEncryptionPublicKey", json!(["pem 3"])),
        ("samlResponse.setCert", json!(["pem 4"])),
        ("samlResponse.setKey", json!(["pem 5"])),
        ("samlResponse.setCreateUpnClaim", json!([true])),
        (
            "samlResponse.setPassthroughClaimsWithNoMapping",
            json!([false]),
        ),
        ("samlResponse.setMapUnknownClaimsAsIs", json!([true])),
        ("samlResponse.setMapIdentities", json!([false])),
        ("samlResponse.setSignResponse", json!([true])),
        ("samlResponse.setIncludeAttributeNameFormat", json!([false])),
        ("samlResponse.setTypedAttributes", json!([true])),
    ])
}

#[test]
fn methods_and_arguments_are_the_vendors() {
    let mut expected = Vec::new();
    let run = run(|api| {
        expected = call_everything(api)?;
        Ok(())
    });
    assert_eq!(run.result, Ok(()));
    let calls: Vec<(&str, Value)> = run
        .calls
        .iter()
        .map(|call| (call.method.as_str(), Value::from(call.args.clone())))
        .collect();
    for (call, expected) in calls.iter().zip(&expected) {
        assert_eq!(call, expected);
    }
    assert_eq!(calls.len(), expected.len());
}

#[test]
fn no_typed_function_is_left_out() {
    let login = run(|api| call_everything(api).map(|_| ()));
    let exchange = exchange();
    // The other triggers are those of triggers.rs.
    for (trigger, run) in [("post-login", login), ("credentials-exchange", exchange)] {
        let called: BTreeSet<&str> = run.calls.iter().map(|call| call.method.as_str()).collect();
        let typed = METHODS
            .iter()
            .filter(|method| method.triggers.contains(&trigger));
        let typed: BTreeSet<&str> = typed.map(|method| method.path).collect();
        assert_eq!(called, typed, "{trigger}");
    }
}

/// Every method of credentials-exchange once.
fn exchange() -> Run {
    Host::new().run(
        json!({"client": {"metadata": {"team": "logistics"}}}),
        |event: &Event, api: &credentials_exchange::Api| -> Result {
            let team = event.client_metadata("team");
            api.access().deny("invalid_request", None);
            api.access().deny("invalid_scope", Some("no"));
            api.access_token()
                .set_custom_claim("https://example.com/team", team)?;
            let _ = api.cache().get("key");
            let _ = api.cache().set("key", "value", None);
            let _ = api.cache().delete("key");
            let transaction = api.transaction();
            transaction.add_target_scope("read:a")?;
            transaction.remove_target_scope("read:b")?;
            transaction.set_target_scopes(&["read:c".to_owned(), "read:d".to_owned()])?;
            transaction.clear_target_scopes()
        },
    )
}

#[test]
fn methods_and_arguments_of_credentials_exchange_are_the_vendors() {
    let run = exchange();
    assert_eq!(run.result, Ok(()));
    for (method, expected) in [
        (
            "access.deny",
            json!([["invalid_request"], ["invalid_scope", "no"]]),
        ),
        (
            "accessToken.setCustomClaim",
            json!([["https://example.com/team", "logistics"]]),
        ),
        ("transaction.addTargetScope", json!([["read:a"]])),
        ("transaction.removeTargetScope", json!([["read:b"]])),
        (
            "transaction.setTargetScopes",
            json!([[["read:c", "read:d"]]]),
        ),
        ("transaction.clearTargetScopes", json!([[]])),
    ] {
        assert_eq!(json!(run.args(method)), expected, "{method}");
    }
    let lines: BTreeSet<u32> = run.calls.iter().map(|call| call.place.line).collect();
    assert_eq!(lines.len(), run.calls.len(), "each call has its own place");
}
