//! A component without its initial data.

use std::ops::Range;

use anyhow::{Context, bail};
use wasm_encoder::{Component, DataSection, Module};
use wasmparser::{
    DataKind, DataSectionReader, Encoding, MemorySectionReader, Operator, Parser, Payload, TypeRef,
};

use crate::segments::Level;

/// Memories that begin larger than this, in bytes, are left to wasmtime.
const MOST: u64 = 256 << 20;

const WASM_PAGE: u64 = 64 << 10;

/// A component without data, and what its memory holds when it starts.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Stripped {
    pub(crate) component: Vec<u8>,
    /// As long as the memory is when it starts.
    pub(crate) memory: Vec<u8>,
    /// The number of places beside the memory in which its modules can keep something from one call to the next: globals that can change, and
    /// instructions that write to a table. A toolchain makes one, the stack pointer, which is where it was when a function has returned.
    pub(crate) other_state: u64,
}

/// Takes the initial data out of a component; `None` where that is not possible without changing what it does: it has several
/// memories, or data whose place is not known beforehand or not within the memory.
///
/// # Errors
/// When the bytes are no component.
pub(crate) fn strip(bytes: &[u8]) -> anyhow::Result<Option<Stripped>> {
    let Some((memory, other_state)) = memory(bytes)? else {
        return Ok(None);
    };
    Ok(Some(Stripped {
        component: without_data(bytes)?,
        memory,
        other_state,
    }))
}

/// The facts found about the module that is being read.
#[derive(Default)]
struct Found {
    has_memory: bool,
    imports_memory: bool,
}

/// The initial content of the component's only memory, and the number of other places that can change.
fn memory(bytes: &[u8]) -> anyhow::Result<Option<(Vec<u8>, u64)>> {
    let mut open: Vec<Found> = Vec::new();
    let mut memory: Option<Vec<u8>> = None;
    let mut other_state = 0;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload? {
            Payload::Version { .. } => open.push(Found::default()),
            Payload::End(_) => {
                open.pop();
            }
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    if matches!(import?.ty, TypeRef::Memory(_))
                        && let Some(found) = open.last_mut()
                    {
                        found.imports_memory = true;
                    }
                }
            }
            Payload::MemorySection(memories) => {
                let (None, Some(size)) = (&memory, size_of_only(memories)?) else {
                    return Ok(None);
                };
                memory = Some(vec![0; size]);
                if let Some(found) = open.last_mut() {
                    found.has_memory = true;
                }
            }
            Payload::GlobalSection(globals) => {
                for global in globals {
                    other_state += u64::from(global?.ty.mutable);
                }
            }
            Payload::CodeSectionEntry(body) => {
                for operator in body.get_operators_reader()? {
                    other_state += u64::from(writes_to_table(&operator?));
                }
            }
            // Tools leave empty sections behind.
            Payload::DataSection(segments) if segments.count() == 0 => {}
            Payload::DataSection(segments) => {
                let found = open.last().context("data outside of everything")?;
                let is_own = found.has_memory && !found.imports_memory;
                let Some(memory) = memory.as_deref_mut().filter(|_| is_own) else {
                    return Ok(None);
                };
                if !write(segments, memory)? {
                    return Ok(None);
                }
            }
            _ => {}
        }
    }
    Ok(memory.map(|memory| (memory, other_state)))
}

fn writes_to_table(operator: &Operator<'_>) -> bool {
    matches!(
        operator,
        Operator::TableSet { .. }
            | Operator::TableGrow { .. }
            | Operator::TableFill { .. }
            | Operator::TableCopy { .. }
            | Operator::TableInit { .. }
    )
}

/// The size of a module's memory, in bytes, when it has one of the plain kind.
fn size_of_only(memories: MemorySectionReader<'_>) -> anyhow::Result<Option<usize>> {
    if memories.count() != 1 {
        return Ok(None);
    }
    let Some(memory) = memories.into_iter().next() else {
        return Ok(None);
    };
    let memory = memory?;
    let is_plain = !memory.memory64 && !memory.shared && memory.page_size_log2.is_none();
    let size = memory.initial.saturating_mul(WASM_PAGE);
    if !is_plain || size > MOST {
        return Ok(None);
    }
    Ok(Some(usize::try_from(size)?))
}

