//! Streams of Node's binding `zlib`: zlib itself, and Brotli.

mod brotli;
mod zstd;

use libz_sys as z;
use rquickjs::{
    Class, Ctx, JsLifetime, Object, Result, Value, class::Trace, function::Func, prelude::Opt,
};
use std::{ffi::CStr, mem::MaybeUninit, os::raw::c_int};

use crate::bytes;

pub(crate) fn define(native: &Object<'_>) -> Result<()> {
    native.set("newZlib", Func::from(new))?;
    native.set("runZlib", Func::from(run))?;
    native.set("setZlibParams", Func::from(params))?;
    native.set("resetZlib", Func::from(reset))?;
    native.set("crc32", Func::from(crc32))?;
    brotli::define(native)?;
    zstd::define(native)
}

/// As Node's binding numbers them.
const DEFLATE: u32 = 1;
const INFLATE: u32 = 2;
const GZIP: u32 = 3;
const GUNZIP: u32 = 4;
const DEFLATERAW: u32 = 5;
const INFLATERAW: u32 = 6;
const UNZIP: u32 = 7;

#[derive(Trace, JsLifetime)]
#[rquickjs::class(rename = "ZlibStream")]
struct Stream {
    mode: u32,
    level: i32,
    window_bits: i32,
    mem_level: i32,
    strategy: i32,
    dictionary: Vec<u8>,
    /// Boxed: zlib's state points back to it. Nothing before the first write.
    #[qjs(skip_trace)]
    state: Option<Box<z::z_stream>>,
    /// Of the mark of gzip, for [`UNZIP`].
    mark_bytes: u8,
}

impl Stream {
    fn deflates(&self) -> bool {
        matches!(self.mode, DEFLATE | GZIP | DEFLATERAW)
    }

    /// Begins zlib's own state and sets the dictionary.
    fn begin(&mut self) -> std::result::Result<(), (c_int, &'static str)> {
        if self.state.is_some() {
            return Ok(());
        }
        let window_bits = match self.mode {
            GZIP | GUNZIP => self.window_bits + 16,
            UNZIP => self.window_bits + 32,
            DEFLATERAW | INFLATERAW => -self.window_bits,
            _ => self.window_bits,
        };
        // zlib allocates itself when it is given no functions.
        let mut state = Box::new(MaybeUninit::<z::z_stream>::zeroed());
        let stream = state.as_mut_ptr();
        let size = size_of::<z::z_stream>() as c_int;
        let result = unsafe {
            (*stream).zalloc = allocate;
            (*stream).zfree = release;
            if self.deflates() {
                z::deflateInit2_(
                    stream,
                    self.level,
                    z::Z_DEFLATED,
                    window_bits,
                    self.mem_level,
                    self.strategy,
                    z::zlibVersion(),
                    size,
                )
            } else {
                z::inflateInit2_(stream, window_bits, z::zlibVersion(), size)
            }
        };
        if result != z::Z_OK {
            return Err((result, "Init error"));
        }
        self.state = Some(unsafe { Box::from_raw(Box::into_raw(state).cast()) });
        self.set_dictionary()
    }

    fn set_dictionary(&mut self) -> std::result::Result<(), (c_int, &'static str)> {
        let (Some(state), false) = (&mut self.state, self.dictionary.is_empty()) else {
            return Ok(());
        };
        let (start, length) = (self.dictionary.as_ptr(), self.dictionary.len() as _);
        let result = unsafe {
            match self.mode {
                DEFLATE | DEFLATERAW => z::deflateSetDictionary(&mut **state, start, length),
                INFLATERAW => z::inflateSetDictionary(&mut **state, start, length),
                _ => z::Z_OK,
            }
        };
        if result == z::Z_OK {
            Ok(())
        } else {
            Err((result, "Failed to set dictionary"))
        }
    }

    fn restart(&mut self) {
        let deflates = self.deflates();
        if let Some(state) = &mut self.state {
            unsafe {
                if deflates {
                    z::deflateReset(&mut **state)
                } else {
                    z::inflateReset(&mut **state)
                };
            }
        }
    }

