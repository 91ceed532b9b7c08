//! `api` of custom-token-exchange: which user the subject token stands for.
//!
//! Source: <https://auth0.com/docs/actions/reference/custom-token-exchange/custom-token-exchange-api-object>; checks and texts
//! are those of the vendor's published layer. Each text begins with `Invalid <method> arguments`.

use super::schema::{Schema, Violations};
use super::{Call, Outcome, UNDEFINED};
use crate::json::utf16_length;
use crate::limits::{self, Limit};
use crate::login::transaction::command::{Command, MetadataKind};
use crate::reply::Failure;
use crate::value::Argument;

pub(crate) fn deny(call: &mut Call<'_>) -> Outcome {
    let (code, reason) = (call.arg(0), call.arg(1));
    Violations::default()
        .required("code", code)
        .required("reason", reason)
        .filled("code", code, limits::DENY_CODE_CHARACTERS)
        .filled("reason", reason, limits::DENY_REASON_CHARACTERS)
        .into_result_of("Invalid deny arguments")?;
    let (code, reason) = (code.clone(), reason.clone());
    call.issue(Command::DenyWithCode { code, reason });
    Ok(UNDEFINED)
}

pub(crate) fn reject_invalid_subject_token(call: &mut Call<'_>) -> Outcome {
    let method = "rejectInvalidSubjectToken";
    let reason = one(call, method, "reason", limits::DENY_REASON_CHARACTERS)?;
    call.issue(Command::RejectSubjectToken { reason });
    Ok(UNDEFINED)
}

pub(crate) fn set_user_by_id(call: &mut Call<'_>) -> Outcome {
    let id = one(
        call,
        "setUserById",
        "user_id",
        limits::EXCHANGE_NAME_CHARACTERS,
    )?;
    call.issue(Command::SetUserById { id });
    Ok(UNDEFINED)
}

pub(crate) fn set_organization(call: &mut Call<'_>) -> Outcome {
    let organization = one(
        call,
        "setOrganization",
        "organization_id_or_name",
        limits::EXCHANGE_ORGANIZATION_CHARACTERS,
    )?;
    call.issue(Command::SetOrganization { organization });
    Ok(UNDEFINED)
}

/// Returns the one argument of a method: a string that is not empty.
fn one(call: &Call<'_>, method: &str, name: &str, limit: Limit) -> Result<String, Failure> {
    Violations::default()
        .required(name, call.arg(0))
        .filled(name, call.arg(0), limit)
        .into_result_of(&format!("Invalid {method} arguments"))?;
    Ok(call.arg(0).as_str().unwrap_or_default().to_owned())
}

/// The permitted action of `setUserByConnection` for an unknown user.
const CREATION: &[&str] = &["create_if_not_exists", "none"];

/// The permitted action of `setUserByConnection` for a known user.
const UPDATE: &[&str] = &["replace", "none"];

pub(crate) fn set_user_by_connection(call: &mut Call<'_>) -> Outcome {
    let (connection, attributes, options) = (call.arg(0), call.arg(1), call.arg(2));
    let found = Violations::default()
        .required("connection_name", connection)
        .required("user_attributes", attributes)
        .required("options", options)
        .filled(
            "connection_name",
            connection,
            limits::EXCHANGE_NAME_CHARACTERS,
        );
    let found = check_options(found, options);
    check_attributes(found, attributes).into_result_of("Invalid setUserByConnection arguments")?;
    let command = Command::SetUserByConnection {
        connection: connection.as_str().unwrap_or_default().to_owned(),
        attributes: attributes.clone(),
        options: options.clone(),
    };
    call.issue(command);
    Ok(UNDEFINED)
}

fn check_options(found: Violations, options: &Argument) -> Violations {
    const PATH: &str = "options";
    const CREATION_BEHAVIOR: &str = "creationBehavior";
    const UPDATE_BEHAVIOR: &str = "updateBehavior";
    let (mut found, is_object) = object(found, PATH, options);
    if !is_object {
        return found;
    }
    found = required_in(found, PATH, options, CREATION_BEHAVIOR);
    found = required_in(found, PATH, options, UPDATE_BEHAVIOR);
    for (key, _) in entries(options) {
        if key != CREATION_BEHAVIOR && key != UPDATE_BEHAVIOR {
            found = found.add(PATH, "must NOT have additional properties");
        }
    }
    let behavior = |name: &str| options.property(name);
    found
        .value(
            CREATION_BEHAVIOR,
            behavior(CREATION_BEHAVIOR),
            &Schema::OneOf(CREATION),
        )
        .value(
            UPDATE_BEHAVIOR,
            behavior(UPDATE_BEHAVIOR),
            &Schema::OneOf(UPDATE),
        )
}