/// Writes what segments say to a memory; `false` where that is not all that they do.
fn write(segments: DataSectionReader<'_>, memory: &mut [u8]) -> anyhow::Result<bool> {
    for segment in segments {
        let segment = segment?;
        let DataKind::Active {
            memory_index: 0,
            offset_expr,
        } = segment.kind
        else {
            return Ok(false);
        };
        let mut operators = offset_expr.get_operators_reader();
        let Operator::I32Const { value } = operators.read()? else {
            return Ok(false);
        };
        if !matches!(operators.read()?, Operator::End) {
            return Ok(false);
        }
        // Addresses have no sign.
        let start = value.cast_unsigned() as usize;
        let range: Range<usize> = start..start.saturating_add(segment.data.len());
        // A segment beyond the memory is a trap when the component starts.
        let Some(place) = memory.get_mut(range) else {
            return Ok(false);
        };
        place.copy_from_slice(segment.data);
    }
    Ok(true)
}

fn without_data(bytes: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut open: Vec<(Level, bool)> = Vec::new();
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload?;
        match &payload {
            Payload::Version { encoding, .. } => {
                let level = match encoding {
                    Encoding::Module => Level::module(Module::new()),
                    Encoding::Component => Level::Component(Component::new()),
                };
                open.push((level, false));
            }
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => {}
            Payload::DataSection(segments) => {
                let (level, are_named) = open.last_mut().context("data outside of everything")?;
                if *are_named {
                    level.section(&used_up(segments.count()))?;
                }
            }
            Payload::End(_) => {
                let (closed, _) = open.pop().context("an end without a beginning")?;
                match open.last_mut() {
                    Some((parent, _)) => parent.nest(&closed)?,
                    None => return Ok(closed.finish()),
                }
            }
            payload => {
                let (level, are_named) =
                    open.last_mut().context("a section outside of everything")?;
                *are_named |= matches!(payload, Payload::DataCountSection { .. });
                level.copy(bytes, payload)?;
            }
        }
    }
    bail!("the component has no end")
}

/// As many segments, all of them empty: where code may name segments, it must find as many, and those that were written when the
/// module started have nothing left.
fn used_up(count: u32) -> DataSection {
    let mut section = DataSection::new();
    for _ in 0..count {
        section.passive([]);
    }
    section
}

#[cfg(test)]
mod tests {
    use wasm_encoder::{
        ConstExpr, DataCountSection, GlobalSection, GlobalType, MemorySection, MemoryType,
        ModuleSection, Section, ValType,
    };

    use super::*;

    fn memories(pages: &[u64]) -> MemorySection {
        let mut section = MemorySection::new();
        for minimum in pages {
            section.memory(MemoryType {
                minimum: *minimum,
                maximum: None,
                memory64: false,
                shared: false,
                page_size_log2: None,
            });
        }
        section
    }

    fn data(segments: &[(i32, &[u8])]) -> DataSection {
        let mut data = DataSection::new();
        for (start, bytes) in segments {
            data.active(0, &ConstExpr::i32_const(*start), bytes.iter().copied());
        }
        data
    }

    fn component(modules: &[&[&dyn Section]]) -> Vec<u8> {
        let mut component = Component::new();
        for sections in modules {
            let mut module = Module::new();
            for section in *sections {
                let mut bytes = Vec::new();
                section.encode(&mut bytes);
                let data = &bytes;
                let id = section.id();
                // The encoded bytes begin with their length, which a raw section writes itself.
                let skip = data
                    .iter()
                    .position(|byte| byte & 0x80 == 0)
                    .unwrap_or_default()
                    + 1;
                let data = data.get(skip..).unwrap_or_default();
                module.section(&wasm_encoder::RawSection { id, data });
            }
            component.section(&ModuleSection(&module));
        }
        component.finish()
    }

