//! Limits on components before they are compiled: nothing can stop the compiler, and a few kilobytes can keep it busy for minutes.
//!
//! The limits are some ten times what the JavaScript engine of this repository has, the largest component that is known to run here.

use wasmparser::{
    BinaryReaderError, BlockType, ComponentInstance, CompositeInnerType, FunctionBody, Operator,
    Parser, Payload, TypeSectionReader,
};

/// Functions in all core modules; each takes some four kilobytes while it is compiled.
const FUNCTIONS: u64 = 50_000;
/// Bytes of code in all core modules.
const CODE_BYTES: u64 = 24 << 20;
/// Bytes of one function.
const BODY_BYTES: u64 = 512 << 10;
/// Variables of one function, parameters included.
const VARIABLES: u64 = 10_000;
/// Parameters and results of one type.
const WIDTH: u64 = 200;
/// Blocks and conditional jumps of one function.
const BLOCKS: u64 = 30_000;
/// Values that one function passes on: a block and a jump may have to pass on each variable, and what is on the stack; a call
/// passes its parameters and results.
const PASSED_ON: u64 = 3_000_000;
/// The same of all functions.
const ALL_PASSED_ON: u64 = 30_000_000;
/// The cost of a block beside the values that it passes on, in values.
const BLOCK: u64 = 16;
/// The cost of a call beside them, in values.
const CALL: u64 = 64;
/// Instances, those of a component counted as often as the component is instantiated.
const INSTANCES: u64 = 100_000;
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
    passed_on: u64,
    /// The most instances that there can be of anything: the product over all components of the instances in each, and one.
    nested: Product,
    /// Instances of core modules, wherever they are.
    core_instances: u64,
    /// The modules and components around what comes next.
    open: Vec<Module>,
}

/// A product that begins with one.
struct Product(u64);

impl Default for Product {
    fn default() -> Self {
        Self(1)
    }
}

/// The types and functions that the code of a module refers to.
#[derive(Default)]
struct Module {
    /// Parameters and results of each type; (0, 0) for what is no function.
    types: Vec<(u64, u64)>,
    /// The parameters and results of the widest type.
    widest: u64,
    /// The types of its own functions that have no code yet, the next one last.
    functions: Vec<u32>,
    /// The components that it instantiates, if it is a component.
    instances: u64,
}

impl Module {
    fn width(&self, index: u32) -> u64 {
        let found = usize::try_from(index).ok();
        let found = found.and_then(|index| self.types.get(index));
        found.map_or(0, |(parameters, results)| parameters + results)
    }
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
                let excess = above(self.code, CODE_BYTES, "bytes of code")
                    .or_else(|| above(bytes, BODY_BYTES, "bytes in one function"));
                return match excess {
                    None => self.function(body),
                    excess => Ok(excess),
                };
            }
            Payload::Version { .. } => {
                self.open.push(Module::default());
                return Ok(None);
            }
            Payload::End(_) => {
                let ended = self.open.pop().unwrap_or_default();
                // Each instance of a component may instantiate others: the numbers multiply with the depth.
                let factor = ended.instances.saturating_add(1);
                self.nested.0 = self.nested.0.saturating_mul(factor);
                let cores = self.core_instances.saturating_add(1);
                let all = match self.open.is_empty() {
                    true => self.nested.0.saturating_mul(cores),
                    false => self.nested.0,
                };
                return Ok(above(all, INSTANCES, "instances"));
            }
            Payload::InstanceSection(section) => {
                self.core_instances += u64::from(section.count());
                return Ok(above(self.core_instances, INSTANCES, "instances"));
            }
            Payload::ComponentInstanceSection(section) => {
                let count = section.count();
                if let Some(excess) = above(u64::from(count), ITEMS, "items in one section") {
                    return Ok(Some(excess));
                }
                for instance in section.clone() {
                    if let ComponentInstance::Instantiate { .. } = instance?
                        && let Some(component) = self.open.last_mut()
                    {
                        component.instances += 1;
                    }
                }
                return Ok(None);
            }
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => {
                self.parts += 1;
                return Ok(above(self.parts, PARTS, "parts"));
            }
            Payload::TypeSection(section) => {
                let count = section.count();
                if let Some(excess) = above(u64::from(count), ITEMS, "items in one section") {
                    return Ok(Some(excess));
                }
                return self.types(section);
            }
            Payload::ImportSection(section) => section.count(),
            Payload::FunctionSection(section) => {
                let count = section.count();
                if let Some(excess) = above(u64::from(count), ITEMS, "items in one section") {
                    return Ok(Some(excess));
                }
                if let Some(module) = self.open.last_mut() {
                    let indices = section.clone().into_iter();
                    module.functions = indices.collect::<Result<_, _>>()?;
                    // Bodies come in the order of their types, and are taken off the end.
                    module.functions.reverse();
                }
                return Ok(None);
            }
            Payload::TableSection(section) => section.count(),
            Payload::GlobalSection(section) => section.count(),
            Payload::ExportSection(section) => section.count(),
            Payload::ElementSection(section) => section.count(),
            Payload::DataSection(section) => section.count(),
            Payload::CoreTypeSection(section) => section.count(),
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

