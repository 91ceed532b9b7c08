//! Decoders of Node's bindings `encoding_binding` and `icu`.

use encoding_rs::{DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE};
use rquickjs::{Class, Ctx, JsLifetime, Object, Result, Value, class::Trace, function::Func};

use crate::bytes;

pub(crate) fn define(native: &Object<'_>) -> Result<()> {
    native.set("encodeInto", Func::from(encode_into))?;
    native.set("decodeUtf8", Func::from(decode_utf8))?;
    native.set("hasDecoder", Func::from(has_decoder))?;
    native.set("newDecoder", Func::from(new_decoder))?;
    native.set("decode", Func::from(decode))?;
    native.set("stringWidth", Func::from(string_width))
}

/// Writes as many whole characters as there is room for: `[units that were read, bytes that were written]`.
fn encode_into<'js>(ctx: Ctx<'js>, text: Value<'js>, target: Value<'js>) -> Result<Vec<usize>> {
    let units = bytes::units(&ctx, &text)?;
    let room = bytes::of(&ctx, &target);
    let (mut read, mut written) = (0, 0);
    for point in char::decode_utf16(units) {
        let character = point.unwrap_or(char::REPLACEMENT_CHARACTER);
        if written + character.len_utf8() > room.len() {
            break;
        }
        written += character.encode_utf8(&mut room[written..]).len();
        read += character.len_utf16();
    }
    Ok(vec![read, written])
}

/// Nothing when the bytes are no UTF-8 and `is_fatal`.
fn decode_utf8<'js>(
    ctx: Ctx<'js>,
    input: Value<'js>,
    keeps_mark: bool,
    is_fatal: bool,
) -> Result<Value<'js>> {
    let mut input: &[u8] = bytes::of(&ctx, &input);
    if !keeps_mark {
        input = input.strip_prefix(b"\xef\xbb\xbf").unwrap_or(input);
    }
    if is_fatal && std::str::from_utf8(input).is_err() {
        return Ok(Value::new_undefined(ctx));
    }
    bytes::text(&ctx, &String::from_utf8_lossy(input))
}

fn named(name: &str) -> Option<&'static Encoding> {
    Encoding::for_label(name.as_bytes())
}

fn has_decoder(name: String) -> bool {
    named(&name).is_some()
}

#[derive(Trace, JsLifetime)]
#[rquickjs::class(rename = "Converter")]
struct Decoder {
    #[qjs(skip_trace)]
    encoding: &'static Encoding,
    #[qjs(skip_trace)]
    decoder: encoding_rs::Decoder,
    keeps_mark: bool,
    is_fatal: bool,
}

fn fresh(encoding: &'static Encoding, keeps_mark: bool) -> encoding_rs::Decoder {
    let has_mark = encoding == UTF_8 || encoding == UTF_16LE || encoding == UTF_16BE;
    if has_mark && !keeps_mark {
        encoding.new_decoder_with_bom_removal()
    } else {
        encoding.new_decoder_without_bom_handling()
    }
}

fn new_decoder<'js>(
    ctx: Ctx<'js>,
    name: String,
    keeps_mark: bool,
    is_fatal: bool,
) -> Result<Value<'js>> {
    let Some(encoding) = named(&name) else {
        return Ok(Value::new_undefined(ctx));
    };
    let decoder = Decoder {
        encoding,
        decoder: fresh(encoding, keeps_mark),
        keeps_mark,
        is_fatal,
    };
    Ok(Class::instance(ctx, decoder)?.into_value())
}

/// Decodes what came; with `is_last` the decoder begins anew. Nothing when there is an error and the decoder is fatal.
fn decode<'js>(
    ctx: Ctx<'js>,
    decoder: Class<'js, Decoder>,
    input: Value<'js>,
    is_last: bool,
) -> Result<Value<'js>> {
    let input = bytes::of(&ctx, &input);
    let mut decoder = decoder.borrow_mut();
    let mut output = String::new();
    let failed = if decoder.is_fatal {
        let room = decoder
            .decoder
            .max_utf8_buffer_length_without_replacement(input.len());
        output.reserve(room.unwrap_or(input.len() * 3));
        let (result, _) =
            decoder
                .decoder
                .decode_to_string_without_replacement(input, &mut output, is_last);
        matches!(result, DecoderResult::Malformed(..))
    } else {
        output.reserve(
            decoder
                .decoder
                .max_utf8_buffer_length(input.len())
                .unwrap_or(input.len() * 3),
        );
        let _ = decoder
            .decoder
            .decode_to_string(input, &mut output, is_last);
        false
    };
    if is_last || failed {
        decoder.decoder = fresh(decoder.encoding, decoder.keeps_mark);
    }
    if failed {
        return Ok(Value::new_undefined(ctx));
    }
    bytes::text(&ctx, &output)
}

