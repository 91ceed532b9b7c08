//! The account of a login's claims as one page for a person.

use std::collections::HashSet;
use std::io::{self, Write};

use postlogin_core::Trigger;
use postlogin_core::claim_rules::Remedy;
use postlogin_core::explanation::{
    Certainty, ClaimAccount, ExpectedClaim, Explanation, NoToken, Origin, Presence, PresenceState,
};
use postlogin_core::limits::Reach;
use postlogin_core::outcome::{NoValue, TokenKind, Verdict};

use super::claim_rules;
use super::claim_table::at;
use super::human::HumanOptions;
use super::page::{Page, span};
use super::style::Role;
use super::{explanation_sites, failure, headline, messages, text};

/// The most claims of a token that are shown.
const MOST_ACCOUNTS: usize = 200;

/// The most places that a value may come from that are shown.
const MOST_ORIGINS: usize = 20;

/// Where the lines below a claim begin.
pub(super) const BELOW: usize = 6;

/// Writes the explanation for a person.
///
/// # Errors
/// When `out` cannot be written.
pub fn explanation(
    explanation: &Explanation,
    options: &HumanOptions<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let page = &mut Page::new(out, options.color, options.width);
    headline::write(page, &explanation.outcome)?;
    failure::write(page, &explanation.outcome, options)?;
    write_request(page, explanation)?;
    let overwritten = explanation.claims.iter();
    let overwritten = overwritten.filter(|account| account.verdict == Verdict::Overwritten);
    let overwritten = overwritten.map(|account| (is_id_token(account), account.name.as_str()));
    let overwritten: HashSet<(bool, &str)> = overwritten.collect();
    let mut scopes = explanation.request.scopes.iter();
    let wants_openid = scopes.any(|scope| scope == "openid");
    for (token, title) in [
        (TokenKind::IdToken, "ID token"),
        (TokenKind::AccessToken, "Access token"),
    ] {
        let accounts = explanation
            .claims
            .iter()
            .filter(|account| account.token == token);
        let accounts: Vec<&ClaimAccount> = accounts.collect();
        if accounts.is_empty() {
            continue;
        }
        let opaque = token == TokenKind::AccessToken && explanation.request.opaque;
        let is_issued = token == TokenKind::AccessToken || wants_openid;
        let remark = match (opaque, is_issued) {
            (true, _) => "opaque, carries no claims",
            (_, false) => "not issued",
            _ => "",
        };
        page.heading(title, remark)?;
        for account in accounts.iter().take(MOST_ACCOUNTS) {
            let trigger = explanation.outcome.trigger;
            write_account(page, account, trigger, is_issued, &overwritten)?;
        }
        page.left_out(2, accounts.len().saturating_sub(MOST_ACCOUNTS), "claim")?;
    }
    if explanation.claims.is_empty() {
        page.blank()?;
        page.line(0, &[span(Role::Plain, "No Action set a claim.")])?;
    }
    write_expected(page, explanation)?;
    write_limits(page, explanation)?;
    messages::write_notices(page, &explanation.outcome)
}

/// Writes the request that the rules used.
fn write_request(page: &mut Page<'_>, explanation: &Explanation) -> io::Result<()> {
    let request = &explanation.request;
    let protocol = match request.protocol.as_str() {
        "" if explanation.outcome.trigger == Trigger::CredentialsExchange => "client_credentials",
        "" => "an unknown protocol",
        protocol => protocol,
    };
    page.heading("Requested", protocol)?;
    // A machine is granted what its event lists.
    let granted = explanation.outcome.access_token.scopes.as_slice();
    let scopes = match request.scopes.as_slice() {
        [] if explanation.outcome.trigger == Trigger::CredentialsExchange => granted,
        scopes => scopes,
    };
    let scopes = match scopes {
        [] => "none".to_owned(),
        scopes => scopes.join(" "),
    };
    let audience = request.audience.as_deref().unwrap_or("none");
    for (name, value) in [("scopes  ", scopes.as_str()), ("audience", audience)] {
        let room = page.width().saturating_sub(4 + name.len());
        let value = text::shorten(&text::clean(value), room);
        page.line(
            2,
            &[
                span(Role::Dim, name),
                span(Role::Plain, format!("  {value}")),
            ],
        )?;
    }
    Ok(())
}