impl Sum {
    /// Takes down the types of a module.
    fn types(
        &mut self,
        section: &TypeSectionReader<'_>,
    ) -> Result<Option<String>, BinaryReaderError> {
        let Some(module) = self.open.last_mut() else {
            return Ok(None);
        };
        for group in section.clone() {
            for found in group?.into_types() {
                let (parameters, results) = match &found.composite_type.inner {
                    CompositeInnerType::Func(function) => {
                        (function.params().len(), function.results().len())
                    }
                    _ => (0, 0),
                };
                let (parameters, results) = (parameters as u64, results as u64);
                let what = "parameters and results of one type";
                if let Some(excess) = above(parameters + results, WIDTH, what) {
                    return Ok(Some(excess));
                }
                module.widest = module.widest.max(parameters + results);
                module.types.push((parameters, results));
            }
        }
        Ok(None)
    }

    fn function(&mut self, body: &FunctionBody<'_>) -> Result<Option<String>, BinaryReaderError> {
        let none = Module::default();
        let own = self
            .open
            .last_mut()
            .and_then(|module| module.functions.pop());
        let module = self.open.last().unwrap_or(&none);
        let own = own.and_then(|index| module.types.get(usize::try_from(index).ok()?));
        let (parameters, results) = own.copied().unwrap_or_default();
        let mut variables = parameters;
        for declared in body.get_locals_reader()? {
            variables += u64::from(declared?.0);
        }
        let (mut blocks, mut targets, mut calls): (u64, u64, u64) = (1, 0, 0);
        // What the widest block of the function passes on beside the variables.
        let mut widest = results;
        for operator in body.get_operators_reader()? {
            match operator? {
                Operator::Block { blockty }
                | Operator::Loop { blockty }
                | Operator::If { blockty } => {
                    blocks += 1;
                    widest = widest.max(match blockty {
                        BlockType::Empty => 0,
                        BlockType::Type(_) => 1,
                        BlockType::FuncType(index) => module.width(index),
                    });
                }
                Operator::TryTable { try_table } => {
                    blocks += 1 + try_table.catches.len() as u64;
                    widest = widest.max(match try_table.ty {
                        BlockType::Empty => 0,
                        BlockType::Type(_) => 1,
                        BlockType::FuncType(index) => module.width(index),
                    });
                }
                Operator::BrIf { .. }
                | Operator::BrOnNull { .. }
                | Operator::BrOnNonNull { .. }
                | Operator::BrOnCast { .. }
                | Operator::BrOnCastFail { .. } => blocks += 1,
                Operator::BrTable { targets: table } => targets += u64::from(table.len()),
                Operator::Call { .. }
                | Operator::CallIndirect { .. }
                | Operator::CallRef { .. }
                | Operator::ReturnCall { .. }
                | Operator::ReturnCallIndirect { .. }
                | Operator::ReturnCallRef { .. } => calls += 1,
                _ => {}
            }
        }
        let each = variables.saturating_add(widest).saturating_add(BLOCK);
        let passed_on = blocks.saturating_add(targets).saturating_mul(each);
        let call = module.widest.saturating_add(CALL);
        let passed_on = passed_on.saturating_add(calls.saturating_mul(call));
        self.passed_on = self.passed_on.saturating_add(passed_on);
        Ok(above(variables, VARIABLES, "variables in one function")
            .or_else(|| above(targets, TARGETS, "jump targets in one function"))
            .or_else(|| above(blocks, BLOCKS, "blocks and jumps in one function"))
            .or_else(|| {
                above(
                    passed_on,
                    PASSED_ON,
                    "blocks times variables in one function",
                )
            })
            .or_else(|| above(self.passed_on, ALL_PASSED_ON, "blocks times variables")))
    }
}

fn above(count: u64, most: u64, what: &str) -> Option<String> {
    (count > most).then(|| format!("more than {most} {what}"))
}

#[cfg(test)]
mod tests;
