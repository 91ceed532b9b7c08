//! Brotli, in both directions.

use brotli::enc::{
    BrotliEncoderParams, StandardAlloc,
    encode::{BrotliEncoderOperation, BrotliEncoderParameter, BrotliEncoderStateStruct},
};
use brotli::{BrotliDecompressStream, BrotliResult, BrotliState};
use rquickjs::{Class, Ctx, JsLifetime, Object, Result, Value, class::Trace, function::Func};

use super::{part, told};
use crate::bytes;

pub(crate) fn define(native: &Object<'_>) -> Result<()> {
    native.set("newBrotli", Func::from(new))?;
    native.set("runBrotli", Func::from(run))
}

type Encoder = BrotliEncoderStateStruct<StandardAlloc>;
type Decoder = BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>;

enum Coder {
    Encoder(Box<Encoder>),
    Decoder(Box<Decoder>),
}

#[derive(Trace, JsLifetime)]
#[rquickjs::class(rename = "BrotliStream")]
struct Stream {
    #[qjs(skip_trace)]
    coder: Coder,
}

/// Node's numbers of the parameters are Brotli's own.
fn parameter(number: usize) -> Option<BrotliEncoderParameter> {
    Some(match number {
        0 => BrotliEncoderParameter::BROTLI_PARAM_MODE,
        1 => BrotliEncoderParameter::BROTLI_PARAM_QUALITY,
        2 => BrotliEncoderParameter::BROTLI_PARAM_LGWIN,
        3 => BrotliEncoderParameter::BROTLI_PARAM_LGBLOCK,
        5 => BrotliEncoderParameter::BROTLI_PARAM_SIZE_HINT,
        _ => return None,
    })
}

/// `parameters`: by number, -1 for what is not given.
fn new<'js>(ctx: Ctx<'js>, encodes: bool, parameters: Vec<f64>) -> Result<Class<'js, Stream>> {
    let coder = if encodes {
        let mut encoder = Box::new(Encoder::new(StandardAlloc::default()));
        encoder.params = BrotliEncoderParams::default();
        for (number, value) in parameters.into_iter().enumerate() {
            if let Some(parameter) = parameter(number)
                && (0.0..4_294_967_295.0).contains(&value)
            {
                encoder.set_parameter(parameter, value as u32);
            }
        }
        Coder::Encoder(encoder)
    } else {
        let alloc = StandardAlloc::default;
        Coder::Decoder(Box::new(Decoder::new(alloc(), alloc(), alloc())))
    };
    Class::instance(ctx, Stream { coder })
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
    let (mut rest, mut read, mut room, mut written) = (input.len(), 0, output.len(), 0);
    match &mut stream.borrow_mut().coder {
        Coder::Encoder(encoder) => {
            let name = match operation {
                1 => BrotliEncoderOperation::BROTLI_OPERATION_FLUSH,
                2 => BrotliEncoderOperation::BROTLI_OPERATION_FINISH,
                3 => BrotliEncoderOperation::BROTLI_OPERATION_EMIT_METADATA,
                _ => BrotliEncoderOperation::BROTLI_OPERATION_PROCESS,
            };
            let mut total = None;
            let is_good = encoder.compress_stream(
                name,
                &mut rest,
                input,
                &mut read,
                &mut room,
                output,
                &mut written,
                &mut total,
                &mut |_, _, _, _| (),
            );
            let message = (!is_good).then(|| "Compression failed".to_owned());
            told(
                &ctx,
                (
                    room,
                    rest,
                    message,
                    -1,
                    "ERR_BROTLI_COMPRESSION_FAILED".to_owned(),
                ),
            )
        }
        Coder::Decoder(decoder) => {
            let mut total = 0;
            let result = BrotliDecompressStream(
                &mut rest,
                &mut read,
                input,
                &mut room,
                &mut written,
                output,
                &mut total,
                decoder,
            );
            let (message, number, code) = match result {
                BrotliResult::ResultFailure => {
                    let name = format!("{:?}", decoder.error_code);
                    let code =
                        name.replacen("BROTLI_DECODER_ERROR_FORMAT_", "ERR__ERROR_FORMAT_", 1);
                    (
                        Some("Decompression failed".to_owned()),
                        decoder.error_code as i32,
                        code,
                    )
                }
                BrotliResult::NeedsMoreInput if operation == 2 => (
                    Some("unexpected end of file".to_owned()),
                    -5,
                    "Z_BUF_ERROR".to_owned(),
                ),
                _ => (None, 0, String::new()),
            };
            told(&ctx, (room, rest, message, number, code))
        }
    }
}
