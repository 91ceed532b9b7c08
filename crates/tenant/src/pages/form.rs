//! The page for `api.prompt.render`. A Form's own design is not in an export; its fields are asked for by name.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use maud::html;
use postlogin_core::{ResumeStep, Suspension};
use serde_json::{Map, Value};

use super::login::require_browser;
use super::{hidden, layout};
use crate::http::{Call, page_towards};
use crate::oauth::OAuthError;
use crate::oauth::finish::error_page;
use crate::oauth::resume::go_on;
use crate::oauth::waiting::{Waiting, look, take};
use crate::state::Tenant;

/// The prefix of a form's field names, so that none is taken for `state`.
const FIELD: &str = "field.";

pub(crate) async fn form(State(tenant): State<Arc<Tenant>>, call: Call) -> Response {
    let closed = || {
        error_page(&OAuthError::invalid_request(
            "This page belongs to no login that shows a form.",
        ))
    };
    let state = call.field("state").unwrap_or_default().to_owned();
    let (id, fields, flow) = match look(&tenant, &state) {
        Ok(Some(Waiting {
            suspension: Suspension::Prompt { id, fields, .. },
            flow,
            ..
        })) => (id, fields, flow),
        Ok(_) => return closed(),
        Err(error) => return error_page(&error),
    };
    let Some(login) = &flow.login else {
        return closed();
    };
    if let Err(error) = require_browser(&tenant, &call, login) {
        return error_page(&error);
    }
    if call.method != Method::POST {
        return form_page(&state, &id, &fields, &login.request.redirect_uri);
    }
    let mut filled = Map::new();
    for (name, value) in call.body_map() {
        if let Some(name) = name.strip_prefix(FIELD) {
            filled.insert(name.to_owned(), value);
        }
    }
    if let Some(name) = call.body_field("more_name") {
        filled.insert(
            name.to_owned(),
            call.body_field("more_value").unwrap_or_default().into(),
        );
    }
    match take(&tenant, &state) {
        Ok(Some(waiting)) => {
            go_on(
                &tenant,
                waiting,
                ResumeStep::Continue {
                    query: Map::new(),
                    body: filled,
                },
            )
            .await
        }
        Ok(None) => closed(),
        Err(error) => error_page(&error),
    }
}

fn form_page(state: &str, id: &str, fields: &Map<String, Value>, callback: &str) -> Response {
    let body = html! {
        h1 { "Form " code { (id) } }
        p.note {
            "The form's design is not part of an export. These are the fields that the Action gave."
        }
        form method="post" action="/u/form" {
            (hidden("state", state))
            @for (name, value) in fields {
                label {
                    (name)
                    input name={ (FIELD) (name) } value=(shown(value));
                }
            }
            label {
                "One more field"
                input name="more_name" placeholder="name";
                input name="more_value" placeholder="value";
            }
            button { "Continue" }
        }
    };
    page_towards(StatusCode::OK, layout("Form", &body), &[callback])
}

/// A string as it is, anything else as JSON.
fn shown(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}