fn write_account(
    page: &mut Page<'_>,
    account: &ClaimAccount,
    trigger: Trigger,
    is_issued: bool,
    overwritten: &HashSet<(bool, &str)>,
) -> io::Result<()> {
    let (mark, role) = match account.verdict {
        Verdict::Kept => ("✓", Role::Good),
        Verdict::Dropped => ("✗", Role::Bad),
        Verdict::Overwritten => ("~", Role::Warn),
    };
    let name = text::clean(&account.name);
    let room = page.width().saturating_sub(6 + text::width(&name)).max(20);
    let value = text::shorten(&text::clean(&account.value.to_string()), room);
    page.line(
        2,
        &[
            span(role, mark),
            span(Role::Plain, " "),
            span(Role::Strong, name),
            span(Role::Plain, format!("  {value}")),
        ],
    )?;
    let place = account
        .location
        .as_ref()
        .map_or(String::new(), |place| format!(" at {}", at(place)));
    page.line(
        BELOW,
        &[span(Role::Dim, format!("set by {}{place}", account.action))],
    )?;
    write_origins(page, &account.origins)?;
    explanation_sites::not_analysed(page, BELOW, account.omitted_reads, "read")?;
    match account.verdict {
        Verdict::Kept => {
            if overwritten.contains(&(is_id_token(account), account.name.as_str())) {
                let told = "kept: the last of several calls wins";
                return page.line(BELOW, &[span(Role::Plain, told)]);
            }
            page.line(BELOW, &[span(Role::Plain, "kept: no rule removes it")])
        }
        Verdict::Overwritten => {
            let by = match &account.overwritten_by {
                Some(by) => match &by.location {
                    Some(place) => format!("overwritten by {} at {}", by.action, at(place)),
                    None => format!("overwritten by {}", by.action),
                },
                None => "overwritten by a later call".to_owned(),
            };
            page.line(BELOW, &[span(Role::Warn, by)])
        }
        Verdict::Dropped => {
            let sentence = account.rule.map_or("", |rule| match is_issued {
                true => claim_rules::sentence(rule, trigger),
                false => claim_rules::NO_ID_TOKEN,
            });
            page.paragraph(BELOW, Role::Bad, &format!("dropped: {sentence}"))?;
            write_remedies(page, &account.remedies, &account.name)?;
            match &account.page {
                Some(link) => page.line(BELOW, &[span(Role::Dim, link)]),
                None => Ok(()),
            }
        }
    }
}

fn is_id_token(account: &ClaimAccount) -> bool {
    account.token == TokenKind::IdToken
}

fn write_origins(page: &mut Page<'_>, origins: &[Origin]) -> io::Result<()> {
    if origins.is_empty() {
        let told = "the value is not from the event, as far as can be seen";
        return page.line(BELOW, &[span(Role::Dim, told)]);
    }
    for (index, origin) in origins.iter().take(MOST_ORIGINS).enumerate() {
        let mut line = vec![span(
            Role::Plain,
            match (origin.certainty, index) {
                (Certainty::Read, 0) => "from ",
                (Certainty::Read, _) => "or from ",
                (Certainty::Computed, _) => "computed, probably from ",
                (Certainty::SameValue, _) => "a guess: the same value is in ",
            },
        )];
        line.push(span(Role::Source, &origin.path));
        if let Some(place) = &origin.location {
            line.push(span(Role::Dim, format!(", read at {}", at(place))));
        }
        page.line(BELOW, &line)?;
    }
    page.left_out(BELOW, origins.len().saturating_sub(MOST_ORIGINS), "place")
}

/// Writes the remedies that would keep a claim.
pub(super) fn write_remedies(
    page: &mut Page<'_>,
    remedies: &[Remedy],
    name: &str,
) -> io::Result<()> {
    let steps: Vec<String> = remedies
        .iter()
        .map(|remedy| in_words(remedy, name))
        .collect();
    if steps.is_empty() {
        return Ok(());
    }
    page.paragraph(
        BELOW,
        Role::Plain,
        &format!("to keep it: {}", steps.join(", and ")),
    )
}

fn in_words(remedy: &Remedy, name: &str) -> String {
    let with_namespace = || format!("`https://your.domain/{}`", text::clean(name));
    match remedy {
        Remedy::RequestScope { scope } => {
            format!("request the scope `{scope}` (here event.transaction.requested_scopes)")
        }
        Remedy::RequestAudience => "request the audience of an API, so that the access token is a JWT (here event.resource_server.identifier)".to_owned(),
        Remedy::UseNamespaceOrAudience => format!(
            "use a name with a namespace ({}) or request the audience of an API of your own",
            with_namespace()
        ),
        Remedy::UseNamespace => format!("use a name with a namespace ({})", with_namespace()),
        Remedy::UseOtherNamespace => "use a namespace of a domain of your own".to_owned(),
        Remedy::ShrinkClaims { limit } => {
            format!("put no more than {} of custom claims into the token", text::bytes(*limit as u64))
        }
    }
}