    /// What is gzip and what is not is told by the first two bytes.
    fn look(&mut self, input: &[u8]) {
        for byte in input {
            match (self.mode, self.mark_bytes, byte) {
                (UNZIP, 0, 0x1f) => self.mark_bytes = 1,
                (UNZIP, 1, 0x8b) => {
                    self.mark_bytes = 2;
                    self.mode = GUNZIP;
                }
                (UNZIP, ..) => self.mode = INFLATE,
                _ => return,
            }
        }
    }

    /// One step, as `ZlibContext::DoThreadPoolWork` of Node makes it.
    fn step(&mut self, input: &[u8], output: &mut [u8], flush: c_int) -> c_int {
        self.look(input);
        let (deflates, mode) = (self.deflates(), self.mode);
        let Some(state) = &mut self.state else {
            return z::Z_STREAM_ERROR;
        };
        state.next_in = input.as_ptr().cast_mut();
        state.avail_in = input.len() as _;
        state.next_out = output.as_mut_ptr();
        state.avail_out = output.len() as _;
        let stream: *mut z::z_stream = &mut **state;
        unsafe {
            if deflates {
                return z::deflate(stream, flush);
            }
            let mut result = z::inflate(stream, flush);
            if mode != INFLATERAW && result == z::Z_NEED_DICT && !self.dictionary.is_empty() {
                result = z::inflateSetDictionary(
                    stream,
                    self.dictionary.as_ptr(),
                    self.dictionary.len() as _,
                );
                if result == z::Z_OK {
                    result = z::inflate(stream, flush);
                } else if result == z::Z_DATA_ERROR {
                    result = z::Z_NEED_DICT;
                }
            }
            // Another member of the archive, unless what follows is padding.
            while (*stream).avail_in > 0
                && mode == GUNZIP
                && result == z::Z_STREAM_END
                && *(*stream).next_in != 0
            {
                z::inflateReset(stream);
                result = z::inflate(stream, flush);
            }
            result
        }
    }

    fn fault(&self, result: c_int, flush: c_int) -> Option<&'static str> {
        match result {
            z::Z_OK | z::Z_BUF_ERROR => {
                let is_cut = flush == z::Z_FINISH
                    && self
                        .state
                        .as_ref()
                        .is_some_and(|state| state.avail_out != 0);
                is_cut.then_some("unexpected end of file")
            }
            z::Z_STREAM_END => None,
            z::Z_NEED_DICT if self.dictionary.is_empty() => Some("Missing dictionary"),
            z::Z_NEED_DICT => Some("Bad dictionary"),
            _ => Some("Zlib error"),
        }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        let deflates = self.deflates();
        if let Some(state) = &mut self.state {
            unsafe {
                if deflates {
                    z::deflateEnd(&mut **state)
                } else {
                    z::inflateEnd(&mut **state)
                };
            }
        }
    }
}

unsafe extern "C" {
    fn calloc(count: usize, size: usize) -> *mut std::ffi::c_void;
    fn free(block: *mut std::ffi::c_void);
}

extern "C" fn allocate(_: *mut std::ffi::c_void, count: u32, size: u32) -> *mut std::ffi::c_void {
    unsafe { calloc(count as usize, size as usize) }
}

extern "C" fn release(_: *mut std::ffi::c_void, block: *mut std::ffi::c_void) {
    unsafe { free(block) };
}

/// Node's name of a result of zlib.
pub(crate) fn name_of(result: c_int) -> &'static str {
    match result {
        z::Z_OK => "Z_OK",
        z::Z_STREAM_END => "Z_STREAM_END",
        z::Z_NEED_DICT => "Z_NEED_DICT",
        z::Z_ERRNO => "Z_ERRNO",
        z::Z_STREAM_ERROR => "Z_STREAM_ERROR",
        z::Z_DATA_ERROR => "Z_DATA_ERROR",
        z::Z_MEM_ERROR => "Z_MEM_ERROR",
        z::Z_BUF_ERROR => "Z_BUF_ERROR",
        z::Z_VERSION_ERROR => "Z_VERSION_ERROR",
        _ => "",
    }
}

fn new<'js>(
    ctx: Ctx<'js>,
    mode: u32,
    window_bits: i32,
    level: i32,
    mem_level: i32,
    strategy: i32,
    dictionary: Value<'js>,
) -> Result<Class<'js, Stream>> {
    let dictionary = bytes::of(&ctx, &dictionary).to_vec();
    Class::instance(
        ctx,
        Stream {
            mode,
            level,
            window_bits,
            mem_level,
            strategy,
            dictionary,
            state: None,
            mark_bytes: 0,
        },
    )
}

