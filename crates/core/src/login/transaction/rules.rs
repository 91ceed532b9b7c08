//! The Rules of a login, before its Actions.

mod follow;
mod management;

use serde_json::{Map, Value, json};

use self::follow::{follow, issue};
use super::{Next, Transaction, apply};
use crate::ceilings::{FETCHED_PROFILE_BYTES, of_argument};
use crate::derive::hex_id;
use crate::fault::Fault;
use crate::json;
use crate::location::Location;
use crate::login::{EntryPoint, HandlerInfo, HandlerKind};
use crate::metadata::Profile;
use crate::rules::changes::{changes, kept};
use crate::rules::connection;
use crate::rules::state::{RunningRule, Shared};
use crate::rules::{CONFIGURATION_PAGE, MIGRATION_PAGE, RuleEnd, RuleReport};
use crate::value::Argument;

impl Transaction {
    /// Starts a Rule and gives what it sees: `user`, `context`, `configuration`, what `auth0` knows of the tenant, and
    /// whether this is the first Rule of a run (`fresh`); a later one goes on with the objects of the one before.
    pub fn begin_rule(&mut self, rule: &HandlerInfo, now_ms: i64) -> Value {
        self.begin(rule, EntryPoint::Execute, now_ms);
        let flow = &mut self.flow;
        if !flow.input.rules_executed.contains(&rule.name) {
            flow.input.rules_executed.push(rule.name.clone());
        }
        let (shared, fresh) = flow.rules.enter(&flow.input.event);
        if let Some(running) = &mut self.running {
            running.rule = Some(RunningRule::new(HandlerKind::Rule));
        }
        let domain = flow.request.domain.clone();
        json!({
            "fresh": fresh,
            "user": shared.user,
            "context": shared.context,
            "configuration": rule.secrets,
            "auth0": {
                "accessToken": hex_id(flow.input.seed, "rules/management-token", 48),
                "baseUrl": format!("https://{domain}/api/v2"),
                "domain": domain,
            },
        })
    }

    /// Starts the script of a connection and gives what it sees: the answer of the provider's token endpoint, which is
    /// the event's `token_response`, and its access token.
    pub fn begin_connection(&mut self, script: &HandlerInfo, now_ms: i64) -> Value {
        self.begin(script, EntryPoint::Execute, now_ms);
        if let Some(running) = &mut self.running {
            running.rule = Some(RunningRule::new(HandlerKind::Connection));
        }
        let flow = &mut self.flow;
        let mut response = json::object_at(&flow.input.event, &["token_response"]);
        if response.is_empty() {
            let token = hex_id(flow.input.seed, "connection/access-token", 40);
            response.insert("access_token".into(), Value::from(token));
            response.insert("token_type".into(), Value::from("Bearer"));
        }
        if let Some(event) = flow.input.event.as_object_mut() {
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
        // A Rule can call back later than its end: what it passes then changes nothing.
        let Some(rule) = running.rule.as_mut().filter(|rule| !rule.completed) else {
            return;
        };
        rule.completed = true;
        if rule.kind == HandlerKind::Connection {
            let failed = match report.end {
                RuleEnd::Refused(error) => Err(error.message),
                // Refused before it is copied into the event.
                RuleEnd::Done { user, .. } if of_argument(&user) > FETCHED_PROFILE_BYTES => {
                    let most = FETCHED_PROFILE_BYTES >> 20;
                    flow.kept
                        .exceed(format!("give a profile of more than {most} MiB"));
                    return;
                }
                RuleEnd::Done { user, .. } => {
                    let name = running.action.clone();
                    let profile = kept(&user);
                    let known =
                        connection::log_in_by(&mut flow.input.event, &name, &profile, now_ms);
                    // The host stores the profile under the id that the script gave.
                    flow.fetched = known.is_ok().then_some(profile);
                    known
                }
            };
            match failed {
                Ok(()) => flow.profile = Profile::of(&flow.input.event),
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
                // The same function as an Action's `api.access.deny`, so the same checks and the same line in the record.
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
                // A Rule may call back without a user; then the next one sees the user as before.
                let user = match &user {
                    Argument::Object(_) => kept(&user),
                    _ => before.user.clone(),
                };
                for change in changes(&before, &user, &context, &writes) {
                    // The login fails at a ceiling; the other changes could be many more.
                    if flow.kept.exceeded().is_some() {
                        return;
                    }
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
        let info = HandlerInfo {
            name: rule,
            kind: HandlerKind::Rule,
            ..HandlerInfo::default()
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
        flow.rules.come_back(&flow.input.event);
        flow.claims.clear();
        flow.scopes.clear();
        flow.multifactor = None;
        flow.primary_user = None;
    }
}

/// Takes the `context` that the event gives out of it.
pub(super) fn given(event: &mut Value) -> Map<String, Value> {
    crate::rules::take_given(event)
}
