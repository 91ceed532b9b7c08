//! The pages that users see: plain HTML, no scripts. [`maud`] escapes every string in them.

pub(crate) mod consent;
pub(crate) mod forgotten;
pub(crate) mod form;
pub(crate) mod index;
mod invited;
pub(crate) mod login;
pub(crate) mod mfa;
pub(crate) mod organization;
pub(crate) mod passwordless;
mod picker;
pub(crate) mod provider;

use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde_json::Value;

use crate::http::text;
use crate::state::Tenant;

const STYLE: &str = ":root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;background:#f4f4f6;margin:0}main{max-width:26rem;margin:4rem auto;background:#fff;padding:2rem;border-radius:8px;box-shadow:0 1px 4px #0002}main.wide{max-width:60rem}h1{font-size:1.4rem;margin-top:0}input,button,select,textarea,a.button{font:inherit;box-sizing:border-box;width:100%;padding:.5rem;margin:.3rem 0;border:1px solid #bbb;border-radius:4px}button{background:#2a4dd0;color:#fff;border:0;cursor:pointer}a.button{display:block;color:#223;text-align:center;text-decoration:none}textarea{font-family:ui-monospace,monospace;min-height:9rem}button.user{background:#eef;color:#223;text-align:left}label{display:block;margin-top:.5rem}.error{color:#b00020}.note{color:#555;font-size:.9rem}code{overflow-wrap:anywhere}table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.3rem .6rem .3rem 0;vertical-align:top}:focus-visible{outline:3px solid #7a9cff;outline-offset:1px}.apart{margin-top:2rem;border-top:1px solid #8884;padding-top:1rem}.policy{white-space:pre-line}@media(prefers-color-scheme:dark){body{background:#15161a;color:#e6e6ea}main{background:#202228;box-shadow:none}input,select,textarea{background:#15161a;color:inherit}a{color:#9db4ff}a.button,button.user{background:#2c3040;color:#e6e6ea}.error{color:#ff8a93}.note{color:#aab}}";

/// The icon of the pages, a key.
const ICON: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Crect width='16' height='16' rx='3' fill='%232a4dd0'/%3E%3Cpath d='M6 8a2.2 2.2 0 1 0-2.2 2.2A2.2 2.2 0 0 0 6 8h7v2m-2-2v1.5' fill='none' stroke='%23fff' stroke-width='1.4'/%3E%3C/svg%3E";

/// Returns the icon as SVG.
pub(crate) fn icon() -> String {
    let encoded = ICON.split_once(',').map_or("", |(_, data)| data);
    encoded
        .replace("%3C", "<")
        .replace("%3E", ">")
        .replace("%23", "#")
}

/// Returns a page with this body.
pub(crate) fn layout(title: &str, body: &Markup) -> Markup {
    framed(title, None, body)
}

/// Returns a page with more room.
pub(crate) fn wide(title: &str, body: &Markup) -> Markup {
    framed(title, Some("wide"), body)
}

fn framed(title: &str, class: Option<&str>, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width";
                title { (title) }
                link rel="icon" href=(ICON);
                style { (PreEscaped(STYLE)) }
            }
            body { main class=[class] { (body) } }
        }
    }
}

/// The name of the tenant that people read: its friendly name, else its own.
pub(crate) fn tenant_name(tenant: &Tenant) -> &str {
    let friendly = tenant.catalog.settings.get("friendly_name");
    let friendly = friendly
        .and_then(Value::as_str)
        .filter(|name| !name.is_empty());
    friendly.unwrap_or(&tenant.name)
}

/// The name of a connection that people read: its display name, else that of a well-known provider, else its own.
pub(crate) fn connection_name(connection: &Value) -> &str {
    let name = text(connection, "name").unwrap_or_default();
    let known = match text(connection, "strategy").unwrap_or_default() {
        "google-oauth2" | "google-apps" => "Google",
        "github" => "GitHub",
        "facebook" => "Facebook",
        "apple" => "Apple",
        "windowslive" => "Microsoft Account",
        "twitter" => "X",
        "linkedin" => "LinkedIn",
        "bitbucket" => "Bitbucket",
        "gitlab" => "GitLab",
        "slack" => "Slack",
        "amazon" => "Amazon",
        "paypal" => "PayPal",
        "salesforce" => "Salesforce",
        _ => name,
    };
    text(connection, "display_name")
        .filter(|name| !name.is_empty())
        .unwrap_or(known)
}

/// Returns a hidden field.
pub(crate) fn hidden(name: &str, value: &str) -> Markup {
    html! { input type="hidden" name=(name) value=(value); }
}

/// Returns a paragraph about what went wrong, or nothing.
pub(crate) fn problem(text: Option<&str>) -> Markup {
    html! {
        @if let Some(text) = text { p.error role="alert" { (text) } }
    }
}
