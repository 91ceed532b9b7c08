//! The Rules of a login, before its Actions.

use serde_json::{Map, Value, json};

use super::command::{Command, MetadataKind};
use super::state::{Flow, Running};
use super::{Next, Transaction, apply};
use crate::api;
use crate::derive::hex_id;
use crate::fault::Fault;
use crate::json;
use crate::location::Location;
use crate::login::{ActionInfo, EntryPoint};
use crate::metadata::Profile;
use crate::outcome::{CommandRecord, Notice};
use crate::reply::{Answer, Failure};
use crate::rules::changes::{Change, changes, kept};
use crate::rules::connection;
use crate::rules::state::{RunningRule, Shared};
use crate::rules::{
    CONFIGURATION_PAGE, CONTEXT_PAGE, MANAGEMENT_PAGE, MIGRATION_PAGE, REDIRECT_PAGE, RuleEnd,
    RuleReport,
};
use crate::value::Argument;

impl Transaction {
    /// Starts a Rule and gives what it sees: `user`, `context`, `configuration`, what `auth0` knows of the tenant, and
    /// whether this is the first Rule of a run (`fresh`); a later one goes on with the objects of the one before.
    pub fn begin_rule(&mut self, rule: &ActionInfo, now_ms: i64) -> Value {
        self.begin(rule, EntryPoint::Execute, now_ms);
        let flow = &mut self.flow;
        if !flow.login.rules_executed.contains(&rule.name) {
            flow.login.rules_executed.push(rule.name.clone());
        }
        let (shared, fresh) = flow.rules.enter(&flow.login.event);
        if let Some(running) = &mut self.running {
            running.rule = Some(RunningRule::default());
        }
        let domain = flow.request.domain.clone();
        json!({
            "fresh": fresh,
            "user": shared.user,
            "context": shared.context,
            "configuration": rule.secrets,
            "auth0": {
                "accessToken": hex_id(flow.login.seed, "rules/management-token", 48),
                "baseUrl": format!("https://{domain}/api/v2"),
                "domain": domain,
            },
        })
    }

    /// Starts the script of a connection and gives what it sees: the answer of the provider's token endpoint, which is
    /// the event's `token_response`, and its access token.
    pub fn begin_connection(&mut self, script: &ActionInfo, now_ms: i64) -> Value {
        self.begin(script, EntryPoint::Execute, now_ms);
        if let Some(running) = &mut self.running {
            running.rule = Some(RunningRule {
                is_connection: true,
                ..RunningRule::default()
            });
        }
        let flow = &mut self.flow;
        let mut response = json::object_at(&flow.login.event, &["token_response"]);
        if response.is_empty() {
            let token = hex_id(flow.login.seed, "connection/access-token", 40);
            response.insert("access_token".into(), Value::from(token));
            response.insert("token_type".into(), Value::from("Bearer"));
        }
        if let Some(event) = flow.login.event.as_object_mut() {
            event.shift_remove("token_response");
        }
        json!({
            "fresh": true,
            "connection": {
                "accessToken": response.get("access_token").cloned(),
                "context": response,
            },
            "configuration": script.secrets,
            "auth0": {},
        })
    }

    /// Whether a Rule runs.
    pub fn is_in_rule(&self) -> bool {
        let running = self.running.as_ref();
        running.is_some_and(|running| running.rule.is_some())
    }

    /// Takes what a Rule told when it called back: the first call counts.
    pub fn rule_called_back(&mut self, report: RuleReport, now_ms: i64) {
        self.flow.now_ms = now_ms;
        let Transaction { flow, running } = self;
        let Some(running) = running.as_mut().filter(|running| running.rule.is_some()) else {
            return;
        };
        if report.calls > 1 {
            let message = format!(
                "The Rule `{}` called its callback more than once; what happens then is not defined, here the first call counts.",
                running.action
            );
            flow.warn("callback-called-again", message, MIGRATION_PAGE);
        }
        let Some(rule) = running.rule.as_mut().filter(|rule| !rule.completed) else {
            return;
        };
        rule.completed = true;
        if rule.is_connection {
            let failed = match report.end {
                RuleEnd::Refused(error) => Err(error.message),
                RuleEnd::Done { user, .. } => {
                    let name = running.action.clone();
                    connection::log_in_by(&mut flow.login.event, &name, &kept(&user), now_ms)
                }
            };
            match failed {
                Ok(()) => flow.profile = Profile::of(&flow.login.event),
                Err(message) => {
                    let fault = Fault {
                        location: report.location,
                        ..Fault::platform("Error", message)
                    };
                    flow.fail(&running.action, fault);
                }
            }
            return;
        }
        match report.end {
            RuleEnd::Refused(error) => {
                if error.is_unauthorized {
                    let message = format!(
                        "The application gets error=unauthorized from the Rule `{}`; an Action can give access_denied only.",
                        running.action
                    );
                    flow.warn("rule-unauthorized", message, MIGRATION_PAGE);
                }
                let args = [Argument::String(error.message)];
                issue(flow, running, "access.deny", &args, report.location);
            }
            RuleEnd::Done {
                user,
                context,
                writes,
            } => {
                let Some(before) = flow.rules.shared.clone() else {
                    return;
                };
                let user = match &user {
                    Argument::Object(_) => kept(&user),
                    _ => before.user.clone(),
                };
                for change in changes(&before, &user, &context, &writes) {
                    follow(flow, running, change);
                }
                let context = kept(&context);
                flow.rules.shared = Some(Shared { user, context });
            }
        }
    }

