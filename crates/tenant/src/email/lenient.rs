//! Variables for Liquid templates, of which every one exists.
//!
//! LiquidJS prints nothing for a variable that there is not, at any depth; the library here would refuse the template.

use std::collections::BTreeMap;

use liquid::model::{
    ArrayView, DisplayCow, KStringCow, ObjectView, ScalarCow, State, Value, ValueView,
};

/// A JSON value, or nothing.
#[derive(Debug)]
pub(super) enum Node {
    Plain(Value),
    List(Vec<Node>),
    Map(BTreeMap<String, Node>),
    Missing,
}

static MISSING: Node = Node::Missing;

impl Node {
    pub(super) fn of(value: &serde_json::Value) -> Self {
        match value {
            serde_json::Value::Null => Self::Missing,
            serde_json::Value::Bool(flag) => Self::Plain(Value::scalar(*flag)),
            serde_json::Value::Number(number) => Self::Plain(match number.as_i64() {
                Some(whole) => Value::scalar(whole),
                None => Value::scalar(number.as_f64().unwrap_or_default()),
            }),
            serde_json::Value::String(text) => Self::Plain(Value::scalar(text.clone())),
            serde_json::Value::Array(items) => Self::List(items.iter().map(Self::of).collect()),
            serde_json::Value::Object(map) => Self::Map(
                map.iter()
                    .map(|(key, value)| (key.clone(), Self::of(value)))
                    .collect(),
            ),
        }
    }

    fn owned(&self) -> Value {
        match self {
            Self::Plain(value) => value.clone(),
            Self::List(items) => Value::Array(items.iter().map(Self::owned).collect()),
            Self::Map(map) => Value::Object(
                map.iter()
                    .map(|(key, node)| (key.clone().into(), node.owned()))
                    .collect(),
            ),
            Self::Missing => Value::Nil,
        }
    }
}

impl ValueView for Node {
    fn as_debug(&self) -> &dyn std::fmt::Debug {
        self
    }

    fn render(&self) -> DisplayCow<'_> {
        match self {
            Self::Plain(value) => value.render(),
            other => DisplayCow::Owned(Box::new(other.owned().render().to_string())),
        }
    }

    fn source(&self) -> DisplayCow<'_> {
        DisplayCow::Owned(Box::new(self.owned().source().to_string()))
    }

    fn type_name(&self) -> &'static str {
        match self {
            Self::Plain(value) => value.type_name(),
            Self::List(_) => "array",
            Self::Map(_) => "object",
            Self::Missing => "nil",
        }
    }

    fn query_state(&self, state: State) -> bool {
        match (self, state) {
            (Self::Plain(value), state) => value.query_state(state),
            (Self::Missing, State::Truthy) => false,
            (Self::Missing, _) => true,
            (_, State::Truthy) => true,
            (Self::List(items), _) => items.is_empty(),
            (Self::Map(map), _) => map.is_empty(),
        }
    }

    fn to_kstr(&self) -> KStringCow<'_> {
        match self {
            Self::Plain(value) => value.to_kstr(),
            other => KStringCow::from_string(other.owned().to_kstr().to_string()),
        }
    }

    fn to_value(&self) -> Value {
        self.owned()
    }

    fn as_scalar(&self) -> Option<ScalarCow<'_>> {
        match self {
            Self::Plain(value) => value.as_scalar(),
            _ => None,
        }
    }

    fn as_array(&self) -> Option<&dyn ArrayView> {
        match self {
            Self::List(items) => Some(items),
            _ => None,
        }
    }

    fn as_object(&self) -> Option<&dyn ObjectView> {
        matches!(self, Self::Map(_) | Self::Missing).then_some(self as &dyn ObjectView)
    }

    fn is_nil(&self) -> bool {
        matches!(self, Self::Missing)
    }
}

impl Node {
    fn entries(&self) -> impl Iterator<Item = (&String, &Node)> {
        match self {
            Self::Map(map) => Some(map.iter()),
            _ => None,
        }
        .into_iter()
        .flatten()
    }
}

impl ObjectView for Node {
    fn as_value(&self) -> &dyn ValueView {
        self
    }

    fn size(&self) -> i64 {
        i64::try_from(self.entries().count()).unwrap_or(i64::MAX)
    }

    fn keys<'k>(&'k self) -> Box<dyn Iterator<Item = KStringCow<'k>> + 'k> {
        Box::new(self.entries().map(|(key, _)| key.as_str().into()))
    }

    fn values<'k>(&'k self) -> Box<dyn Iterator<Item = &'k dyn ValueView> + 'k> {
        Box::new(self.entries().map(|(_, node)| node as &dyn ValueView))
    }

    fn iter<'k>(&'k self) -> Box<dyn Iterator<Item = (KStringCow<'k>, &'k dyn ValueView)> + 'k> {
        Box::new(
            self.entries()
                .map(|(key, node)| (key.as_str().into(), node as &dyn ValueView)),
        )
    }

    fn contains_key(&self, _: &str) -> bool {
        true
    }

    fn get<'s>(&'s self, index: &str) -> Option<&'s dyn ValueView> {
        let found = match self {
            Self::Map(map) => map.get(index),
            _ => None,
        };
        Some(found.unwrap_or(&MISSING))
    }
}
