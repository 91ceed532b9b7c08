//! Zstandard, in both directions: Facebook's library in the version of Node.

use std::{ffi::CStr, ptr::NonNull};

use rquickjs::{Class, Ctx, JsLifetime, Object, Result, Value, class::Trace, function::Func};
use zstd_sys as sys;

use super::{part, told};
use crate::bytes;

pub(crate) fn define(native: &Object<'_>) -> Result<()> {
    native.set("newZstd", Func::from(new))?;
    native.set("runZstd", Func::from(run))
}

/// Frees the context when it is dropped.
enum Coder {
    Compressor(NonNull<sys::ZSTD_CCtx>),
    Decompressor(NonNull<sys::ZSTD_DCtx>),
}

impl Drop for Coder {
    fn drop(&mut self) {
        // SAFETY: the pointers come from the library's constructors and are not used afterwards.
        unsafe {
            match self {
                Self::Compressor(context) => sys::ZSTD_freeCCtx(context.as_ptr()),
                Self::Decompressor(context) => sys::ZSTD_freeDCtx(context.as_ptr()),
            }
        };
    }
}

#[derive(Trace, JsLifetime)]
#[rquickjs::class(rename = "ZstdStream")]
struct Stream {
    #[qjs(skip_trace)]
    coder: Coder,
}

fn is_error(code: usize) -> bool {
    // SAFETY: pure function of its argument.
    unsafe { sys::ZSTD_isError(code) != 0 }
}

/// The library's message, its number, and the name of its enumeration's member that Node gives as `code`.
fn error(code: usize) -> (String, i32, String) {
    // SAFETY: the texts are constants of the library.
    let (number, message) = unsafe {
        let number = sys::ZSTD_getErrorCode(code);
        (number, CStr::from_ptr(sys::ZSTD_getErrorString(number)))
    };
    let name = NAMES.iter().find(|(known, _)| *known == number as i32);
    let name = name.map_or("ZSTD_error_GENERIC", |(_, name)| name);
    (
        message.to_string_lossy().into_owned(),
        number as i32,
        name.to_owned(),
    )
}

/// Members of `ZSTD_ErrorCode`, which is the same in all versions since 1.3.1.
const NAMES: &[(i32, &str)] = &[
    (1, "ZSTD_error_GENERIC"),
    (10, "ZSTD_error_prefix_unknown"),
    (12, "ZSTD_error_version_unsupported"),
    (14, "ZSTD_error_frameParameter_unsupported"),
    (16, "ZSTD_error_frameParameter_windowTooLarge"),
    (20, "ZSTD_error_corruption_detected"),
    (22, "ZSTD_error_checksum_wrong"),
    (24, "ZSTD_error_literals_headerWrong"),
    (30, "ZSTD_error_dictionary_corrupted"),
    (32, "ZSTD_error_dictionary_wrong"),
    (34, "ZSTD_error_dictionaryCreation_failed"),
    (40, "ZSTD_error_parameter_unsupported"),
    (41, "ZSTD_error_parameter_combination_unsupported"),
    (42, "ZSTD_error_parameter_outOfBound"),
    (44, "ZSTD_error_tableLog_tooLarge"),
    (46, "ZSTD_error_maxSymbolValue_tooLarge"),
    (48, "ZSTD_error_maxSymbolValue_tooSmall"),
    (50, "ZSTD_error_stabilityCondition_notRespected"),
    (60, "ZSTD_error_stage_wrong"),
    (62, "ZSTD_error_init_missing"),
    (64, "ZSTD_error_memory_allocation"),
    (66, "ZSTD_error_workSpace_tooSmall"),
    (70, "ZSTD_error_dstSize_tooSmall"),
    (72, "ZSTD_error_srcSize_wrong"),
    (74, "ZSTD_error_dstBuffer_null"),
    (80, "ZSTD_error_noForwardProgress_destFull"),
    (82, "ZSTD_error_noForwardProgress_inputEmpty"),
];

