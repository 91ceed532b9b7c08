//! Which factors Actions may ask for, how often, and what the tenant's policy asks for.

use serde_json::{Value, json};

use super::helpers::{Drive, codes, event};
use crate::login::transaction::{Next, Resumed, Suspension};
use crate::outcome::Status;
use crate::{ResumeStep, TenantSettings};

fn challenge(factor: &str) -> Value {
    json!(["authentication.challengeWith", {"type": factor}])
}

fn enrol(factor: &str) -> Value {
    json!(["authentication.enrollWith", {"type": factor}])
}

fn enrolled(factors: &[&str]) -> Value {
    let factors: Vec<Value> = factors.iter().map(|kind| json!({"type": kind})).collect();
    event(json!({"user": {"enrolledFactors": factors, "email_verified": false}}))
}

#[test]
fn a_factor_that_was_passed_is_not_asked_for_again() {
    let mut drive = Drive::new(enrolled(&["otp", "phone"]));
    drive.action("a", json!([challenge("otp"), challenge("otp")]));
    assert_eq!(
        drive.resume(ResumeStep::ChallengeSucceeded),
        Resumed::NextAction
    );
    drive.action("b", json!([challenge("otp")]));
    assert_eq!(drive.last, Next::Continue);
    let any = json!(["authentication.challengeWithAny", [{"type": "otp"}, {"type": "phone"}]]);
    drive.action("c", json!([any]));
    let phone = Suspension::Challenge {
        factors: vec!["phone".to_owned()],
    };
    assert_eq!(drive.last, Next::Suspended(phone));
    assert_eq!(
        drive.resume(ResumeStep::ChallengeSucceeded),
        Resumed::NextAction
    );
    assert_eq!(drive.finish().status, Status::Allowed);
}

#[test]
fn a_factor_is_enabled_and_enrolled() {
    let check = |factors: &[&str], call: Value, text: Option<&str>| {
        let mut event = enrolled(factors);
        event["user"]["email_verified"] = json!(true);
        let tenant = TenantSettings {
            mfa_factors: ["otp", "email", "phone"].map(str::to_owned).to_vec(),
            ..TenantSettings::default()
        };
        let mut drive = Drive::with(event, tenant);
        drive.action("a", json!([call]));
        let outcome = drive.finish();
        match text {
            None => assert_eq!(outcome.status, Status::Challenged, "{call}"),
            Some(text) => {
                let message = outcome.error.unwrap().message;
                assert!(message.contains(text), "{message}");
            }
        }
    };
    check(&["otp"], challenge("otp"), None);
    // A verified address is a factor without enrolment.
    check(&[], challenge("email"), None);
    let none = Some("An MFA challenge is used in a PostLogin action but the requested factors");
    check(&["otp"], challenge("phone"), none);
    check(&["webauthn-roaming"], challenge("webauthn-roaming"), none);
    check(&[], enrol("phone"), None);
    let none = Some("An MFA enrollment is used in a PostLogin action but the requested factors");
    check(&["otp"], enrol("otp"), none);
    check(&[], enrol("email"), none);
    check(&[], enrol("recovery-code"), none);
}

#[test]
fn what_cannot_be_used_beside_what_can_is_a_warning() {
    let mut drive = Drive::new(enrolled(&["otp"]));
    let any = json!(["authentication.challengeWithAny", [{"type": "phone"}, {"type": "otp"}]]);
    drive.action("a", json!([any]));
    let outcome = drive.finish();
    assert_eq!(outcome.status, Status::Challenged);
    assert_eq!(codes(&outcome), ["factor-not-usable"]);
    assert!(
        outcome.notices[0]
            .message
            .contains("factor phone is not properly set up")
    );
}

