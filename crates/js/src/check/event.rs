//! Reads of the event that never find anything.

use postlogin_core::Trigger;
use postlogin_core::event::check_reference;

use super::methods::OF_EVERY_OBJECT;
use super::{Finding, Rule, Severity};
use crate::source::facts::{Chain, Facts};

pub(super) const RULES: &[Rule] = &[UNKNOWN];

const UNKNOWN: Rule = Rule {
    code: "unknown-event-path",
    severity: Severity::Error,
    summary: "A property is read that the event of the trigger does not have",
    source: Some("https://auth0.com/docs/actions/reference/post-login/post-login-event-object"),
};

pub(super) fn check(facts: &Facts, trigger: Trigger) -> Vec<Finding> {
    let paths = facts.event_paths.iter();
    paths.filter_map(|chain| unknown(chain, trigger)).collect()
}

fn unknown(chain: &Chain, trigger: Trigger) -> Option<Finding> {
    let names: Vec<&str> = chain.names().collect();
    let (depth, found) = (1..=names.len()).find_map(|depth| {
        let found = check_reference(trigger, names.get(..depth)?)?;
        Some((depth, found))
    })?;
    let wrong = chain.parts.get(depth - 1)?;
    if OF_EVERY_OBJECT.contains(&wrong.name.as_str()) {
        return None;
    }
    let finding = Finding::new(&UNKNOWN, &wrong.location, found.message())
        .spanning(&wrong.name)
        .on_page(trigger.table().event_page);
    Some(match found.suggestion {
        Some(near) => finding.with_hint(format!("did you mean `{near}`?")),
        None => finding,
    })
}