/// The attributes that the layer knows; others may have any value.
fn check_attributes(found: Violations, attributes: &Argument) -> Violations {
    const PATH: &str = "user_attributes";
    let (mut found, is_object) = object(found, PATH, attributes);
    if !is_object {
        return found;
    }
    let most = limits::EXCHANGE_ATTRIBUTES;
    if most.exceeded_by(entries(attributes).len()) {
        found = found.add(
            PATH,
            format!("must NOT have more than {} properties", most.value),
        );
    }
    found = required_in(found, PATH, attributes, "user_id");
    let filled = |found: Violations, name: &str, limit: Limit| {
        found.filled(name, attributes.property(name), limit)
    };
    let is = |found: Violations, name: &str, schema: Schema| {
        found.value(name, attributes.property(name), &schema)
    };
    found = filled(found, "user_id", limits::EXCHANGE_USER_ID_CHARACTERS);
    found = is(found, "email", Schema::Text(None));
    found = is(found, "email_verified", Schema::Boolean);
    found = filled(
        found,
        "family_name",
        limits::EXCHANGE_PART_OF_NAME_CHARACTERS,
    );
    found = filled(
        found,
        "given_name",
        limits::EXCHANGE_PART_OF_NAME_CHARACTERS,
    );
    found = filled(found, "name", limits::EXCHANGE_FULL_NAME_CHARACTERS);
    found = filled(found, "nickname", limits::EXCHANGE_FULL_NAME_CHARACTERS);
    found = is(found, "phone_number", Schema::Text(None));
    found = is(found, "phone_verified", Schema::Boolean);
    found = is(found, "picture", Schema::Text(None));
    found = filled(found, "username", limits::EXCHANGE_USERNAME_CHARACTERS);
    is(found, "verify_email", Schema::Boolean)
}

/// Returns whether a value is an object. Anything else is a violation, unless it is missing.
fn object(found: Violations, path: &str, value: &Argument) -> (Violations, bool) {
    match value {
        Argument::Undefined => (found, false),
        value if value.is_plain_object() => (found, true),
        _ => (found.add(path, "must be object"), false),
    }
}

fn required_in(found: Violations, path: &str, object: &Argument, name: &str) -> Violations {
    match object.property(name).is_undefined() {
        true => found.add(path, format!("must have required property '{name}'")),
        false => found,
    }
}

/// The own properties of an object; none for anything else.
fn entries(value: &Argument) -> &[(String, Argument)] {
    match value {
        Argument::Object(entries) => entries,
        _ => &[],
    }
}

pub(crate) fn set_actor(call: &mut Call<'_>) -> Outcome {
    let actor = call.arg(0);
    if !actor.is_plain_object() {
        return Err(Failure::error("The actor must be a plain object."));
    }
    check_actor(actor)?;
    let mut level = actor;
    for _ in 1..limits::ACTOR_LEVELS.value {
        let act = level.property("act");
        if act.is_undefined() {
            break;
        }
        if !act.is_plain_object() {
            return Err(Failure::error("The act claim must be a plain object."));
        }
        check_actor(act)?;
        level = act;
    }
    if !level.property("act").is_undefined() {
        let most = limits::ACTOR_LEVELS.value;
        return Err(Failure::error(format!(
            "Actor nesting must not exceed {most} levels."
        )));
    }
    let actor = actor.clone();
    call.issue(Command::SetActor { actor });
    Ok(UNDEFINED)
}

/// Checks one level of an actor.
fn check_actor(actor: &Argument) -> Result<(), Failure> {
    let Some(sub) = actor.property("sub").as_str().filter(|sub| !sub.is_empty()) else {
        return Err(Failure::error("The actor object must contain a sub claim."));
    };
    if limits::ACTOR_SUB_LENGTH.exceeded_by(utf16_length(sub)) {
        let most = limits::ACTOR_SUB_LENGTH.value;
        return Err(Failure::error(format!(
            "Invalid setActor arguments: sub must NOT have more than {most} characters"
        )));
    }
    let custom = || {
        let all = entries(actor).iter();
        all.filter(|(key, _)| !matches!(key.as_str(), "sub" | "act" | "type"))
    };
    if limits::ACTOR_PROPERTIES.exceeded_by(custom().count()) {
        let most = limits::ACTOR_PROPERTIES.value;
        return Err(Failure::error(format!(
            "No more than {most} custom properties are allowed in the actor object."
        )));
    }
    for (key, value) in custom() {
        check_property(key, value)?;
    }
    Ok(())
}

fn check_property(key: &str, value: &Argument) -> Result<(), Failure> {
    let limit = limits::ACTOR_PROPERTY_LENGTH;
    let is_long = |text: &str| limit.exceeded_by(utf16_length(text));
    let is_allowed = matches!(
        value,
        Argument::String(_)
            | Argument::Bool(_)
            | Argument::Number(_)
            | Argument::NaN
            | Argument::Infinity
            | Argument::NegativeInfinity
    );
    if !is_allowed {
        return Err(Failure::error(
            "Custom property in an actor object must be a string, number, or boolean.",
        ));
    }
    if is_long(key) {
        return Err(Failure::error(format!(
            "Custom property key in an actor object must NOT have more than {} characters.",
            limit.value
        )));
    }
    if value.as_str().is_some_and(is_long) {
        return Err(Failure::error(format!(
            "Custom string property value in an actor object must NOT have more than {} characters.",
            limit.value
        )));
    }
    Ok(())
}

pub(crate) fn set_app_metadata(call: &mut Call<'_>) -> Outcome {
    set_metadata(call, MetadataKind::App, "setAppMetadata")
}

pub(crate) fn set_user_metadata(call: &mut Call<'_>) -> Outcome {
    set_metadata(call, MetadataKind::User, "setUserMetadata")
}

fn set_metadata(call: &mut Call<'_>, kind: MetadataKind, method: &str) -> Outcome {
    let name = call.arg(0);
    Violations::default()
        .required("key", name)
        .value("key", name, &Schema::Text(None))
        .into_result_of(&format!("Invalid {method} arguments"))?;
    call.issue(Command::SetMetadata {
        kind,
        name: name.clone(),
        value: call.arg(1).clone(),
    });
    Ok(UNDEFINED)
}
