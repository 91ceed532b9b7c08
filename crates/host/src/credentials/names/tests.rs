use super::*;

const ALL: [Medium; 6] = [
    Medium::Header,
    Medium::Query,
    Medium::Form,
    Medium::Json,
    Medium::Markup,
    Medium::Text,
];

#[track_caller]
fn check(medium: Medium, names: &str, expected: fn(Credential) -> bool) {
    for name in names.split_whitespace() {
        let found = credential(name, medium);
        assert!(expected(found), "{name} in {medium:?}: {found:?}");
    }
}

const EVERYWHERE: &str = "apiToken auth_token jwt_token newPassword user_password password_confirm api_secret \
    secretAccessKey api_key_secret sessionId cookie pass otp code_verifier access_token id_token refresh-token \
    X-Auth-Token x.csrf.token clientSecret client_assertion private_key PRIVATE_KEY privateKeyPem passwd userpwd.pwd \
    apikey hapikey x-api-key writeKey jsessionid PHPSESSID token2 2faCode oneTimeCode verificationCode recovery_codes \
    newpassword userPasswordHash id_token_hint SAMLResponse user[password] connectionString authorization_code \
    subscription-key mfaPendingCredential oauth_verifier oobCode tokens cvc webhook_secret APIKEY IDToken \
    password1 passphrase credentials ssn cardNumber keyMaterial magic_link resetLink security_answer ｔｏｋｅｎ secret_id signingSecret authenticity_token bot_tokens";

#[test]
fn credentials_are_known_by_the_words_of_their_names() {
    for medium in ALL {
        check(medium, EVERYWHERE, |found| found >= Credential::Scalar);
    }
    check(
        Medium::Query,
        "session auth state SAMLResponse code key sig signature sid ticket",
        |found| found >= Credential::Scalar,
    );
    check(
        Medium::Form,
        "code otp pass signature RelayState",
        |found| found >= Credential::Scalar,
    );
    check(
        Medium::Json,
        "authorization session auth assertion",
        |found| found == Credential::Scalar,
    );
}

#[test]
fn what_only_sounds_like_a_credential_is_none() {
    for medium in ALL {
        check(
            medium,
            "token_type tokenType tokentype expires_in expiresIn tokens_used tokensUsed prompt_tokens passenger compass \
             author authority passport country_code_name token_endpoint password_changed_at passwordExpired secretary \
             tokenizer max_tokens total_tokens access_token_expires_in client_assertion_type api_key_id token_type_hint \
             session_count sessionSecondsValid auth_time auth0 auth0_id pass_rate authors cookie_domain user email \
             client_id grant_type redirect_uri scope keyboard monkey passed bypassed x-csrf-header \
             token_endpoint_auth_method authorization_endpoint password_policy code_challenge_method code_challenges",
            |found| found == Credential::No,
        );
    }
    check(
        Medium::Json,
        "code state country_code status_code key nonce salt nonce_str seed webhookUrl access refresh dsn",
        |found| found == Credential::Random,
    );
    check(Medium::Form, "country_code state key", |found| {
        found == Credential::Random
    });
    check(Medium::Json, "public_key idempotencyKey", |found| {
        found == Credential::No
    });
    assert!(may_count("tokens") && !may_count("pass") && !may_count("token"));
    assert_eq!(joined("session", "id"), "session_id");
    assert_eq!(joined("session", "user"), "user");
}
