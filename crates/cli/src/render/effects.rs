//! The requests of Actions of triggers other than post-login.

use std::io;

use postlogin_core::outcome::Outcome;
use serde_json::Value;

use super::page::{Page, span};
use super::style::Role;
use super::text;

/// The most columns of a value.
const VALUE_WIDTH: usize = 300;

pub(super) fn write(page: &mut Page<'_>, outcome: &Outcome) -> io::Result<()> {
    if outcome.effects.is_empty() {
        return Ok(());
    }
    page.heading("Effects", "")?;
    let Ok(Value::Object(effects)) = serde_json::to_value(&outcome.effects) else {
        return Ok(());
    };
    for (name, value) in effects {
        let shown = match &value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let shown = text::shorten(&text::clean(&shown), VALUE_WIDTH);
        page.line(
            2,
            &[
                span(Role::Dim, format!("{name}  ")),
                span(Role::Plain, shown),
            ],
        )?;
    }
    Ok(())
}
