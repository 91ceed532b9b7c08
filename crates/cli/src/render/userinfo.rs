//! The claims of `/userinfo`, as the difference from the ID token.

use std::io;

use postlogin_core::outcome::Outcome;

use super::page::Page;
use super::style::Role;
use super::text;

/// Claims that belong to a token and never to `/userinfo`: their absence is no difference.
const TOKEN_CLAIMS: [&str; 10] = [
    "iss",
    "aud",
    "exp",
    "iat",
    "nbf",
    "auth_time",
    "nonce",
    "sid",
    "at_hash",
    "c_hash",
];

/// The most differences that are shown.
const MOST_DIFFERENCES: usize = 150;

pub(super) fn write(page: &mut Page<'_>, outcome: &Outcome) -> io::Result<()> {
    let userinfo = &outcome.userinfo;
    if userinfo.is_empty() {
        return Ok(());
    }
    let id_token = &outcome.id_token.claims;
    let mut differences = Vec::new();
    for (name, value) in userinfo {
        match id_token.get(name) {
            None => differences.push(format!("+ {name}")),
            Some(other) if other != value => differences.push(format!("~ {name}")),
            Some(_) => {}
        }
    }
    for name in id_token.keys() {
        if !userinfo.contains_key(name) && !TOKEN_CLAIMS.contains(&name.as_str()) {
            differences.push(format!("- {name}"));
        }
    }
    let count = text::counted(userinfo.len(), "claim");
    if differences.is_empty() {
        return page.heading("Userinfo", &format!("{count}, as in the ID token"));
    }
    page.heading("Userinfo", &format!("{count}; beside the ID token:"))?;
    let left_out = differences.len().saturating_sub(MOST_DIFFERENCES);
    differences.truncate(MOST_DIFFERENCES);
    page.paragraph(2, Role::Plain, &differences.join(", "))?;
    page.left_out(2, left_out, "difference")
}
