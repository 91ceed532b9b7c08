//! The sample Action in Rust, from its source to the outcome of a login: the typed interfaces, served to a component
//! that a foreign toolchain made.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, LazyLock},
};

use postlogin_core::{
    HandlerInfo, Login, LoginInput,
    outcome::{Outcome, Status, TokenKind, Verdict},
};
use postlogin_engine::{ActionPre, Allocation, BoundAction, Engine, run};
use postlogin_host::{Budget, Clock, Conditions, Flow, network::Closed};
use serde_json::{Value, json};

const TIER_CLAIM: &str = "https://example.com/loyalty_tier";
const NOW_MS: i64 = 1_790_000_000_000;

/// The Action, built and compiled once for all tests of this file.
static ACTION: LazyLock<ActionPre> = LazyLock::new(|| {
    let engine = Engine::new(Allocation::OnDemand, None).expect("this machine runs sandboxes");
    let bytes = fs::read(build()).expect("cargo named what it built");
    let program = engine
        .program(&bytes, |_| {})
        .unwrap_or_else(|error| panic!("{error}"));
    program.action(None)
});

fn package() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../actions/loyalty-tier")
}

/// Builds the component and gives its path.
fn build() -> PathBuf {
    const TARGET: &str = "wasm32-wasip2";
    let target_dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("actions");
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["build", "--release", "--locked", "--target", TARGET])
        .arg("--manifest-path")
        .arg(package().join("Cargo.toml"))
        .arg("--target-dir")
        .arg(&target_dir)
        // What is meant for this machine's processor (coverage, linkers) is not meant for the Action.
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env_remove("CARGO_BUILD_TARGET")
        .status()
        .expect("cargo can be started");
    assert!(
        status.success(),
        "actions/loyalty-tier could not be built (cargo says above why)\n\
         hint: these tests build an Action in Rust; `rustup target add {TARGET}` installs its target"
    );
    target_dir.join(TARGET).join("release/loyalty_tier.wasm")
}

/// Logs in a user with this `app_metadata`.
fn login(app_metadata: Value) -> Outcome {
    let event = json!({
        "user": {"user_id": "auth0|1", "user_metadata": {}, "app_metadata": app_metadata},
        "client": {"client_id": "client1", "name": "Shop", "metadata": {}},
        "request": {"hostname": "shop.auth0.com", "query": {}, "body": {}},
        "tenant": {"id": "shop"},
        "transaction": {"requested_scopes": ["openid"], "metadata": {}},
        "resource_server": {"identifier": "https://api.example.com"},
    });
    let conditions = Conditions {
        clock: Arc::new(Clock::new(NOW_MS, Flow::Virtual)),
        seed: 1,
        door: Arc::new(Closed),
        budget: Budget::default(),
    };
    let input = LoginInput {
        event,
        seed: 1,
        now_ms: NOW_MS,
        ..LoginInput::default()
    };
    let info = HandlerInfo {
        name: "loyalty-tier".to_owned(),
        ..HandlerInfo::default()
    };
    let bound = BoundAction {
        info: info.clone(),
        action: Some(ACTION.clone()),
        notices: Vec::new(),
    };
    run(
        &[bound],
        Login::new(input, vec![info]),
        &conditions,
        &mut Vec::new(),
    )
    .unwrap_or_else(|error| panic!("the sandbox broke: {error:#}"))
    .outcome
}

/// The line of `src/lib.rs` that holds `code`, and the column at which `call` begins there, both from 1.
fn place(code: &str, call: &str) -> (u32, u32) {
    let source = fs::read_to_string(package().join("src/lib.rs")).expect("the sample has a source");
    let mut lines = (1..)
        .zip(source.lines())
        .filter(|(_, line)| line.contains(code));
    let (line, text) = lines.next().unwrap_or_else(|| panic!("no line has {code}"));
    assert!(lines.next().is_none(), "several lines have {code}");
    let column = text.find(call).expect("the call is in its line") + 1;
    (line, u32::try_from(column).expect("lines are short"))
}

#[test]
fn the_tier_is_in_both_tokens_and_the_ledger_knows_the_line() {
    let outcome = login(json!({"loyalty": {"points": 1200}}));
    assert_eq!(outcome.status, Status::Allowed);
    assert_eq!(outcome.id_token.claims[TIER_CLAIM], "silver");
    assert_eq!(outcome.access_token.claims[TIER_CLAIM], "silver");
    assert!(outcome.logs.is_empty() && outcome.error.is_none());

    let calls: Vec<_> = outcome
        .commands
        .iter()
        .map(|command| (command.method.as_str(), command.args.as_slice()))
        .collect();
    let args = [json!(TIER_CLAIM), json!("silver")];
    assert_eq!(
        calls,
        [
            ("idToken.setCustomClaim", args.as_slice()),
            ("accessToken.setCustomClaim", args.as_slice())
        ]
    );

    assert_eq!(outcome.ledger.len(), 2);
    let check = |token, code: &str| {
        let mut entries = outcome.ledger.iter().filter(|entry| entry.token == token);
        let entry = entries.next().expect("the ledger has the claim");
        assert_eq!(entry.verdict, Verdict::Kept);
        assert_eq!(entry.action, "loyalty-tier");
        let location = entry.location.as_ref().expect("the guest told its place");
        assert_eq!(location.file, "src/lib.rs");
        assert_eq!(
            (location.line, location.column),
            place(code, "set_custom_claim")
        );
    };
    check(TokenKind::IdToken, "api.id_token().set_custom_claim");
    check(
        TokenKind::AccessToken,
        "api.access_token().set_custom_claim",
    );
}

#[test]
fn a_blocked_user_is_denied_with_the_reason() {
    let reason = "Your points are under review.";
    let outcome = login(json!({"loyalty": {"points": 9000, "blocked": reason}}));
    assert_eq!(outcome.status, Status::Denied);
    assert_eq!(outcome.reason.as_deref(), Some(reason));
    assert_eq!(outcome.commands.len(), 1);
    assert_eq!(outcome.commands[0].method, "access.deny");
    assert_eq!(outcome.commands[0].args, [json!(reason)]);
    assert!(outcome.ledger.is_empty() && outcome.error.is_none());
}

#[test]
fn a_user_without_points_is_only_printed() {
    let outcome = login(json!({}));
    assert_eq!(outcome.status, Status::Allowed);
    let printed: Vec<_> = outcome
        .logs
        .iter()
        .map(|log| (log.level.as_str(), log.message.as_str()))
        .collect();
    assert_eq!(printed, [("log", "auth0|1 is in no loyalty programme")]);
    assert!(outcome.commands.is_empty() && outcome.ledger.is_empty());
}

#[test]
fn unreadable_points_fail_the_login_at_their_line() {
    let outcome = login(json!({"loyalty": {"points": "many"}}));
    assert_eq!(outcome.status, Status::Failed);
    let error = outcome.error.expect("the outcome tells the fault");
    assert_eq!(
        (error.action.as_str(), error.name.as_str()),
        ("loyalty-tier", "Error")
    );
    assert_eq!(
        error.message,
        "event.user.app_metadata.loyalty: invalid type: string \"many\", expected u64"
    );
    let (line, column) = place("event.read::<Loyalty>", "read::");
    let stack = format!(
        "Error: {}\n    at src/lib.rs:{line}:{column}",
        error.message
    );
    assert_eq!(error.stack, stack);
    assert!(outcome.commands.is_empty());
}
