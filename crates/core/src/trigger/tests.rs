//! The tables of the triggers agree with each other, and names of exports lead to them.

use super::{
    Binding, Exported, Runs, Trigger, WITHOUT_CONTRACT, is_without_contract, near_handler,
};
use crate::EntryPoint;

#[test]
fn ids_and_exports_lead_to_their_trigger() {
    for trigger in Trigger::ALL {
        assert_eq!(Trigger::of_id(trigger.id()), Some(*trigger));
        let json = serde_json::to_value(trigger).unwrap();
        assert_eq!(json, trigger.id());
        for entry in [EntryPoint::Execute, EntryPoint::Continue] {
            if let Some(export) = trigger.export(entry) {
                assert_eq!(Trigger::of_export(export), Some((*trigger, entry)));
            }
        }
    }
    assert_eq!(
        Trigger::of_export("onContinuePostChallenge"),
        Some((Trigger::PasswordResetPostChallenge, EntryPoint::Continue))
    );
    assert_eq!(Trigger::of_export("onExecutePasswordHashMigration"), None);
    assert!(is_without_contract("mcp-tool") && !is_without_contract("post-login"));
    assert!(
        WITHOUT_CONTRACT
            .iter()
            .all(|id| Trigger::of_id(id).is_none())
    );
}

#[test]
fn names_of_exports_say_whose_they_are() {
    for (name, expected) in [
        (
            "onExecutePostLogin",
            Exported::Handler(Trigger::PostLogin, EntryPoint::Execute),
        ),
        (
            "onContinuePostChallenge",
            Exported::Handler(Trigger::PasswordResetPostChallenge, EntryPoint::Continue),
        ),
        ("onExecuteMcpTool", Exported::WithoutContract("mcp-tool")),
        ("onExecuteMCPTool", Exported::WithoutContract("mcp-tool")),
        (
            "onExecutePasswordHashMigration",
            Exported::WithoutContract("password-hash-migration"),
        ),
        (
            "onExecuteSignupPostIdentifier",
            Exported::WithoutContract("signup-post-identifier"),
        ),
        (
            "onContinueLoginPostIdentifier",
            Exported::WithoutContract("login-post-identifier"),
        ),
        ("onExecuteXyz", Exported::UnknownHandler),
        ("onExecutePostLogn", Exported::UnknownHandler),
        ("onExecute", Exported::Other),
        ("onExecutes", Exported::Other),
        ("helper", Exported::Other),
        ("", Exported::Other),
    ] {
        assert_eq!(Exported::of(name), expected, "{name}");
    }
}

#[test]
fn only_a_slip_is_near_a_handler() {
    for (name, expected) in [
        ("onExecutePostLogn", Some("onExecutePostLogin")),
        ("onExecutePostlogin", Some("onExecutePostLogin")),
        ("onexecutePostLogin", Some("onExecutePostLogin")),
        ("onExcutePostLogin", Some("onExecutePostLogin")),
        (
            "onExecuteCredentialExchange",
            Some("onExecuteCredentialsExchange"),
        ),
        ("onContinuePostLogn", Some("onContinuePostLogin")),
        (
            "onExecutePostUserRegistratio",
            Some("onExecutePostUserRegistration"),
        ),
        ("onExecutePostUserRegistration", None),
        ("onExecuteSendEmailMessage", None),
        ("onExecuteXyz", None),
        ("onExecutePreLogin", None),
        ("onExecuteMcpTool", None),
        ("onExecuteLoginPostIdentifier", None),
        ("onContinueEventStream", None),
        ("handler", None),
        ("", None),
    ] {
        assert_eq!(near_handler(name), expected, "{name}");
    }
}

#[test]
fn what_production_does_with_each_trigger() {
    let of = |matches: fn(&Trigger) -> bool| -> Vec<&str> {
        let all = Trigger::ALL.iter().filter(|trigger| matches(trigger));
        all.map(|trigger| trigger.id()).collect()
    };
    assert_eq!(
        of(|trigger| trigger.table().runs == Runs::Asynchronous),
        [
            "post-user-registration",
            "post-change-password",
            "event-stream"
        ]
    );
    assert_eq!(
        of(|trigger| trigger.table().binding == Binding::Entity),
        ["custom-token-exchange", "event-stream"]
    );
    assert_eq!(
        of(|trigger| trigger.table().most_actions.value == 1),
        [
            "custom-token-exchange",
            "custom-email-provider",
            "custom-phone-provider",
            "event-stream"
        ]
    );
    assert_eq!(
        of(|trigger| trigger.table().most_actions.value == 4),
        ["password-reset-post-challenge"]
    );
    assert_eq!(
        of(|trigger| trigger.table().has_tokens),
        ["post-login", "credentials-exchange"]
    );
    assert_eq!(
        of(|trigger| trigger.table().experiment),
        [
            "post-login",
            "pre-user-registration",
            "post-user-registration"
        ]
    );
}

#[test]
fn the_methods_are_grouped_and_unambiguous() {
    for trigger in Trigger::ALL {
        let methods = trigger.methods();
        let mut namespaces: Vec<&str> = methods.iter().map(|spec| spec.namespace).collect();
        namespaces.dedup();
        let groups = namespaces.len();
        namespaces.sort_unstable();
        namespaces.dedup();
        assert_eq!(groups, namespaces.len(), "{trigger}");
        for spec in methods {
            let path = format!("{}.{}", spec.namespace, spec.name);
            let same = methods
                .iter()
                .filter(|other| other.namespace == spec.namespace && other.name == spec.name);
            assert_eq!(same.count(), 1, "{path}");
            let found = trigger.method(&path);
            assert_eq!(found.map(|found| found.name), Some(spec.name));
        }
        assert!(trigger.method("").is_none());
        assert!(trigger.method("accessToken").is_none());
        assert!(trigger.method("accessToken.").is_none());
    }
    assert!(
        Trigger::CredentialsExchange
            .method("idToken.setCustomClaim")
            .is_none()
    );
}