    #[test]
    fn data_become_the_content_of_the_memory() {
        let with = component(&[&[
            &memories(&[1]),
            &data(&[(8, b"abc"), (9, b"x"), (65_535, b"z")]),
        ]]);
        let stripped = strip(&with)
            .expect("it is a component")
            .expect("it has plain data");
        assert_eq!(stripped.component, component(&[&[&memories(&[1])]]));
        assert_eq!(stripped.memory.len(), 65_536);
        assert_eq!(stripped.memory.get(8..11), Some(&b"axc"[..]));
        assert_eq!(stripped.memory.last(), Some(&b'z'));
        assert_eq!(stripped.memory.iter().filter(|byte| **byte != 0).count(), 4);
    }

    #[test]
    fn what_can_change_beside_the_memory_is_counted() {
        let mut globals = GlobalSection::new();
        for mutable in [true, false, true] {
            let val_type = ValType::I32;
            let shared = false;
            let global = GlobalType {
                val_type,
                mutable,
                shared,
            };
            globals.global(global, &ConstExpr::i32_const(0));
        }
        let with = component(&[&[&memories(&[1]), &globals], &[&globals]]);
        let stripped = strip(&with)
            .expect("it is a component")
            .expect("it has a memory");
        assert_eq!(stripped.other_state, 4);
        let with = wat::parse_str(
            r#"(component (core module (memory 1) (table 4 funcref) (elem (i32.const 0) $f) (elem declare func $f)
              (global (mut i32) (i32.const 0))
              (func $f (result i32) (table.size 0))
              (func (table.set 0 (i32.const 1) (table.get 0 (i32.const 0))))
              (func (result i32) (table.grow 0 (ref.null func) (i32.const 1)))
              (func (table.fill 0 (i32.const 0) (ref.func $f) (i32.const 2)))
              (func (table.copy 0 0 (i32.const 0) (i32.const 1) (i32.const 1)))))"#,
        );
        let stripped = strip(&with.expect("it is WebAssembly"))
            .expect("it is a component")
            .expect("it has a memory");
        assert_eq!(stripped.other_state, 5);
    }

    #[test]
    fn modules_beside_the_one_with_the_memory_stay() {
        let with = component(&[&[&memories(&[1]), &data(&[(8, b"a")])], &[&data(&[])], &[]]);
        let stripped = strip(&with)
            .expect("it is a component")
            .expect("it has plain data");
        assert_eq!(
            stripped.component,
            component(&[&[&memories(&[1])], &[], &[]])
        );
    }

    #[test]
    fn named_segments_become_empty_ones() {
        let count = DataCountSection { count: 2 };
        let with = component(&[&[&memories(&[1]), &count, &data(&[(8, b"a"), (9, b"b")])]]);
        let stripped = strip(&with)
            .expect("it is a component")
            .expect("it has plain data");
        let expected = component(&[&[&memories(&[1]), &count, &used_up(2)]]);
        assert_eq!(stripped.component, expected);
    }

    #[test]
    fn what_cannot_be_taken_out_stays() {
        let mut passive = DataSection::new();
        passive.passive(*b"a");
        let mut elsewhere = DataSection::new();
        elsewhere.active(0, &ConstExpr::global_get(0), *b"a");
        let mut second = DataSection::new();
        second.active(1, &ConstExpr::i32_const(0), *b"a");
        for modules in [
            &[&[&memories(&[1, 1]) as &dyn Section] as &[&dyn Section]] as &[&[&dyn Section]],
            &[&[&memories(&[1])], &[&memories(&[1])]],
            &[&[&data(&[(0, b"a")])]],
            &[&[&memories(&[1])], &[&data(&[(0, b"a")])]],
            &[&[&memories(&[1]), &data(&[(65_536, b"a")])]],
            &[&[&memories(&[1]), &data(&[(-1, b"a")])]],
            &[&[&memories(&[1]), &passive]],
            &[&[&memories(&[1]), &elsewhere]],
            &[&[&memories(&[1]), &second]],
            &[&[&memories(&[1 << 16])]],
            &[],
        ] {
            assert_eq!(strip(&component(modules)).expect("it is a component"), None);
        }
    }

    #[test]
    fn what_is_no_component_is_refused() {
        for bytes in [&b"\0asm"[..], b"hello", b"\0asm\x0d\0\x01\0\x01\x7f"] {
            assert!(strip(bytes).is_err());
        }
    }
}