    /// Takes down that the promise of a Rule was rejected before it called back: nobody waits for that promise.
    pub fn rule_was_rejected(&mut self, reason: String) {
        let rule = self.running.as_mut().and_then(|it| it.rule.as_mut());
        if let Some(rule) = rule.filter(|rule| !rule.completed) {
            rule.rejected.get_or_insert(reason);
        }
    }

    /// The fault of a Rule that never called back.
    pub fn rule_never_called_back(&self) -> Option<String> {
        let rule = self.running.as_ref()?.rule.as_ref()?;
        let why = match &rule.rejected {
            Some(reason) => format!(
                "a promise of the Rule was rejected ({reason}), and its callback was never called"
            ),
            None => "the Rule ended without calling its callback".to_owned(),
        };
        Some(format!(
            "{why}; production waits until its time limit and fails the login"
        ))
    }

    /// Tells that a Rule read a key of `configuration` that is not there.
    pub fn rule_misses(&mut self, key: &str, site: Option<Location>) {
        let Some(running) = self.running.as_ref().filter(|it| it.rule.is_some()) else {
            return;
        };
        let place = site.map_or_else(
            || format!("the Rule `{}`", running.action),
            |Location { file, line, column }| format!("{file}:{line}:{column}"),
        );
        let message = format!(
            "{place} reads configuration.{key}, which is not given: it is undefined. Put it into rules-configs/{key}.json, or give it as a secret."
        );
        self.flow
            .warn("configuration-missing", message, CONFIGURATION_PAGE);
    }

    /// `auth0.users.updateUserMetadata` and `updateAppMetadata`: a PATCH of the stored profile, at once. Gives the
    /// profile behind it.
    pub fn rule_updates_user(
        &mut self,
        kind: &str,
        id: &Argument,
        metadata: &Argument,
        site: Option<Location>,
        now_ms: i64,
    ) -> Answer {
        self.flow.now_ms = now_ms;
        let Transaction { flow, running } = self;
        let Some(running) = running.as_mut().filter(|running| running.rule.is_some()) else {
            return Answer::Reject(Failure::error("No Rule runs."));
        };
        let (kind, method) = match kind {
            "app_metadata" => (MetadataKind::App, "user.setAppMetadata"),
            _ => (MetadataKind::User, "user.setUserMetadata"),
        };
        let Argument::Object(entries) = metadata else {
            let key = kind.key();
            return Answer::Reject(Failure::error(format!(
                "Payload validation error: '{key}' must be an object."
            )));
        };
        if let Err(failure) = is_this_user(flow, id) {
            return failure;
        }
        for (name, value) in entries {
            // A request carries JSON, and what JSON lacks is not in it.
            if !matches!(value.to_json(), Ok(Some(_))) {
                continue;
            }
            let args = [Argument::String(name.clone()), value.clone()];
            record(flow, running, method, &args);
            api::answer(flow, running, method, &args, site.clone(), now_ms);
        }
        let mut rest = Vec::new();
        for command in std::mem::take(&mut running.commands) {
            match command {
                Command::SetMetadata { kind, name, value } => {
                    // Values were looked at above.
                    let _ = apply::metadata(flow, kind, &name, &value);
                }
                other => rest.push(other),
            }
        }
        running.commands = rest;
        if let Some(refusal) = apply::commit_or_forget(flow, kind) {
            return Answer::Reject(Failure::error(refusal));
        }
        let user = flow.login.event.get("user").unwrap_or(&Value::Null);
        Answer::Resolve(Argument::from(user))
    }

    /// Goes on behind the last Rule: the redirect that they asked for, or nothing. Actions come next.
    pub fn end_rules(&mut self, now_ms: i64) -> Next {
        self.flow.now_ms = now_ms;
        if self.flow.ending.is_some() {
            return Next::Stop;
        }
        let Some((rule, site)) = self.flow.rules.redirected_by.take() else {
            return self.next();
        };
        let shared = self.flow.rules.shared.as_ref();
        let url = shared.and_then(|shared| json::text_at(&shared.context, &["redirect", "url"]));
        let Some(url) = url.map(str::to_owned) else {
            return self.next();
        };
        let info = ActionInfo {
            name: rule,
            kind: crate::login::HandlerKind::Rule,
            ..ActionInfo::default()
        };
        self.begin(&info, EntryPoint::Execute, now_ms);
        let Some(mut running) = self.running.take() else {
            return self.next();
        };
        running.run = running.run.saturating_sub(1);
        let args = [Argument::String(url)];
        issue(
            &mut self.flow,
            &mut running,
            "redirect.sendUserTo",
            &args,
            site,
        );
        apply::apply(&mut self.flow, running)
    }

