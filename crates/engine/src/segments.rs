//! Fewer data segments for components that Wizer made.
//!
//! Wizer writes ten thousand segments for an engine's memory, one for each stretch without zeros, and keeps the emptied
//! ones of its input. wasmtime gives every instance a slot for each segment, also when memory is mapped copy-on-write
//! and no segment is ever copied: that cost more than the rest of making a sandbox.

use std::{collections::BTreeMap, ops::Range};

use anyhow::{Context, bail};
use wasm_encoder::{
    Component, ConstExpr, DataSection, Module, ModuleSection, NestedComponentSection, RawSection,
};
use wasmparser::{DataKind, DataSectionReader, Encoding, Operator, Parser, Payload};

/// Zeros in a row that are worth a segment of their own: a page, the unit in which memory is mapped.
const GAP: usize = 4096;

/// No memory of a guest reaches beyond.
const MOST: usize = 1 << 30;

/// The same component, with the initial memory of each module in as few segments as sensible.
///
/// # Errors
/// When the bytes are no component, or a segment lies beyond what a guest may have.
pub(crate) fn merge(component: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut open: Vec<Level> = Vec::new();
    for payload in Parser::new(0).parse_all(component) {
        let payload = payload?;
        match &payload {
            Payload::Version { encoding, .. } => open.push(match encoding {
                Encoding::Module => Level::module(Module::new()),
                Encoding::Component => Level::Component(Component::new()),
            }),
            // What they hold comes next.
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => {}
            Payload::End(_) => {
                let closed = open.pop().context("an end without a beginning")?;
                match open.last_mut() {
                    Some(parent) => parent.nest(&closed)?,
                    None => return Ok(closed.finish()),
                }
            }
            payload => {
                let level = open.last_mut().context("a section outside of everything")?;
                level.add(component, payload)?;
            }
        }
    }
    bail!("the component has no end")
}

/// A module or component that is being written.
pub(crate) enum Level {
    Module(Module, Named),
    Component(Component),
}

/// Whether code may name segments, which takes a section that counts them.
pub(crate) struct Named(bool);

impl Level {
    /// A module in which code is not known to name segments.
    pub(crate) fn module(module: Module) -> Self {
        Self::Module(module, Named(false))
    }

    fn add(&mut self, bytes: &[u8], payload: &Payload<'_>) -> anyhow::Result<()> {
        match (&mut *self, payload) {
            // The names of functions: half a megabyte for an engine, and nobody reads them.
            (Self::Module(..), Payload::CustomSection(section)) if section.name() == "name" => {
                return Ok(());
            }
            (Self::Module(_, named), Payload::DataCountSection { .. }) => named.0 = true,
            (Self::Module(module, Named(false)), Payload::DataSection(segments)) => {
                if let Some(merged) = merged(segments.clone())? {
                    module.section(&merged);
                    return Ok(());
                }
            }
            _ => {}
        }
        self.copy(bytes, payload)
    }

    /// Adds a section as it is.
    pub(crate) fn copy(&mut self, bytes: &[u8], payload: &Payload<'_>) -> anyhow::Result<()> {
        // Functions were passed on with their section.
        let Some((id, range)) = payload.as_section() else {
            return Ok(());
        };
        let data = bytes.get(range).context("a section is cut off")?;
        let section = RawSection { id, data };
        match self {
            Self::Module(module, _) => {
                module.section(&section);
            }
            Self::Component(component) => {
                component.section(&section);
            }
        }
        Ok(())
    }

    /// Adds a section to a module.
    pub(crate) fn section(&mut self, section: &DataSection) -> anyhow::Result<()> {
        let Self::Module(module, _) = self else {
            bail!("a component holds no data")
        };
        module.section(section);
        Ok(())
    }

    pub(crate) fn nest(&mut self, inner: &Level) -> anyhow::Result<()> {
        let Self::Component(outer) = self else {
            bail!("a module holds no modules")
        };
        match inner {
            Self::Module(module, _) => outer.section(&ModuleSection(module)),
            Self::Component(component) => outer.section(&NestedComponentSection(component)),
        };
        Ok(())
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        match self {
            Self::Module(module, _) => module.finish(),
            Self::Component(component) => component.finish(),
        }
    }
}

