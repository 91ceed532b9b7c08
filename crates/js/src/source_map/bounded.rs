//! Lists of a document of which no more is kept than is used: an empty text of two bytes takes twelve times as much in memory.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, IgnoredAny, SeqAccess, Visitor};

/// The first `MOST` items of a list.
#[derive(Debug)]
pub(super) struct Bounded<T, const MOST: usize> {
    items: Vec<T>,
    is_cut_off: bool,
}

impl<T, const MOST: usize> Default for Bounded<T, MOST> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            is_cut_off: false,
        }
    }
}

impl<T, const MOST: usize> Bounded<T, MOST> {
    /// Returns the items; `None` when there are more of them than are kept.
    pub(super) fn all(self) -> Option<Vec<T>> {
        (!self.is_cut_off).then_some(self.items)
    }
}

/// Returns those that are kept.
impl<T, const MOST: usize> IntoIterator for Bounded<T, MOST> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.into_iter()
    }
}

impl<'de, T: Deserialize<'de>, const MOST: usize> Deserialize<'de> for Bounded<T, MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Items(PhantomData))
    }
}

struct Items<T, const MOST: usize>(PhantomData<T>);

impl<'de, T: Deserialize<'de>, const MOST: usize> Visitor<'de> for Items<T, MOST> {
    type Value = Bounded<T, MOST>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut bounded = Bounded::default();
        while bounded.items.len() < MOST {
            match list.next_element()? {
                Some(item) => bounded.items.push(item),
                None => return Ok(bounded),
            }
        }
        while list.next_element::<IgnoredAny>()?.is_some() {
            bounded.is_cut_off = true;
        }
        Ok(bounded)
    }
}
