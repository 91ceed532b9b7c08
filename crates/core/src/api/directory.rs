//! `api.groups` and `api.roles`: what the tenant knows about the user, as promises.

use serde_json::{Map, Value, json};

use super::Call;
use crate::derive::hex_id;
use crate::json;
use crate::reply::Failure;
use crate::value::Argument;

type Later = Result<Argument, Failure>;

pub(crate) fn user_groups(call: &mut Call<'_>) -> Later {
    let page = Page::of(call.arg(0))?;
    Ok(page.cut("groups", call.flow.input.tenant.groups.clone()))
}

pub(crate) fn effective_roles(call: &mut Call<'_>) -> Later {
    let page = Page::of(call.arg(0))?;
    Ok(page.cut("roles", roles(call)))
}

pub(crate) fn group_membership(call: &mut Call<'_>) -> Later {
    let asked = names(call.arg(0), "groups")?;
    let mut memberships = Map::new();
    for name in asked {
        let groups = &call.flow.input.tenant.groups;
        let matches: Vec<Value> = groups
            .iter()
            .filter(|group| is_called(group, &name))
            .cloned()
            .collect();
        let answer = if matches.is_empty() {
            json!({"is_member": false})
        } else {
            json!({"is_member": true, "matches": matches})
        };
        memberships.insert(name, answer);
    }
    Ok(Argument::from(&json!({"memberships": memberships})))
}

pub(crate) fn roles_by_ids(call: &mut Call<'_>) -> Later {
    let asked = names(call.arg(0), "ids")?;
    let roles = roles(call)
        .into_iter()
        .filter(|role| json::text_at(role, &["id"]).is_some_and(|id| has(&asked, id)));
    Ok(Argument::from(&json!({"roles": roles.collect::<Vec<_>>()})))
}

pub(crate) fn roles_by_names(call: &mut Call<'_>) -> Later {
    let asked = names(call.arg(0), "names")?;
    let roles = roles(call)
        .into_iter()
        .filter(|role| json::text_at(role, &["name"]).is_some_and(|name| has(&asked, name)));
    Ok(Argument::from(&json!({"roles": roles.collect::<Vec<_>>()})))
}

fn has(asked: &[String], name: &str) -> bool {
    asked.iter().any(|asked| asked == name)
}

fn is_called(group: &Value, name: &str) -> bool {
    json::text_at(group, &["id"]) == Some(name) || json::text_at(group, &["name"]) == Some(name)
}

/// The user's roles: those of the tenant that the event names, and an invented id for one that the tenant lacks.
fn roles(call: &Call<'_>) -> Vec<Value> {
    let login = &call.flow.input;
    let names = json::texts_at(&login.event, &["authorization", "roles"]);
    let known = |name: &String| {
        let role = login
            .tenant
            .roles
            .iter()
            .find(|role| json::text_at(role, &["name"]) == Some(name))
            .cloned();
        role.unwrap_or_else(|| json!({"id": format!("rol_{}", hex_id(0, name, 16)), "name": name, "type": "tenant"}))
    };
    names.iter().map(known).collect()
}

/// Which part of a list is wanted.
struct Page {
    from: usize,
    take: usize,
}

impl Page {
    fn of(argument: &Argument) -> Result<Page, Failure> {
        if matches!(argument, Argument::Null) {
            return Err(Failure::type_error(
                "Cannot destructure property 'from' of 'object null' as it is null.",
            ));
        }
        let from = match argument.property("from") {
            Argument::Undefined => 0,
            // The cursor that an earlier page gave as `next`; any other text starts at the beginning.
            Argument::String(cursor) => cursor.parse().unwrap_or(0),
            _ => {
                return Err(Failure::error(
                    "The \"from\" parameter must be a string if provided.",
                ));
            }
        };
        let refused =
            || Failure::error("The \"take\" parameter must be a positive integer if provided.");
        let take = match argument.property("take") {
            Argument::Undefined => 50,
            Argument::Number(number) => {
                let take = number
                    .as_f64()
                    .filter(|take| *take > 0.0 && take.fract() == 0.0)
                    .ok_or_else(refused)?;
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "positive; saturates"
                )]
                let take = take as usize;
                take
            }
            _ => return Err(refused()),
        };
        Ok(Page { from, take })
    }

    fn cut(&self, name: &str, all: Vec<Value>) -> Argument {
        let end = self.from.saturating_add(self.take);
        let more = end < all.len();
        let page: Vec<Value> = all.into_iter().skip(self.from).take(self.take).collect();
        let mut answer = Map::new();
        answer.insert(name.to_owned(), Value::Array(page));
        if more {
            answer.insert("next".to_owned(), Value::String(end.to_string()));
        }
        Argument::from(&Value::Object(answer))
    }
}

/// The items of a non-empty array as texts; the layer does not check their types.
fn names(argument: &Argument, parameter: &str) -> Result<Vec<String>, Failure> {
    match argument {
        Argument::Array(items) if !items.is_empty() => Ok(items
            .iter()
            .filter_map(|item| item.coerce_to_string().ok())
            .collect()),
        _ => Err(Failure::error(format!(
            "The \"{parameter}\" parameter must be a non-empty array of strings."
        ))),
    }
}
