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
use super::{SyntaxError, enums, namespaces, parse, syntax};

/// The text without types. Adds the way back to `map`.
pub(crate) fn types(file_name: &str, text: &str, map: &mut Mapping) -> Result<String, SyntaxError> {
    if let Some((full, segments)) = namespaces::in_full(text) {
        map.push(segments);
        return without_types(file_name, &full, map);
    }
    without_types(file_name, text, map)
}

fn without_types(file_name: &str, text: &str, map: &mut Mapping) -> Result<String, SyntaxError> {
    let allocator = Allocator::default();
    let mut program = parse::parse(&allocator, text, SourceType::ts()).program;
    if enums::is_too_much(&program) {
        return Err(syntax::too_much(file_name, "too long texts in its enums"));
    }
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
        let places = tokens.get_tokens().map(|token| {
            let generated = Position {
                line: token.get_dst_line() + 1,
                column: token.get_dst_col() + 1,
            };
            let original = Position {
                line: token.get_src_line() + 1,
                column: token.get_src_col() + 1,
            };
            (generated, original)
        });
        segments(&places.collect::<Vec<_>>(), &printed.code, text)
    });
    map.push(segments.unwrap_or_default());
    Ok(printed.code)
}

/// A segment for each token of a source map. A token says where something begins; for how far the texts
/// agree behind it is looked up, up to the next token.
fn segments(places: &[(Position, Position)], code: &str, text: &str) -> Vec<Segment> {
    let (mut new, mut old) = (Cursor::new(code), Cursor::new(text));
    let mut segments = Vec::with_capacity(places.len());
    for (index, (generated, original)) in places.iter().copied().enumerate() {
        let next = places.get(index + 1).map(|(next, _)| *next);
        let limit = match next {
            Some(next) if next.line == generated.line => {
                next.column.saturating_sub(generated.column)
            }
            _ => u32::MAX,
        };
        let same = common_prefix(new.rest(generated), old.rest(original), limit);
        segments.push(Segment {
            generated,
            original,
            same,
        });
    }
    segments
}

/// For how many UTF-16 columns of their first line two texts are the same, up to a limit.
fn common_prefix(left: &str, right: &str, limit: u32) -> u32 {
    let mut columns = 0_u32;
    for (left, right) in left.chars().zip(right.chars()) {
        if left != right || left == '\n' || columns >= limit {
            break;
        }
        columns += saturate(left.len_utf16());
    }
    columns
}

/// A place in a text that mostly moves forward: a long line is not read anew for each of its tokens.
struct Cursor<'t> {
    text: &'t str,
    lines: LineIndex,
    place: Position,
    offset: usize,
}

impl<'t> Cursor<'t> {
    fn new(text: &'t str) -> Self {
        Self {
            text,
            lines: LineIndex::new(text),
            place: Position::START,
            offset: 0,
        }
    }

    /// The text from a place on; empty when there is no such line.
    fn rest(&mut self, place: Position) -> &'t str {
        if place.line != self.place.line || place.column < self.place.column {
            let start = Position {
                line: place.line,
                column: 1,
            };
            let Some(offset) = self.lines.offset(self.text, start) else {
                return "";
            };
            (self.place, self.offset) = (start, offset);
        }
        let rest = self.text.get(self.offset..).unwrap_or("");
        for character in rest.chars() {
            if self.place.column >= place.column || character == '\n' {
                break;
            }
            self.place.column += saturate(character.len_utf16());
            self.offset += character.len_utf8();
        }
        self.text.get(self.offset..).unwrap_or("")
    }
}
