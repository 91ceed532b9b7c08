//! TOML, with the place of every value.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use serde_json::{Number, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::node::{Entry, Node, NodeValue, Place, Source};
use crate::files::Lines;
use crate::{Error, Result};

pub(super) fn parse_placed(text: &str, source: &Arc<Source>) -> Result<Node> {
    let places = Places {
        lines: Lines::of(text),
        source,
    };
    let table = DeTable::parse(text).map_err(|error| {
        let explained = Error::new(error.message().trim().replace('\n', ", "));
        match error.span() {
            Some(span) => {
                let place = places.of(&span);
                explained.at(place.line, place.column)
            }
            None => explained,
        }
    })?;
    Ok(Node {
        place: places.of(&(0..0)),
        value: places.table(table.get_ref()),
    })
}

struct Places<'a> {
    lines: Lines<'a>,
    source: &'a Arc<Source>,
}

impl Places<'_> {
    fn of(&self, span: &Range<usize>) -> Place {
        let (line, column) = self.lines.at(span.start);
        Place {
            source: Arc::clone(self.source),
            line,
            column,
        }
    }

    fn table(&self, table: &DeTable<'_>) -> NodeValue {
        // The parser sorts keys; people read them in the order of the file.
        let mut entries: Vec<(&Spanned<Cow<'_, str>>, &Spanned<DeValue<'_>>)> =
            table.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        let entry = |(key, value): (&Spanned<Cow<'_, str>>, &Spanned<DeValue<'_>>)| Entry {
            key: key.get_ref().clone().into_owned(),
            place: self.of(&key.span()),
            value: self.node(value),
        };
        NodeValue::Object(entries.into_iter().map(entry).collect())
    }

    fn node(&self, value: &Spanned<DeValue<'_>>) -> Node {
        let scalar = |value: Value| NodeValue::scalar(value);
        let read = match value.get_ref() {
            DeValue::String(text) => scalar(text.as_ref().into()),
            DeValue::Boolean(value) => scalar((*value).into()),
            DeValue::Integer(number) => {
                let parsed = i64::from_str_radix(number.as_str(), number.radix()).ok();
                scalar(parsed.map_or(Value::Null, Value::from))
            }
            DeValue::Float(number) => {
                let parsed = number.as_str().parse().ok().and_then(Number::from_f64);
                scalar(parsed.map_or(Value::Null, Value::Number))
            }
            DeValue::Datetime(time) => scalar(time.to_string().into()),
            DeValue::Array(items) => {
                NodeValue::List(items.iter().map(|item| self.node(item)).collect())
            }
            DeValue::Table(table) => self.table(table),
        };
        Node {
            place: self.of(&value.span()),
            value: read,
        }
    }
}
