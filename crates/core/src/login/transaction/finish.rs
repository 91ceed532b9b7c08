//! Folds a login into its outcome.

mod machine;

use serde_json::Map;

use super::state::{Ending, Flow};
use super::{Suspension, apply};
use crate::ceilings::{SHOWN_BYTES, of_value};
use crate::claim_rules::RuleContext;
use crate::fault::Fault;
use crate::ledger::{Settled, settle};
use crate::limits::{API_OBJECT_PAGE, CUSTOM_CLAIMS_BYTES, SCOPES_PAGE};
use crate::measure;
use crate::outcome::{
    AccessToken, IdToken, Notice, OUTCOME_FORMAT, Outcome, Redirect, RulesEnd, Status, TokenKind,
    Usage,
};
use crate::reads::{ClaimOrigin, ReadIndex, Record};
use crate::rules::state::Shared;
use crate::token_size;
use crate::tokens::{Facts, Request};
use crate::trigger::Trigger;

pub(super) fn finish_with_record(mut flow: Flow) -> (Outcome, Record) {
    let request = flow.request.clone();
    let reads = std::mem::take(&mut flow.reads);
    let index = ReadIndex::new(&reads);
    let mut claim_calls = Vec::new();
    for call in &mut flow.claims {
        let Some(value) = &call.value else { continue };
        call.sources = index.sources(call, value);
        claim_calls.push(ClaimOrigin {
            run: call.run,
            index: call.index,
            guesses: std::mem::take(&mut call.guesses),
        });
    }
    if index.take_omitted() > 0 {
        flow.kept.leave_reads_uncompared();
    }
    let record = Record {
        scopes: request.scopes.clone(),
        audience: request.audience.clone(),
        domain: request.domain.clone(),
        opaque: request.is_opaque(),
        protocol: request.protocol().to_owned(),
        claim_calls,
        reads,
        usage: Vec::new(),
        waits: std::mem::take(&mut flow.waits),
    };
    let (outcome, usage) = finish(flow, &request);
    (outcome, Record { usage, ..record })
}

fn finish(mut flow: Flow, request: &Request) -> (Outcome, Vec<measure::Usage>) {
    let context = RuleContext {
        scopes: &request.scopes,
        audience: request.audience.as_deref(),
        domain: &request.domain,
        opaque: request.is_opaque(),
    };
    let settled = settle(&context, std::mem::take(&mut flow.claims), &mut flow.kept);
    for (token, size) in &settled.sizes {
        let subject = format!("The custom claims of the {}", called(*token));
        flow.measure(measure::CUSTOM_CLAIMS, &subject, *size);
    }
    if let Some((token, size, action)) = &settled.too_large {
        let fault = too_large(*token, *size);
        // A login that was denied, or that waits, issues no token whose size could matter.
        if flow.ending.is_none() && flow.waiting.is_empty() {
            flow.fail(action, fault);
        }
    }
    match flow.input.trigger {
        Trigger::PostLogin => tell_about_scopes(&mut flow, request, &settled),
        Trigger::CredentialsExchange => machine::tell_about_scopes(&mut flow, request),
        // Their Actions change no scopes.
        _ => {}
    }
    // Once, after the last Action: a redirect or a form has stored its part already (`apply::commit_before`).
    if flow.ending.is_none()
        && flow.waiting.is_empty()
        && let Some(fault) = apply::commit(&mut flow)
        && flow.input.trigger == Trigger::PostLogin
    {
        let last = flow.usage.last();
        let action = last.map_or_else(String::new, |usage| usage.action.clone());
        flow.fail(&action, fault);
    }
    let mut code = None;
    let (status, reason, error) = match flow.ending.take() {
        Some(Ending::Denied {
            reason,
            code: chosen,
        }) => {
            code = chosen;
            (Status::Denied, reason, None)
        }
        Some(Ending::NotPassed) => {
            let reason = "The user did not pass the multi-factor challenge.";
            (Status::Denied, Some(reason.to_owned()), None)
        }
        Some(Ending::Failed(error)) => (Status::Failed, Some(error.message.clone()), Some(error)),
        None => (waiting_status(&flow), None, None),
    };
    // Before the report of the ceilings, which also counts notices that found no room.
    for notice in flow.measures.notices() {
        flow.notice(notice);
    }
    let usage = flow.measures.usage();
    let dropped = flow.kept.notices();
    flow.notices.extend(dropped);
    let redirect = match flow.waiting.front() {
        Some(Suspension::Redirect { url }) if status == Status::Redirected => {
            Some(Redirect { url: url.clone() })
        }
        _ => None,
    };
    let rules = rules_end(&mut flow);
    let mut outcome = Outcome {
        format: OUTCOME_FORMAT.to_owned(),
        trigger: flow.input.trigger,
        status,
        reason,
        code,
        id_token: IdToken::default(),
        access_token: AccessToken::default(),
        userinfo: Map::new(),
        user: std::mem::take(&mut flow.profile.stored),
        effects: std::mem::take(&mut flow.effects),
        ledger: settled.ledger,
        unset_claims: settled.unset,
        requests: std::mem::take(&mut flow.requests),
        commands: std::mem::take(&mut flow.commands),
        logs: std::mem::take(&mut flow.logs),
        notices: std::mem::take(&mut flow.notices),
        error,
        redirect,
        rules,
        usage: Usage {
            actions: std::mem::take(&mut flow.usage),
        },
    };
    // Only a login that is allowed has tokens; the ledger above lists what Actions set in any case.
    if status != Status::Allowed || !flow.input.trigger.table().has_tokens {
        return (outcome, usage);
    }
    if flow.input.trigger == Trigger::CredentialsExchange {
        let access_token = machine::access_token(&flow, request, &settled.access_token);
        outcome.notices.extend(token_size::notice(
            TokenKind::AccessToken,
            &access_token.claims,
        ));
        return (
            Outcome {
                access_token,
                ..outcome
            },
            usage,
        );
    }
    let facts = Facts {
        input: &flow.input,
        request,
        scopes: &flow.scopes,
        multifactor: !flow.passed_factors.is_empty(),
        now_s: flow.now_ms.div_euclid(1000),
    };
    // `/userinfo` has the claims of the ID token, so both are made of the same ones.
    let id_token = facts.id_token(&settled.id_token);
    let claims = facts.access_token(&settled.access_token);
    outcome.notices.extend(
        [
            token_size::notice(TokenKind::IdToken, &id_token),
            token_size::notice(TokenKind::AccessToken, &claims),
        ]
        .into_iter()
        .flatten(),
    );
    let outcome = Outcome {
        id_token: IdToken {
            claims: id_token,
            jwt: None,
        },
        access_token: AccessToken {
            claims,
            opaque: request.is_opaque(),
            scopes: facts.granted_scopes(),
            expires_in: Some(facts.access_token_lifetime_s()),
            jwt: None,
        },
        userinfo: facts.userinfo(&settled.id_token),
        ..outcome
    };
    (outcome, usage)
}

