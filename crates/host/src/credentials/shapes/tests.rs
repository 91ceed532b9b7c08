use super::*;

/// Keys are put together here, so that none of them looks like a leaked one.
fn key(prefix: &str) -> String {
    format!("{prefix}{}", "a1B2c3D4".repeat(5))
}

#[test]
fn keys_are_known_by_their_shape() {
    let mut keys: Vec<String> = PREFIXES.iter().map(|(prefix, _)| key(prefix)).collect();
    keys.push(format!("{}.{}.{}", key("eyJ"), key("eyJ"), key("")));
    keys.push(format!("{}.{}.", key("eyJ"), key("eyJ")));
    for key in keys {
        for text in [key.clone(), format!("is \"{key}\", "), format!("({key})")] {
            let found = credentials(&text);
            let [range] = found.as_slice() else {
                panic!("{text}: {found:?}")
            };
            assert_eq!(text[range.clone()], *key.trim_end_matches('.'), "{text}");
        }
    }
    for key in [format!("00D000000000001!{}", key("AQ")), key("1//0")] {
        assert_eq!(credentials(&key).first(), Some(&(0..key.len())));
    }
}

#[test]
fn values_of_authorization_and_private_keys_are_found_in_any_text() {
    for (text, hidden) in [
        ("Bearer abc12345", "abc12345"),
        ("basic dXNlcjpwYXNz", "dXNlcjpwYXNz"),
        ("curl -H 'Authorization: Bearer a1b2c3d4e5'", "a1b2c3d4e5"),
        ("SSWS 00abcdefgh", "00abcdefgh"),
    ] {
        let found = credentials(text);
        assert_eq!(found.len(), 1, "{text}");
        assert_eq!(&text[found[0].clone()], hidden);
    }
    let pem = |label: &str| format!("-----BEGIN {label}-----\nMIIE\n-----END {label}-----");
    let text = format!("a {} b {}", pem("RSA PRIVATE KEY"), pem("CERTIFICATE"));
    let found = credentials(&text);
    assert_eq!(found.len(), 1);
    assert_eq!(text[found[0].clone()], pem("RSA PRIVATE KEY"));
    assert_eq!(
        credentials("-----BEGIN PRIVATE KEY-----\nMIIE").first(),
        Some(&(0..32))
    );
}

#[test]
fn prose_and_identifiers_are_left_alone() {
    for text in [
        "Bearer realm=\"example\"",
        "Bearer error=\"invalid_token\"",
        "bearer authentication is required",
        "Basic realm=\"x\"",
        "token expired",
        "Basic information",
        "sk-learn and key-value and pat-riot",
        "secret_manager_configuration_of_this",
        "auth0|65a1b2c3d4e5f60718293a4b",
        "550e8400-e29b-41d4-a716-446655440000",
        "eyebrow.raised",
        "",
        "-----BEGIN",
    ] {
        assert_eq!(credentials(text), [], "{text}");
    }
}

#[test]
fn random_values_are_told_from_identifiers() {
    for value in [
        "a8f5f167f44f4964e6c998dee827110c",
        "550e8400-e29b-41d4-a716-446655440000",
        "4/0AX4XfWh9aB-cD12",
    ] {
        assert!(is_random(value), "{value}");
    }
    for value in [
        "E123",
        "CA",
        "ERR_INVALID_GRANT_TYPE",
        "2026-11-22T10:00:00Z",
        "PROJECT-1234",
        "https://x.example/a1b2c3d4e5f6",
        "SM0123456789abcdef0123456789abcdef",
        "aaaaaaaaaaaaaaaaaaaa1",
        "jane1234567890@example.com",
        "Massachusetts",
    ] {
        assert!(!is_random(value), "{value}");
    }
}
