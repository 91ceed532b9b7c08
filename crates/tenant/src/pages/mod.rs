//! The pages that users see: plain HTML, no scripts. [`maud`] escapes every string in them.

pub(crate) mod form;
pub(crate) mod index;
pub(crate) mod login;
pub(crate) mod mfa;
pub(crate) mod provider;

use maud::{DOCTYPE, Markup, PreEscaped, html};

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;background:#f4f4f6;margin:0}main{max-width:26rem;margin:4rem auto;background:#fff;padding:2rem;border-radius:8px;box-shadow:0 1px 4px #0002}main.wide{max-width:60rem}h1{font-size:1.4rem;margin-top:0}input,button,select,textarea,a.button{font:inherit;box-sizing:border-box;width:100%;padding:.5rem;margin:.3rem 0;border:1px solid #bbb;border-radius:4px}button{background:#2a4dd0;color:#fff;border:0;cursor:pointer}a.button{display:block;color:#223;text-align:center;text-decoration:none}textarea{font-family:ui-monospace,monospace;min-height:9rem}button.user{background:#eef;color:#223;text-align:left}label{display:block;margin-top:.5rem}.error{color:#b00020}.note{color:#555;font-size:.9rem}code{overflow-wrap:anywhere}table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.3rem .6rem .3rem 0;vertical-align:top}";

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
                style { (PreEscaped(STYLE)) }
            }
            body { main class=[class] { (body) } }
        }
    }
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
