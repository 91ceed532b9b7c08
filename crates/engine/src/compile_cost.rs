//! Limits on components before they are compiled: nothing can stop the compiler, and a few kilobytes can keep it busy for minutes.
//!
//! The limits are some ten times what the JavaScript engine of this repository has, the largest component that is known to run here.

use wasmparser::{BinaryReaderError, FunctionBody, Operator, Parser, Payload};

/// Functions in all core modules; each takes some four kilobytes while it is compiled.
const FUNCTIONS: u64 = 50_000;
/// Bytes of code in all core modules.
const CODE_BYTES: u64 = 24 << 20;
/// Bytes of one function.
const BODY_BYTES: u64 = 1 << 20;
/// Variables of one function.
const LOCALS: u64 = 10_000;
/// Blocks of one function times its variables: a block may have to pass each of them on.
const PASSED_ON: u64 = 3_000_000;
/// Targets of the jump tables of one function.
const TARGETS: u64 = 50_000;
/// Items of one section: types, imports, segments, names of exports.
const ITEMS: u64 = 100_000;
/// Core modules and components inside.
const PARTS: u64 = 200;

/// Says what of a component costs more than is allowed; `None` when nothing does, and when the bytes cannot be read, which is
/// the compiler's to say.
pub(crate) fn excess(bytes: &[u8]) -> Option<String> {
    let mut sum = Sum::default();
    for payload in Parser::new(0).parse_all(bytes) {
        let Ok(payload) = payload else { return None };
        match sum.add(&payload) {
            Ok(None) => {}
            Ok(excess) => return excess,
            Err(_) => return None,
        }
    }
    None
}

#[derive(Default)]
struct Sum {
    functions: u64,
    code: u64,
    parts: u64,
}

impl Sum {
    fn add(&mut self, payload: &Payload<'_>) -> Result<Option<String>, BinaryReaderError> {
        let items = match payload {
            Payload::CodeSectionStart { count, .. } => {
                self.functions += u64::from(*count);
                return Ok(above(self.functions, FUNCTIONS, "functions"));
            }
            Payload::CodeSectionEntry(body) => {
                let range = body.range();
                let bytes = (range.end - range.start) as u64;
                self.code += bytes;
                return Ok(above(self.code, CODE_BYTES, "bytes of code")
                    .or_else(|| above(bytes, BODY_BYTES, "bytes in one function"))
                    .or(of_function(body)?));
            }
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => {
                self.parts += 1;
                return Ok(above(self.parts, PARTS, "parts"));
            }
            Payload::TypeSection(section) => section.count(),
            Payload::ImportSection(section) => section.count(),
            Payload::FunctionSection(section) => section.count(),
            Payload::TableSection(section) => section.count(),
            Payload::GlobalSection(section) => section.count(),
            Payload::ExportSection(section) => section.count(),
            Payload::ElementSection(section) => section.count(),
            Payload::DataSection(section) => section.count(),
            Payload::InstanceSection(section) => section.count(),
            Payload::CoreTypeSection(section) => section.count(),
            Payload::ComponentInstanceSection(section) => section.count(),
            Payload::ComponentAliasSection(section) => section.count(),
            Payload::ComponentTypeSection(section) => section.count(),
            Payload::ComponentCanonicalSection(section) => section.count(),
            Payload::ComponentImportSection(section) => section.count(),
            Payload::ComponentExportSection(section) => section.count(),
            _ => 0,
        };
        Ok(above(u64::from(items), ITEMS, "items in one section"))
    }
}

fn of_function(body: &FunctionBody<'_>) -> Result<Option<String>, BinaryReaderError> {
    let mut locals = 0;
    for declared in body.get_locals_reader()? {
        locals += u64::from(declared?.0);
    }
    let mut blocks: u64 = 1;
    let mut targets = 0;
    for operator in body.get_operators_reader()? {
        match operator? {
            Operator::Block { .. }
            | Operator::Loop { .. }
            | Operator::If { .. }
            | Operator::BrIf { .. } => blocks += 1,
            Operator::BrTable { targets: table } => targets += u64::from(table.len()),
            _ => {}
        }
    }
    Ok(above(locals, LOCALS, "variables in one function")
        .or_else(|| above(targets, TARGETS, "jump targets in one function"))
        .or_else(|| {
            above(
                blocks.saturating_mul(locals),
                PASSED_ON,
                "blocks times variables in one function",
            )
        }))
}

fn above(count: u64, most: u64, what: &str) -> Option<String> {
    (count > most).then(|| format!("more than {most} {what}"))
}

#[cfg(test)]
mod tests {
    use super::excess;

    #[track_caller]
    fn check(module: &str, expected: Option<&str>) {
        let component =
            wat::parse_str(format!("(component (core module {module}))")).expect("text");
        assert_eq!(excess(&component).as_deref(), expected);
    }

    #[test]
    fn what_is_cheap_to_write_and_costly_to_compile_is_refused() {
        check("(func (result i32) i32.const 1)", None);
        check(&"(func)".repeat(50_001), Some("more than 50000 functions"));
        let add = "i32.const 1 i32.add ".repeat(400_000);
        check(
            &format!("(func (result i32) i32.const 0 {add})"),
            Some("more than 1048576 bytes in one function"),
        );
        let locals = |count: usize| "i32 ".repeat(count);
        check(
            &format!("(func (local {}))", locals(10_001)),
            Some("more than 10000 variables in one function"),
        );
        let blocks = "block end ".repeat(4_000);
        check(
            &format!("(func (local {}) {blocks})", locals(1_000)),
            Some("more than 3000000 blocks times variables in one function"),
        );
        check(&format!("(func (local {}) {blocks})", locals(500)), None);
        let table = "0 ".repeat(50_002);
        check(
            &format!("(func i32.const 0 br_table {table})"),
            Some("more than 50000 jump targets in one function"),
        );
        check(
            &"(type (func))".repeat(100_001),
            Some("more than 100000 items in one section"),
        );
    }

    #[test]
    fn parts_are_counted() {
        let flat = wat::parse_str(format!("(component {})", "(core module)".repeat(201)));
        assert_eq!(
            excess(&flat.expect("text")).as_deref(),
            Some("more than 200 parts")
        );
    }
}