/// `parameters`: by number, -1 for what is not given. `size`: of the whole input, -1 when it is not known. Undefined when a parameter is refused
/// or memory lacks.
fn new<'js>(
    ctx: Ctx<'js>,
    encodes: bool,
    parameters: Vec<f64>,
    size: f64,
    dictionary: Value<'js>,
) -> Result<Value<'js>> {
    let dictionary: &[u8] = if dictionary.is_undefined() {
        &[]
    } else {
        bytes::of(&ctx, &dictionary)
    };
    let given = parameters
        .into_iter()
        .enumerate()
        .filter(|(_, value)| (0.0..4_294_967_295.0).contains(value))
        // The library takes signed numbers; Node passes them as unsigned ones.
        .map(|(number, value)| (number as i64, value as u32 as i32));
    // SAFETY: the contexts were just made, and parameters are checked by the library.
    let coder = unsafe {
        if encodes {
            let Some(context) = NonNull::new(sys::ZSTD_createCCtx()) else {
                return Ok(Value::new_undefined(ctx));
            };
            let coder = Coder::Compressor(context);
            let context = context.as_ptr();
            let mut fails =
                size >= 0.0 && is_error(sys::ZSTD_CCtx_setPledgedSrcSize(context, size as u64));
            for (number, value) in given {
                let number = std::mem::transmute::<u32, sys::ZSTD_cParameter>(number as u32);
                fails |= is_error(sys::ZSTD_CCtx_setParameter(context, number, value));
            }
            if !dictionary.is_empty() {
                let (at, length) = (dictionary.as_ptr().cast(), dictionary.len());
                fails |= is_error(sys::ZSTD_CCtx_loadDictionary(context, at, length));
            }
            (!fails).then_some(coder)
        } else {
            let Some(context) = NonNull::new(sys::ZSTD_createDCtx()) else {
                return Ok(Value::new_undefined(ctx));
            };
            let coder = Coder::Decompressor(context);
            let context = context.as_ptr();
            let mut fails = false;
            for (number, value) in given {
                let number = std::mem::transmute::<u32, sys::ZSTD_dParameter>(number as u32);
                fails |= is_error(sys::ZSTD_DCtx_setParameter(context, number, value));
            }
            if !dictionary.is_empty() {
                let (at, length) = (dictionary.as_ptr().cast(), dictionary.len());
                fails |= is_error(sys::ZSTD_DCtx_loadDictionary(context, at, length));
            }
            (!fails).then_some(coder)
        }
    };
    match coder {
        Some(coder) => Ok(Class::instance(ctx, Stream { coder })?.into_value()),
        None => Ok(Value::new_undefined(ctx)),
    }
}

/// See `run` of zlib.
fn run<'js>(
    ctx: Ctx<'js>,
    stream: Class<'js, Stream>,
    input: Value<'js>,
    output: Value<'js>,
    places: Vec<usize>,
) -> Result<Value<'js>> {
    let [operation, in_offset, in_length, out_offset, out_length] = places[..] else {
        return Ok(Value::new_undefined(ctx));
    };
    let input: &[u8] = part(bytes::of(&ctx, &input), in_offset, in_length);
    let output = part(bytes::of(&ctx, &output), out_offset, out_length);
    let mut from = sys::ZSTD_inBuffer {
        src: input.as_ptr().cast(),
        size: input.len(),
        pos: 0,
    };
    let mut to = sys::ZSTD_outBuffer {
        dst: output.as_mut_ptr().cast(),
        size: output.len(),
        pos: 0,
    };
    // SAFETY: both buffers are valid for the call, and the context belongs to the stream.
    let result = unsafe {
        match &stream.borrow_mut().coder {
            Coder::Compressor(context) => {
                let operation = match operation {
                    1 => sys::ZSTD_EndDirective::ZSTD_e_flush,
                    2 => sys::ZSTD_EndDirective::ZSTD_e_end,
                    _ => sys::ZSTD_EndDirective::ZSTD_e_continue,
                };
                sys::ZSTD_compressStream2(context.as_ptr(), &mut to, &mut from, operation)
            }
            Coder::Decompressor(context) => {
                sys::ZSTD_decompressStream(context.as_ptr(), &mut to, &mut from)
            }
        }
    };
    let (message, number, code) = if is_error(result) {
        let (message, number, code) = error(result);
        (Some(message), number, code)
    } else {
        (None, 0, String::new())
    };
    told(
        &ctx,
        (
            to.size - to.pos,
            from.size - from.pos,
            message,
            number,
            code,
        ),
    )
}
