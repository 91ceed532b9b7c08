//! Helpers that the tests of logins share: events, and a login written as a list of Actions and their calls.

use serde_json::{Map, Value, json};

use crate::event::merge_patch;
use crate::login::transaction::{Next, Resumed, Transaction};
use crate::outcome::{ActionUsage, Outcome};
use crate::reads::Record;
use crate::{
    Argument, EntryPoint, Fault, FaultKind, HandlerInfo, LoginInput, Reply, ResumeStep,
    TenantSettings,
};

/// 2026-01-01T00:00:00Z.
pub(crate) const NOW_MS: i64 = 1_767_225_600_000;

/// The default event of the vendor's published layer: every property that there is.
pub(crate) fn vendor_default() -> Value {
    serde_json::from_str(include_str!(
        "../../../../../../fixtures/events/vendor-default.json"
    ))
    .unwrap()
}

/// A small event, patched.
pub(crate) fn event(patch: Value) -> Value {
    let mut event = json!({
        "client": {"client_id": "client", "name": "App", "metadata": {}},
        "connection": {"id": "con_1", "name": "users", "strategy": "auth0"},
        "request": {
            "ip": "192.0.2.1",
            "method": "GET",
            "hostname": "t.example.com",
            "query": {"nonce": "n-1"},
            "body": {},
        },
        "resource_server": {"identifier": "https://api.example.com"},
        "session": {"id": "sess", "authenticated_at": "2025-12-31T00:00:00.000Z", "metadata": {}},
        "tenant": {"id": "t"},
        "transaction": {
            "protocol": "oidc-basic-profile",
            "requested_scopes": ["openid", "profile", "email"],
            "metadata": {},
        },
        "user": {
            "user_id": "auth0|1",
            "name": "Jane",
            "email": "jane@example.com",
            "email_verified": true,
            "user_metadata": {"hobby": "surfing"},
            "app_metadata": {"plan": "gold"},
            "enrolledFactors": [{"type": "otp"}, {"type": "email"}],
        },
    });
    merge_patch(&mut event, &patch);
    event
}

/// A login that a test drives.
pub(crate) struct Drive {
    pub(crate) transaction: Transaction,
    pub(crate) last: Next,
}

impl Drive {
    pub(crate) fn new(event: Value) -> Drive {
        Drive::with(event, TenantSettings::default())
    }

    pub(crate) fn with(event: Value, tenant: TenantSettings) -> Drive {
        let login = LoginInput {
            trigger: crate::Trigger::PostLogin,
            event,
            tenant,
            rules_executed: Vec::new(),
            seed: 7,
            now_ms: NOW_MS,
        };
        Drive {
            transaction: Transaction::new(login),
            last: Next::Continue,
        }
    }

    /// Runs an Action that makes some calls (`[[method, args…], …]`) and gives the event that it saw.
    pub(crate) fn action(&mut self, name: &str, calls: Value) -> Value {
        self.handler(name, EntryPoint::Execute, calls, Ok(()))
    }

    pub(crate) fn handler(
        &mut self,
        name: &str,
        entry: EntryPoint,
        calls: Value,
        result: Result<(), Fault>,
    ) -> Value {
        let action = HandlerInfo {
            name: name.to_owned(),
            secrets: Map::new(),
            ..HandlerInfo::default()
        };
        let text = self.transaction.begin(&action, entry, NOW_MS);
        let event: Value = serde_json::from_str(&text).unwrap();
        for call in calls.as_array().unwrap() {
            self.call(call);
        }
        let usage = ActionUsage {
            action: name.to_owned(),
            ..ActionUsage::default()
        };
        self.last = self.transaction.end(result, usage, NOW_MS);
        event
    }

    pub(crate) fn call(&mut self, call: &Value) -> Reply {
        let call = call.as_array().unwrap();
        let args: Vec<Argument> = call.iter().skip(1).map(Argument::from_tagged).collect();
        self.transaction
            .call(call[0].as_str().unwrap(), &args, None, NOW_MS)
    }

    /// Starts a handler without ending it.
    pub(crate) fn begin(&mut self, name: &str, entry: EntryPoint) -> Value {
        let action = HandlerInfo {
            name: name.to_owned(),
            ..HandlerInfo::default()
        };
        let text = self.transaction.begin(&action, entry, NOW_MS);
        serde_json::from_str(&text).unwrap()
    }

    pub(crate) fn resume(&mut self, step: ResumeStep) -> Resumed {
        self.transaction.resume(step)
    }

    pub(crate) fn finish(self) -> Outcome {
        self.transaction.finish(NOW_MS).outcome
    }

    pub(crate) fn finish_with_record(self) -> (Outcome, Record) {
        let finished = self.transaction.finish(NOW_MS);
        (finished.outcome, finished.record)
    }
}

pub(crate) fn thrown(message: &str) -> Fault {
    Fault {
        kind: FaultKind::Thrown,
        name: "Error".to_owned(),
        ..Fault::platform("", message)
    }
}

pub(crate) fn back(query: Value, body: Value) -> ResumeStep {
    let object = |value: Value| value.as_object().cloned().unwrap();
    ResumeStep::Continue {
        query: object(query),
        body: object(body),
    }
}

/// The codes of the notices, in order.
pub(crate) fn codes(outcome: &Outcome) -> Vec<&str> {
    outcome
        .notices
        .iter()
        .map(|notice| notice.code.as_str())
        .collect()
}