/// Returns the objects of Rules, if one ran and an outcome has room for them.
fn rules_end(flow: &mut Flow) -> Option<RulesEnd> {
    let Shared { user, context } = flow.rules.shared.take()?;
    if of_value(&user) + of_value(&context) > SHOWN_BYTES {
        let most = SHOWN_BYTES >> 20;
        flow.notices.push(Notice {
            code: "rules-not-kept".to_owned(),
            message: format!(
                "`user` and `context` of the Rules have more than {most} MiB: the outcome does not show them."
            ),
            source: None,
        });
        return None;
    }
    Some(RulesEnd { user, context })
}

fn waiting_status(flow: &Flow) -> Status {
    match flow.waiting.front() {
        None => Status::Allowed,
        Some(Suspension::Redirect { .. }) => Status::Redirected,
        Some(Suspension::Prompt { .. }) => Status::Prompted,
        Some(Suspension::Challenge { .. } | Suspension::Enroll { .. }) => Status::Challenged,
    }
}

fn called(token: TokenKind) -> &'static str {
    match token {
        TokenKind::IdToken => "ID token",
        TokenKind::AccessToken => "access token",
    }
}

fn too_large(token: TokenKind, size: usize) -> Fault {
    let token = called(token);
    let limit = CUSTOM_CLAIMS_BYTES.value;
    Fault::platform(
        "Error",
        format!("The custom claims of the {token} have {size} bytes; the limit is {limit}."),
    )
}

fn tell_about_scopes(flow: &mut Flow, request: &Request, settled: &Settled) {
    let on_id_token = settled
        .ledger
        .iter()
        .any(|entry| entry.token == TokenKind::IdToken);
    if on_id_token && !request.wants("openid") {
        let message =
            "The scope `openid` was not requested: there is no ID token to carry its claims."
                .to_owned();
        flow.warn("no-id-token", message, SCOPES_PAGE);
    }
    let facts = Facts {
        input: &flow.input,
        request,
        scopes: &[],
        multifactor: false,
        now_s: 0,
    };
    if !flow.scopes.is_empty() && facts.ignores_scope_changes() {
        let message =
            "Changes of scopes are ignored on access tokens for Auth0's own APIs.".to_owned();
        flow.warn("scope-change-ignored", message, API_OBJECT_PAGE);
    }
}
