//! `api.samlResponse`: attributes and settings of a SAML or WS-Federation response.

use super::schema::{Schema, Violations};
use super::{Call, Outcome};
use crate::json;
use crate::limits::{
    Limit, SAML_ATTRIBUTE_NAME_CHARACTERS, SAML_ATTRIBUTES_BYTES, SAML_PROBES,
    SAML_SHORT_CHARACTERS, SAML_VALUE_CHARACTERS,
};
use crate::login::transaction::command::Command;
use crate::measure;
use crate::reply::{Failure, Returned};
use crate::value::Argument;

/// Sets a text of limited length.
pub(crate) fn text(call: &mut Call<'_>, key: &'static str, limit: Limit) -> Outcome {
    set(call, key, &Schema::text(limit))
}

/// Sets a switch.
pub(crate) fn switch(call: &mut Call<'_>, key: &'static str) -> Outcome {
    set(call, key, &Schema::Boolean)
}

/// Sets one of some words.
pub(crate) fn word(
    call: &mut Call<'_>,
    key: &'static str,
    words: &'static [&'static str],
) -> Outcome {
    set(call, key, &Schema::OneOf(words))
}

/// The only setting with a value of its own for an argument that was not passed.
pub(crate) fn set_name_identifier_format(call: &mut Call<'_>) -> Outcome {
    const KEY: &str = "nameIdentifierFormat";
    if call.arg(0).is_undefined() {
        let format = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified";
        call.issue(Command::SetSamlConfiguration {
            key: KEY,
            value: Argument::String(format.to_owned()),
        });
        return Ok(Returned::Api);
    }
    text(call, KEY, SAML_SHORT_CHARACTERS)
}

pub(crate) fn set_lifetime(call: &mut Call<'_>) -> Outcome {
    set(call, "lifetimeInSeconds", &Schema::Number)
}

pub(crate) fn set_probes(call: &mut Call<'_>) -> Outcome {
    let probe = Box::new(Schema::text(SAML_SHORT_CHARACTERS));
    set(
        call,
        "nameIdentifierProbes",
        &Schema::List(SAML_PROBES, probe),
    )
}

fn set(call: &mut Call<'_>, key: &'static str, schema: &Schema) -> Outcome {
    let value = call.arg(0);
    Violations::default()
        .value(key, value, schema)
        .into_result()?;
    call.issue(Command::SetSamlConfiguration {
        key,
        value: value.clone(),
    });
    Ok(Returned::Api)
}

pub(crate) fn set_attribute(call: &mut Call<'_>) -> Outcome {
    let name = call.arg(0);
    let value = match call.arg(1) {
        Argument::Undefined => &Argument::Null,
        value => value,
    };
    let bytes = size(name, value)?;
    if SAML_ATTRIBUTES_BYTES.exceeded_by(bytes) {
        let text = "The total size of the SAML attributes exceeds the limit of";
        return Err(Failure::error(format!(
            "{text} {} bytes.",
            SAML_ATTRIBUTES_BYTES.value
        )));
    }
    let found = Violations::default().required("attribute", name);
    let found = found.value(
        "attribute",
        name,
        &Schema::text(SAML_ATTRIBUTE_NAME_CHARACTERS),
    );
    check_value(found, value).into_result()?;
    let (name, value) = (name.as_str().unwrap_or_default().to_owned(), value.clone());
    let subject = format!("The SAML attribute `{name}`");
    call.flow.measure(measure::SAML_ATTRIBUTES, &subject, bytes);
    call.issue(Command::SetSamlAttribute { name, value });
    Ok(Returned::Api)
}

/// The size of `{[name]: value}` as JSON.
fn size(name: &Argument, value: &Argument) -> Result<usize, Failure> {
    let object = Argument::Object(vec![(
        name.coerce_to_string().unwrap_or_default(),
        value.clone(),
    )]);
    let object = object
        .to_json()
        .map_err(|not_json| Failure::type_error(not_json.message()))?;
    Ok(object.as_ref().map_or(0, json::size))
}

fn check_value(found: Violations, value: &Argument) -> Violations {
    match value {
        Argument::Null | Argument::Bool(_) | Argument::Number(_) => found,
        Argument::String(text) => found.characters("value", text, Some(SAML_VALUE_CHARACTERS)),
        Argument::Array(items) => items
            .iter()
            .enumerate()
            .fold(found, |found, (index, item)| {
                let path = index.to_string();
                match item {
                    Argument::Bool(_) | Argument::Number(_) => found,
                    Argument::String(text) => {
                        found.characters(&path, text, Some(SAML_VALUE_CHARACTERS))
                    }
                    _ => found.add(&path, "must be string,number,boolean"),
                }
            }),
        _ => found.add("value", "must be string,number,boolean,null,array"),
    }
}
