//! The tables of event properties as trees, one for each trigger.

use std::collections::HashMap;
use std::sync::LazyLock;

/// The type of a property's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An object without other properties than the listed ones.
    Object,
    /// An object that may have any property; the listed ones have their types.
    Dictionary,
    /// A dictionary of strings.
    Strings,
    /// A string.
    String,
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// An array of strings.
    StringArray,
    /// An array of objects, each open like a dictionary.
    ObjectArray,
}

/// A property of the event.
#[derive(Debug)]
pub struct Field {
    /// The last part of the path.
    pub name: &'static str,
    /// The type of its value.
    pub kind: Kind,
    /// It may be absent (and then a captured event may say `null`).
    pub optional: bool,
    /// The closed list of values, if there is one.
    pub allowed: Vec<&'static str>,
    /// One line about it; may be empty.
    pub note: &'static str,
    /// The listed properties, of the items for an array.
    pub children: Vec<Field>,
}

impl Field {
    /// The listed property `name`.
    pub fn child(&self, name: &str) -> Option<&Field> {
        self.children.iter().find(|child| child.name == name)
    }

    /// Other properties than the listed ones are mistakes.
    pub fn is_closed(&self) -> bool {
        self.kind == Kind::Object
    }
}

/// Declares the event of each trigger, which a table of its properties describes.
macro_rules! events {
    ($($name:ident: $file:literal;)*) => {$(
        #[doc = concat!("Returns the event that `", $file, "` describes: a closed object.")]
        pub fn $name() -> &'static Field {
            static EVENT: LazyLock<Field> = LazyLock::new(|| build(include_str!($file)));
            &EVENT
        }
    )*

        /// The events with the tables that they are made of.
        #[cfg(test)]
        const ALL: &[(fn() -> &'static Field, &str)] = &[$(($name, include_str!($file))),*];
    };
}

events! {
    credentials_exchange: "credentials-exchange.tsv";
    custom_email_provider: "custom-email-provider.tsv";
    custom_phone_provider: "custom-phone-provider.tsv";
    custom_token_exchange: "custom-token-exchange.tsv";
    event_stream: "event-stream.tsv";
    password_reset_post_challenge: "password-reset-post-challenge.tsv";
    post_change_password: "post-change-password.tsv";
    post_login: "post-login.tsv";
    post_user_registration: "post-user-registration.tsv";
    pre_user_registration: "pre-user-registration.tsv";
    send_phone_message: "send-phone-message.tsv";
}

type Row = (&'static str, Field);

fn build(table: &'static str) -> Field {
    // Rows may stand in any order: a parent may follow its children.
    let mut by_parent: HashMap<&str, Vec<Row>> = HashMap::new();
    for (path, parent, field) in table.lines().skip(1).filter_map(parse_row) {
        by_parent.entry(parent).or_default().push((path, field));
    }
    let children = attach("event", &mut by_parent);
    Field {
        name: "event",
        kind: Kind::Object,
        optional: false,
        allowed: Vec::new(),
        note: "",
        children,
    }
}

fn attach(path: &str, by_parent: &mut HashMap<&str, Vec<Row>>) -> Vec<Field> {
    let rows = by_parent.remove(path).unwrap_or_default();
    rows.into_iter()
        .map(|(path, mut field)| {
            field.children = attach(path, by_parent);
            field
        })
        .collect()
}

/// The columns: path, type, `optional`, allowed values, note. Items of arrays are named by `[]`.
fn parse_row(line: &'static str) -> Option<(&'static str, &'static str, Field)> {
    let mut columns = line.split('\t');
    let path = columns.next()?;
    let kind = match columns.next()? {
        "object" => Kind::Object,
        "dictionary" => Kind::Dictionary,
        "secrets" => Kind::Strings,
        "string" => Kind::String,
        "number" => Kind::Number,
        "boolean" => Kind::Boolean,
        "array of string" => Kind::StringArray,
        "array of objects" => Kind::ObjectArray,
        _ => return None,
    };
    let optional = columns.next()? == "optional";
    let allowed = columns
        .next()?
        .split(", ")
        .filter(|value| !value.is_empty())
        .collect();
    let note = columns.next()?;
    let (parent, name) = path.rsplit_once('.')?;
    let parent = parent.strip_suffix("[]").unwrap_or(parent);
    Some((
        path,
        parent,
        Field {
            name,
            kind,
            optional,
            allowed,
            note,
            children: Vec::new(),
        },
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(field: &Field) -> usize {
        1 + field.children.iter().map(count).sum::<usize>()
    }

    #[test]
    fn every_row_is_in_the_tree() {
        for (event, table) in ALL {
            let rows = table.lines().count() - 1;
            assert_eq!(
                count(event()) - 1,
                rows,
                "a row is malformed, or its parent is missing"
            );
        }
    }

    #[test]
    fn always_present_properties() {
        let always: Vec<_> = post_login()
            .children
            .iter()
            .filter(|field| !field.optional)
            .map(|field| field.name)
            .collect();
        assert_eq!(
            always,
            [
                "client",
                "connection",
                "request",
                "secrets",
                "stats",
                "tenant",
                "user"
            ]
        );
    }
}