#[test]
fn a_user_with_a_factor_is_challenged_before_another_is_enrolled() {
    let first = "Challenge with at least one existing factor before enrolling a new one.";
    let mut drive = Drive::new(enrolled(&["otp"]));
    drive.action("a", json!([enrol("phone")]));
    let outcome = drive.finish();
    assert_eq!(outcome.status, Status::Failed);
    assert!(outcome.error.unwrap().message.ends_with(first));

    for actions in [
        vec![json!([challenge("otp"), enrol("phone")])],
        vec![json!([challenge("otp")]), json!([enrol("phone")])],
    ] {
        let mut drive = Drive::new(enrolled(&["otp"]));
        let mut stops = 0;
        for calls in actions {
            drive.action("a", calls);
            while let Next::Suspended(_) = drive.last {
                stops += 1;
                match drive.resume(ResumeStep::ChallengeSucceeded) {
                    Resumed::Suspended(next) => drive.last = Next::Suspended(next),
                    _ => break,
                }
            }
        }
        assert_eq!(stops, 2);
        assert_eq!(drive.finish().status, Status::Allowed);
    }
    // The first factor needs no challenge, and the next one none either, as in the vendor's sample.
    let mut drive = Drive::new(enrolled(&[]));
    let any =
        json!(["authentication.enrollWithAny", [{"type": "webauthn-roaming"}, {"type": "otp"}]]);
    drive.action("a", json!([any, any]));
    let Resumed::Suspended(Suspension::Enroll { factors }) =
        drive.resume(ResumeStep::ChallengeSucceeded)
    else {
        panic!("a second factor is enrolled");
    };
    assert_eq!(factors, ["otp"]);
    drive.resume(ResumeStep::ChallengeSucceeded);
    let finished = drive.transaction.finish(0);
    assert_eq!(finished.changes.enrolled, ["webauthn-roaming", "otp"]);
}

#[test]
fn a_fifth_command_is_an_error() {
    let mut drive = Drive::new(enrolled(&["otp"]));
    for number in 1..=4 {
        drive.action("a", json!([challenge("otp")]));
        if number == 1 {
            drive.resume(ResumeStep::ChallengeSucceeded);
        }
    }
    drive.action("a", json!([challenge("otp")]));
    assert_eq!(drive.last, Next::Stop);
    let outcome = drive.finish();
    assert_eq!(outcome.status, Status::Failed);
    assert!(outcome.error.unwrap().message.contains("4 times in all"));
}

#[test]
fn what_actions_choose_replaces_what_is_owed() {
    let mut drive = Drive::new(enrolled(&["otp"]));
    drive.action("a", json!([challenge("otp")]));
    drive.resume(ResumeStep::ChallengeSucceeded);
    drive.action("b", json!([["multifactor.enable", "any"]]));
    assert_eq!(drive.transaction.conclude(), Next::Continue);
    assert_eq!(drive.finish().status, Status::Allowed);
}

#[test]
fn the_policy_asks_for_a_factor_unless_actions_decide() {
    let always = TenantSettings {
        mfa_always: true,
        ..TenantSettings::default()
    };
    let check = |patch: Value, calls: Value, tenant: &TenantSettings, expected: Status| {
        let mut drive = Drive::with(event(patch.clone()), tenant.clone());
        drive.action("a", calls.clone());
        assert_eq!(drive.finish().status, expected, "{patch} {calls}");
    };
    check(json!({}), json!([]), &always, Status::Challenged);
    check(
        json!({}),
        json!([["multifactor.enable", "none"]]),
        &always,
        Status::Allowed,
    );
    check(
        json!({}),
        json!([]),
        &TenantSettings::default(),
        Status::Allowed,
    );
    let refresh = json!({"transaction": {"protocol": "oauth2-refresh-token"}});
    check(refresh, json!([]), &always, Status::Allowed);
    let password = json!({"transaction": {"protocol": "oauth2-password"}});
    check(password, json!([]), &always, Status::Challenged);
    let passed =
        json!({"authentication": {"methods": [{"name": "pwd"}, {"name": "mfa", "type": "otp"}]}});
    check(passed, json!([]), &always, Status::Allowed);
    let nothing = TenantSettings {
        mfa_factors: Vec::new(),
        ..always
    };
    check(json!({}), json!([]), &nothing, Status::Allowed);
}

#[test]
fn actions_choose_factors_only_where_the_tenant_lets_them() {
    let off = TenantSettings {
        mfa_customization: false,
        ..TenantSettings::default()
    };
    for call in [challenge("otp"), enrol("phone")] {
        let mut drive = Drive::with(event(json!({})), off.clone());
        drive.action("a", json!([call]));
        let message = drive.finish().error.unwrap().message;
        assert!(
            message.contains("customize_mfa_in_postlogin_action"),
            "{message}"
        );
        let exchange = json!({"transaction": {"protocol": "oauth2-token-exchange"}});
        let mut drive = Drive::new(event(exchange));
        drive.action("a", json!([call]));
        assert_eq!(drive.finish().status, Status::Failed);
    }
    let mut drive = Drive::with(event(json!({})), off);
    drive.action("a", json!([["multifactor.enable", "any"]]));
    assert_eq!(drive.finish().status, Status::Challenged);
}
