//! TypeScript to JavaScript: types away, enums, namespaces and parameter properties rewritten; nothing
//! else is lowered, `async` least of all.

use std::path::Path;

use oxc::allocator::Allocator;
use oxc::codegen::{Codegen, CodegenOptions, IndentChar};
use oxc::semantic::SemanticBuilder;
use oxc::span::SourceType;
use oxc::transformer::{TransformOptions, Transformer};

use super::mapping::{Mapping, Segment};
use super::text::{LineIndex, Position, saturate};
use super::{SyntaxError, parse, syntax};

/// The text without types. Adds the way back to `map`.
pub(crate) fn types(file_name: &str, text: &str, map: &mut Mapping) -> Result<String, SyntaxError> {
    let allocator = Allocator::default();
    let mut program = parse::parse(&allocator, text, SourceType::ts()).program;
    let semantic = SemanticBuilder::new_compiler()
        .with_excess_capacity(2.0)
        .with_enum_eval(true)
        .build(&program);
    let scoping = semantic.semantic.into_scoping();
    // The defaults: no target, hence nothing is lowered; unused imports are types and vanish.
    let options = TransformOptions::default();
    let path = Path::new(file_name);
    let done =
        Transformer::new(&allocator, path, &options).build_with_scoping(scoping, &mut program);
    if let Some(diagnostic) = done.diagnostics.errors().next() {
        return Err(syntax::from_diagnostic(file_name, text, diagnostic));
    }
    let options = CodegenOptions {
        source_map_path: Some(path.to_path_buf()),
        indent_char: IndentChar::Space,
        indent_width: 2,
        ..CodegenOptions::default()
    };
    let printed = Codegen::new().with_options(options).build(&program);
    let segments = printed.map.map(|tokens| {
        let (old, new) = (LineIndex::new(text), LineIndex::new(&printed.code));
        let tokens = tokens.get_tokens();
        tokens
            .map(|token| {
                let generated = Position {
                    line: token.get_dst_line() + 1,
                    column: token.get_dst_col() + 1,
                };
                let original = Position {
                    line: token.get_src_line() + 1,
                    column: token.get_src_col() + 1,
                };
                let rest = |index: &LineIndex, text: &'_ str, place| index.offset(text, place);
                let generated_rest =
                    rest(&new, &printed.code, generated).and_then(|at| printed.code.get(at..));
                let original_rest = rest(&old, text, original).and_then(|at| text.get(at..));
                let same = common_prefix(generated_rest.unwrap_or(""), original_rest.unwrap_or(""));
                Segment {
                    generated,
                    original,
                    same,
                }
            })
            .collect()
    });
    map.push(segments.unwrap_or_default());
    Ok(printed.code)
}

/// For how many UTF-16 columns of their first line two texts are the same.
fn common_prefix(left: &str, right: &str) -> u32 {
    let pairs = left.chars().zip(right.chars());
    let same = pairs.take_while(|(left, right)| left == right && *left != '\n');
    saturate(same.map(|(character, _)| character.len_utf16()).sum())
}