/// The part of a buffer that was asked for, as far as it is there.
pub(crate) fn part(whole: &mut [u8], offset: usize, length: usize) -> &mut [u8] {
    let offset = offset.min(whole.len());
    let end = offset.saturating_add(length).min(whole.len());
    &mut whole[offset..end]
}

/// `[room left in the output, bytes left of the input]`, and for an error its message, number and code.
pub(crate) type Step = (usize, usize, Option<String>, i32, String);

pub(crate) fn told<'js>(
    ctx: &Ctx<'js>,
    (room, rest, message, number, code): Step,
) -> Result<Value<'js>> {
    let told = rquickjs::Array::new(ctx.clone())?;
    told.set(0, room)?;
    told.set(1, rest)?;
    if let Some(message) = message {
        told.set(2, message)?;
        told.set(3, number)?;
        told.set(4, code)?;
    }
    Ok(told.into_value())
}

/// `places`: flush, then offset and length of the input and of the output.
fn run<'js>(
    ctx: Ctx<'js>,
    stream: Class<'js, Stream>,
    input: Value<'js>,
    output: Value<'js>,
    places: Vec<usize>,
) -> Result<Value<'js>> {
    let [flush, in_offset, in_length, out_offset, out_length] = places[..] else {
        return Ok(Value::new_undefined(ctx));
    };
    let flush = flush as c_int;
    let mut stream = stream.borrow_mut();
    if let Err((result, message)) = stream.begin() {
        return told(
            &ctx,
            (
                out_length,
                in_length,
                Some(message.to_owned()),
                result,
                name_of(result).to_owned(),
            ),
        );
    }
    let input = part(bytes::of(&ctx, &input), in_offset, in_length);
    let output = part(bytes::of(&ctx, &output), out_offset, out_length);
    let result = stream.step(input, output, flush);
    let fault = stream.fault(result, flush);
    let Some(state) = &stream.state else {
        return Ok(Value::new_undefined(ctx));
    };
    let message = fault.map(|fault| {
        let own = unsafe { (!state.msg.is_null()).then(|| CStr::from_ptr(state.msg)) };
        own.map_or_else(
            || fault.to_owned(),
            |own| own.to_string_lossy().into_owned(),
        )
    });
    told(
        &ctx,
        (
            state.avail_out as usize,
            state.avail_in as usize,
            message,
            result,
            name_of(result).to_owned(),
        ),
    )
}

/// Undefined, or the message, number and code of an error.
fn params<'js>(
    ctx: Ctx<'js>,
    stream: Class<'js, Stream>,
    level: i32,
    strategy: i32,
) -> Result<Value<'js>> {
    let mut stream = stream.borrow_mut();
    (stream.level, stream.strategy) = (level, strategy);
    let deflates = matches!(stream.mode, DEFLATE | DEFLATERAW);
    let Some(state) = &mut stream.state else {
        return Ok(Value::new_undefined(ctx));
    };
    let result = if deflates {
        unsafe { z::deflateParams(&mut **state, level, strategy) }
    } else {
        z::Z_OK
    };
    if matches!(result, z::Z_OK | z::Z_BUF_ERROR) {
        return Ok(Value::new_undefined(ctx));
    }
    told(
        &ctx,
        (
            0,
            0,
            Some("Failed to set parameters".to_owned()),
            result,
            name_of(result).to_owned(),
        ),
    )
}

fn reset<'js>(ctx: Ctx<'js>, stream: Class<'js, Stream>) -> Result<Value<'js>> {
    let mut stream = stream.borrow_mut();
    stream.restart();
    match stream.set_dictionary() {
        Ok(()) => Ok(Value::new_undefined(ctx)),
        Err((result, message)) => told(
            &ctx,
            (
                0,
                0,
                Some(message.to_owned()),
                result,
                name_of(result).to_owned(),
            ),
        ),
    }
}

fn crc32<'js>(ctx: Ctx<'js>, data: Value<'js>, seed: Opt<u32>) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial(seed.0.unwrap_or(0));
    hasher.update(bytes::of(&ctx, &data));
    hasher.finalize()
}