/// Columns in a terminal, as ICU has them: wide characters are two, marks none.
fn string_width<'js>(ctx: Ctx<'js>, text: Value<'js>) -> Result<usize> {
    let text = bytes::utf8(&ctx, &text)?;
    Ok(text.chars().map(width).sum())
}

fn width(character: char) -> usize {
    match u32::from(character) {
        0..=0x1f | 0x7f..=0x9f => 0,
        0x300..=0x36f
        | 0x483..=0x489
        | 0x591..=0x5bd
        | 0x610..=0x61a
        | 0x64b..=0x65f
        | 0x200b..=0x200f
        | 0x2028..=0x202e
        | 0x2060..=0x2064
        | 0x20d0..=0x20f0
        | 0xfe00..=0xfe0f
        | 0xfe20..=0xfe2f
        | 0xfeff
        | 0xe0100..=0xe01ef => 0,
        0x1100..=0x115f
        | 0x231a..=0x231b
        | 0x2329..=0x232a
        | 0x23e9..=0x23ec
        | 0x23f0
        | 0x23f3
        | 0x25fd..=0x25fe
        | 0x2614..=0x2615
        | 0x2648..=0x2653
        | 0x267f
        | 0x2693
        | 0x26a1
        | 0x26aa..=0x26ab
        | 0x26bd..=0x26be
        | 0x26c4..=0x26c5
        | 0x26ce
        | 0x26d4
        | 0x26ea
        | 0x26f2..=0x26f3
        | 0x26f5
        | 0x26fa
        | 0x26fd
        | 0x2705
        | 0x270a..=0x270b
        | 0x2728
        | 0x274c
        | 0x274e
        | 0x2753..=0x2755
        | 0x2757
        | 0x2795..=0x2797
        | 0x27b0
        | 0x27bf
        | 0x2b1b..=0x2b1c
        | 0x2b50
        | 0x2b55
        | 0x2e80..=0x303e
        | 0x3041..=0x33ff
        | 0x3400..=0x4dbf
        | 0x4e00..=0x9fff
        | 0xa000..=0xa4cf
        | 0xa960..=0xa97f
        | 0xac00..=0xd7a3
        | 0xf900..=0xfaff
        | 0xfe10..=0xfe19
        | 0xfe30..=0xfe6f
        | 0xff00..=0xff60
        | 0xffe0..=0xffe6
        | 0x1f004
        | 0x1f0cf
        | 0x1f18e
        | 0x1f191..=0x1f19a
        | 0x1f200..=0x1f320
        | 0x1f32d..=0x1f335
        | 0x1f337..=0x1f37c
        | 0x1f37e..=0x1f393
        | 0x1f3a0..=0x1f3ca
        | 0x1f3cf..=0x1f3d3
        | 0x1f3e0..=0x1f3f0
        | 0x1f3f4
        | 0x1f3f8..=0x1f43e
        | 0x1f440
        | 0x1f442..=0x1f4fc
        | 0x1f4ff..=0x1f53d
        | 0x1f54b..=0x1f54e
        | 0x1f550..=0x1f567
        | 0x1f57a
        | 0x1f595..=0x1f596
        | 0x1f5a4
        | 0x1f5fb..=0x1f64f
        | 0x1f680..=0x1f6c5
        | 0x1f6cc
        | 0x1f6d0..=0x1f6d2
        | 0x1f6d5..=0x1f6d7
        | 0x1f6dc..=0x1f6df
        | 0x1f6eb..=0x1f6ec
        | 0x1f6f4..=0x1f6fc
        | 0x1f7e0..=0x1f7eb
        | 0x1f90c..=0x1f93a
        | 0x1f93c..=0x1f945
        | 0x1f947..=0x1f9ff
        | 0x1fa70..=0x1faff
        | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}