/// The segments of a module whose code names none, merged; `None` where their places are not known beforehand.
fn merged(segments: DataSectionReader<'_>) -> anyhow::Result<Option<DataSection>> {
    let mut memories: BTreeMap<u32, Vec<u8>> = BTreeMap::new();
    for segment in segments {
        let segment = segment?;
        let DataKind::Active {
            memory_index,
            offset_expr,
        } = segment.kind
        else {
            // Nothing can use it.
            continue;
        };
        let mut operators = offset_expr.get_operators_reader();
        let Operator::I32Const { value } = operators.read()? else {
            return Ok(None);
        };
        // Addresses have no sign.
        let start = value.cast_unsigned() as usize;
        let end = start.saturating_add(segment.data.len());
        if end > MOST {
            bail!("a segment reaches to the address {end}");
        }
        let memory = memories.entry(memory_index).or_default();
        if memory.len() < end {
            memory.resize(end, 0);
        }
        if let Some(place) = memory.get_mut(start..end) {
            place.copy_from_slice(segment.data);
        }
    }
    let mut section = DataSection::new();
    for (index, memory) in memories {
        for range in stretches(&memory) {
            // The bits of an address beyond 2 GiB are those of a negative number.
            let start = u32::try_from(range.start)?.cast_signed();
            let data = memory.get(range).unwrap_or_default().iter().copied();
            section.active(index, &ConstExpr::i32_const(start), data);
        }
    }
    Ok(Some(section))
}

/// Where something other than long stretches of zeros is.
fn stretches(memory: &[u8]) -> Vec<Range<usize>> {
    let mut stretches: Vec<Range<usize>> = Vec::new();
    for (index, _) in memory.iter().enumerate().filter(|(_, byte)| **byte != 0) {
        match stretches.last_mut() {
            Some(last) if index - last.end < GAP => last.end = index + 1,
            _ => stretches.push(index..index + 1),
        }
    }
    stretches
}

#[cfg(test)]
mod tests {
    use super::*;

    fn component(segments: &[(i32, &[u8])]) -> Vec<u8> {
        let mut data = DataSection::new();
        for (start, bytes) in segments {
            data.active(0, &ConstExpr::i32_const(*start), bytes.iter().copied());
        }
        let mut module = Module::new();
        module.section(&data);
        let mut component = Component::new();
        component.section(&ModuleSection(&module));
        component.finish()
    }

    #[track_caller]
    fn check(segments: &[(i32, &[u8])], expected: &[(i32, &[u8])]) {
        let merged = merge(&component(segments)).unwrap();
        assert_eq!(merged, component(expected));
    }

    #[test]
    fn neighbours_become_one_and_long_zeros_none() {
        check(&[], &[]);
        check(&[(8, b"ab"), (12, b"c")], &[(8, b"ab\0\0c")]);
        check(
            &[(8, b"\0\0a\0"), (9000, b"b")],
            &[(10, b"a"), (9000, b"b")],
        );
        check(&[(8, b""), (16, b"\0\0")], &[]);
    }

    #[test]
    fn a_later_segment_wins() {
        check(&[(8, b"abc"), (9, b"x\0")], &[(8, b"ax")]);
    }

    #[test]
    fn segments_stay_where_code_may_name_them() {
        let named = |count: bool| {
            let mut data = DataSection::new();
            data.passive(*b"")
                .active(0, &ConstExpr::i32_const(8), *b"a");
            let mut module = Module::new();
            if count {
                module.section(&wasm_encoder::DataCountSection { count: 2 });
            }
            module.section(&data);
            let mut component = Component::new();
            component.section(&ModuleSection(&module));
            component.finish()
        };
        assert_eq!(merge(&named(true)).unwrap(), named(true));
        assert_eq!(merge(&named(false)).unwrap(), component(&[(8, b"a")]));
    }

    #[test]
    fn what_is_no_component_is_refused() {
        for bytes in [&b""[..], b"\0asm", b"hello", b"\0asm\x0d\0\x01\0\x01\x7f"] {
            assert!(merge(bytes).is_err());
        }
        let far: &[(i32, &[u8])] = &[(-1, b"a")];
        assert!(merge(&component(far)).is_err());
    }
}
