//! Who asks with a request that is refused.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

/// The longest `id` that comes back, in bytes.
const LONGEST: usize = 1_000;

/// Returns the `id`, a number or a string, of a request that may break off or be wrong anywhere. The rest is skipped, not stored:
/// it may be what is too large.
pub(super) fn id_of(line: &[u8]) -> Value {
    let mut id = Value::Null;
    let mut deserializer = serde_json::Deserializer::from_slice(line);
    // What was found before the request went wrong is enough.
    let _ = Asked(&mut id).deserialize(&mut deserializer);
    id
}

struct Asked<'i>(&'i mut Value);

impl<'de> DeserializeSeed<'de> for Asked<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Asked<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a request")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<Value>()? {
            if key == "id" {
                map.next_value_seed(Id(self.0))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

/// A number or a short string; anything else is skipped.
struct Id<'i>(&'i mut Value);

impl<'de> DeserializeSeed<'de> for Id<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Id<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an id")
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        *self.0 = value.into();
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        *self.0 = value.into();
        Ok(())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        *self.0 = value.into();
        Ok(())
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        if value.len() <= LONGEST {
            *self.0 = value.into();
        }
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::id_of;

    #[test]
    fn who_asks_is_known_as_far_as_it_was_said() {
        let long = format!("{{\"id\": \"{}\", \"a\": 1}}", "x".repeat(2_000));
        for (line, expected) in [
            ("{\"id\": 7, \"event\": {\"a", json!(7)),
            ("{\"id\": -1.5}", json!(-1.5)),
            (
                "{\"event\": {\"id\": 1}, \"id\": \"seven\"} trailing",
                json!("seven"),
            ),
            ("{\"id\": [1, {\"id\": 2}], \"x\": 1}", Value::Null),
            ("{\"id\": {\"id\": 2}}", Value::Null),
            ("{\"id\": true}", Value::Null),
            ("{\"event\": \"cut off, \\\"id\\\": 3", Value::Null),
            ("[{\"id\": 3}]", Value::Null),
            ("", Value::Null),
            (&long, Value::Null),
        ] {
            assert_eq!(id_of(line.as_bytes()), expected, "{line}");
        }
        assert_eq!(id_of(b"{\"id\": 3, \"x\": \"\xff"), 3);
    }
}