    /// All Rules run again after their redirect. What they asked for the first time is forgotten, what they stored stays.
    pub fn restart_rules(&mut self) {
        let flow = &mut self.flow;
        flow.rules.come_back();
        flow.claims.clear();
        flow.scopes.clear();
        flow.owes_multifactor = false;
        flow.primary_user = None;
    }
}

/// The profile that an update is for: only that of this login is at hand.
fn is_this_user(flow: &mut Flow, id: &Argument) -> Result<(), Answer> {
    let own = json::text_at(&flow.login.event, &["user", "user_id"]);
    let Some(id) = id.as_str() else {
        let failure = Failure::error("The id of the user must be a string.");
        return Err(Answer::Reject(failure));
    };
    if own.is_none_or(|own| own == id) {
        return Ok(());
    }
    let mut users = flow.login.tenant.users.iter();
    let known = users.find(|user| json::text_at(user, &["user_id"]) == Some(id));
    match known.map(Argument::from) {
        Some(user) => {
            let message = format!(
                "A Rule updates the user `{id}`, who is not the one that logs in: the outcome does not show it."
            );
            flow.warn("other-user-updated", message, MANAGEMENT_PAGE);
            Err(Answer::Resolve(user))
        }
        None => Err(Answer::Reject(Failure::error("The user does not exist."))),
    }
}

fn record(flow: &mut Flow, running: &Running, method: &str, args: &[Argument]) {
    flow.commands.push(CommandRecord {
        action: running.action.clone(),
        method: method.to_owned(),
        args: args.iter().map(Argument::to_tagged).collect(),
    });
}

/// Asks for something as an Action does. What an Action would get as an exception fails the login, because a Rule has
/// returned already.
fn issue(
    flow: &mut Flow,
    running: &mut Running,
    method: &str,
    args: &[Argument],
    site: Option<Location>,
) {
    record(flow, running, method, args);
    let now_ms = flow.now_ms;
    let reply = api::answer(flow, running, method, args, site.clone(), now_ms);
    if let Answer::Throw(Failure { name, message }) | Answer::Reject(Failure { name, message }) =
        reply.answer
    {
        let fault = Fault {
            location: site,
            ..Fault::platform(name, message)
        };
        flow.fail(&running.action, fault);
    }
}

fn follow(flow: &mut Flow, running: &mut Running, change: Change) {
    match change {
        Change::Call { method, args, site } => {
            if method == "authentication.setPrimaryUser" {
                // The last Rule wins, where an Action may ask once.
                flow.primary_user = None;
            }
            issue(flow, running, &method, &args, site);
        }
        Change::RemoveClaim { token, name } => {
            running.commands.push(Command::RemoveClaim { token, name });
        }
        Change::Redirect { wanted, site } => {
            if flow.rules.is_back {
                let message = format!(
                    "The Rule `{}` asks for a redirect when the user has come back from one: production ignores it.",
                    running.action
                );
                flow.warn("rule-redirect-ignored", message, REDIRECT_PAGE);
                return;
            }
            let by = (running.action.clone(), site);
            flow.rules.redirected_by = wanted.then_some(by);
        }
        Change::Scopes { wanted, site } => {
            let current = scopes(flow, running);
            let removed = current.iter().filter(|scope| !wanted.contains(scope));
            let added = wanted.iter().filter(|scope| !current.contains(scope));
            let calls = removed
                .map(|scope| ("accessToken.removeScope", scope))
                .chain(added.map(|scope| ("accessToken.addScope", scope)));
            let calls: Vec<_> = calls
                .map(|(method, scope)| (method, scope.clone()))
                .collect();
            for (method, scope) in calls {
                issue(
                    flow,
                    running,
                    method,
                    &[Argument::String(scope)],
                    site.clone(),
                );
            }
        }
        Change::Ignored(what) => {
            let notice = Notice {
                code: "rule-change-ignored".to_owned(),
                message: format!("{what}, by the Rule `{}`.", running.action),
                source: Some(CONTEXT_PAGE.to_owned()),
            };
            flow.notice(notice);
        }
    }
}

/// The scopes as the Rules so far leave them.
fn scopes(flow: &Flow, running: &Running) -> Vec<String> {
    let mut scopes = flow.request.scopes.clone();
    let waiting = running.commands.iter().filter_map(|command| match command {
        Command::ModifyScope { scope, add } => Some((scope.clone(), *add)),
        _ => None,
    });
    for (scope, add) in flow.scopes.iter().cloned().chain(waiting) {
        scopes.retain(|known| *known != scope);
        if add {
            scopes.push(scope);
        }
    }
    scopes
}

/// What the event gives as `context`, taken out of it.
pub(super) fn given(event: &mut Value) -> Map<String, Value> {
    crate::rules::take_given(event)
}