fn write_expected(page: &mut Page<'_>, explanation: &Explanation) -> io::Result<()> {
    if explanation.expected.is_empty() {
        return Ok(());
    }
    page.heading("Asked about", "")?;
    for claim in &explanation.expected {
        write_expected_claim(page, claim, explanation)?;
    }
    Ok(())
}

fn write_expected_claim(
    page: &mut Page<'_>,
    claim: &ExpectedClaim,
    explanation: &Explanation,
) -> io::Result<()> {
    let is_there = |presence: &Presence| {
        matches!(
            presence.state,
            PresenceState::Kept | PresenceState::Standard
        )
    };
    let (mark, role) = if is_there(&claim.id_token) || is_there(&claim.access_token) {
        ("✓", Role::Good)
    } else {
        ("✗", Role::Bad)
    };
    page.line(
        2,
        &[
            span(role, mark),
            span(Role::Plain, " "),
            span(Role::Strong, &claim.name),
        ],
    )?;
    for (title, presence) in [
        ("ID token", &claim.id_token),
        ("access token", &claim.access_token),
    ] {
        let trigger = explanation.outcome.trigger;
        if title == "ID token" && trigger == Trigger::CredentialsExchange {
            continue;
        }
        let state = match (presence.state, presence.rule) {
            (PresenceState::Kept, _) => "set by an Action and kept".to_owned(),
            (PresenceState::Standard, _) => {
                "there as a standard claim, without an Action".to_owned()
            }
            (PresenceState::Dropped, _) => "set by an Action and dropped, see above".to_owned(),
            (PresenceState::NoValue, _) => {
                let given = presence.no_value.unwrap_or(NoValue::Undefined).called();
                format!("an Action called for it, but the value was {given}: no claim is set")
            }
            (PresenceState::NeverSet, None) => "no Action set it".to_owned(),
            (PresenceState::NeverSet, Some(rule)) => {
                format!(
                    "no Action set it, and it would be dropped: {}",
                    claim_rules::sentence(rule, trigger)
                )
            }
            (PresenceState::NoToken, _) => match (presence.no_token, trigger) {
                (Some(NoToken::NoOpenidScope), _) => {
                    "not issued: the login did not request the scope `openid`".to_owned()
                }
                (Some(NoToken::Waiting), _) => {
                    "the login waits for the user; there are no tokens yet".to_owned()
                }
                (_, Trigger::CredentialsExchange) => {
                    "the exchange ended without a token".to_owned()
                }
                _ => "the login ended without tokens".to_owned(),
            },
        };
        page.paragraph(BELOW, Role::Plain, &format!("{title}: {state}"))?;
        // Where it was set and dropped, the claim above has the remedies already.
        let is_missing = presence.no_token == Some(NoToken::NoOpenidScope);
        if presence.state == PresenceState::NeverSet || is_missing {
            write_remedies(page, &presence.remedies, &claim.name)?;
        }
    }
    if let Some(similar) = &claim.similar {
        page.paragraph(BELOW, Role::Warn, &format!("did you mean `{similar}`?"))?;
    }
    explanation_sites::write(page, claim)
}

/// Writes the values that are near a limit, or over it.
fn write_limits(page: &mut Page<'_>, explanation: &Explanation) -> io::Result<()> {
    let near = explanation
        .limits
        .iter()
        .filter(|usage| usage.reach != Reach::Within);
    let near: Vec<_> = near.collect();
    if near.is_empty() {
        return Ok(());
    }
    page.heading("Limits", "")?;
    for usage in near {
        let (mark, role) = match usage.reach {
            Reach::Over => ("✗", Role::Bad),
            _ => ("⚠", Role::Warn),
        };
        page.line(
            2,
            &[
                span(role, mark),
                span(Role::Plain, format!(" {}: ", usage.subject)),
                span(
                    Role::Strong,
                    format!("{} of {} {}", usage.value, usage.limit, usage.unit),
                ),
            ],
        )?;
    }
    Ok(())
}
