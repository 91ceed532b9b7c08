//! One request and its response over `wasi:http`, for `js/exchange.js`.
//!
//! `native.exchange(method, scheme, authority, path, headers, body)` returns an [`Exchange`]. `headers` are names and values in
//! turn, one character per byte; `body` is a Uint8Array or undefined. `response()` returns a promise of
//! `[status, headers, chunk, isWhole]`, `read()` a promise of `[chunk, isWhole]`; `chunk` can be undefined. Both promises are
//! rejected with an error whose message is Node's error code, or `refused` if the host refused the request.

use rquickjs::{
    Array, Class, Ctx, Exception, JsLifetime, Object, Result, TypedArray, Value, class::Trace,
    function::Func,
};
use std::cell::RefCell;

use futures::future::{AbortHandle, Abortable};

use crate::bytes;
use wasi::Body;

/// A request to send.
struct Request {
    method: String,
    scheme: String,
    authority: String,
    path: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Option<Vec<u8>>,
}

/// A response whose body is not read yet.
struct Answer {
    status: u16,
    headers: Vec<(String, Vec<u8>)>,
    body: Body,
}

/// An error code of Node, or `refused`.
type Code = String;

pub(crate) fn define(native: &Object<'_>) -> Result<()> {
    native.set("exchange", Func::from(begin))
}

fn begin<'js>(
    ctx: Ctx<'js>,
    method: String,
    scheme: String,
    authority: String,
    path: String,
    headers: Vec<String>,
    body: Value<'js>,
) -> Result<Class<'js, Exchange>> {
    let mut lines = Vec::new();
    for pair in headers.chunks_exact(2) {
        lines.push((pair[0].clone(), latin1(&pair[1])));
    }
    let body = body.is_object().then(|| bytes::of(&ctx, &body).to_vec());
    let request = Request {
        method,
        scheme,
        authority,
        path,
        headers: lines,
        body,
    };
    Class::instance(
        ctx,
        Exchange {
            request: RefCell::new(Some(request)),
            body: RefCell::default(),
            abort: RefCell::default(),
        },
    )
}

#[derive(Trace, JsLifetime)]
#[rquickjs::class]
pub struct Exchange {
    #[qjs(skip_trace)]
    request: RefCell<Option<Request>>,
    /// Empty while a read is in progress.
    #[qjs(skip_trace)]
    body: RefCell<Option<Body>>,
    /// Aborts the operation in progress.
    #[qjs(skip_trace)]
    abort: RefCell<Option<AbortHandle>>,
}

#[rquickjs::methods]
impl Exchange {
    pub async fn response<'js>(&self, ctx: Ctx<'js>) -> Result<Array<'js>> {
        let request = self.request.take();
        let Some(request) = request else {
            return Err(Exception::throw_message(&ctx, "ECONNRESET"));
        };
        let answered = async move {
            let mut answer = wasi::send(request).await?;
            let (chunk, is_whole) = answer.body.next().await?;
            Ok((answer, chunk, is_whole))
        };
        let (answer, chunk, is_whole) = self.awaited(&ctx, answered).await?;
        let lines = Array::new(ctx.clone())?;
        for (at, (name, value)) in answer.headers.into_iter().enumerate() {
            lines.set(2 * at, name)?;
            lines.set(
                2 * at + 1,
                value.into_iter().map(char::from).collect::<String>(),
            )?;
        }
        self.body.replace(Some(answer.body));
        let told = Array::new(ctx.clone())?;
        told.set(0, answer.status)?;
        told.set(1, lines)?;
        told.set(2, array(&ctx, chunk)?)?;
        told.set(3, is_whole)?;
        Ok(told)
    }

    pub async fn read<'js>(&self, ctx: Ctx<'js>) -> Result<Array<'js>> {
        let body = self.body.take();
        let Some(mut body) = body else {
            return Err(Exception::throw_message(&ctx, "ECONNRESET"));
        };
        let read = async move {
            let (chunk, is_whole) = body.next().await?;
            Ok((body, chunk, is_whole))
        };
        let (body, chunk, is_whole) = self.awaited(&ctx, read).await?;
        self.body.replace(Some(body));
        let told = Array::new(ctx.clone())?;
        told.set(0, array(&ctx, chunk)?)?;
        told.set(1, is_whole)?;
        Ok(told)
    }

    pub fn abort(&self) {
        if let Some(abort) = self.abort.take() {
            abort.abort();
        }
        self.body.take();
        self.request.take();
    }
}

impl Exchange {
    async fn awaited<T>(
        &self,
        ctx: &Ctx<'_>,
        future: impl Future<Output = std::result::Result<T, Code>>,
    ) -> Result<T> {
        let (abort, registration) = AbortHandle::new_pair();
        self.abort.replace(Some(abort));
        let outcome = Abortable::new(future, registration).await;
        self.abort.take();
        match outcome {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(code)) => Err(Exception::throw_message(ctx, &code)),
            Err(_) => Err(Exception::throw_message(ctx, "ECONNRESET")),
        }
    }
}

fn array<'js>(ctx: &Ctx<'js>, chunk: Option<Vec<u8>>) -> Result<Value<'js>> {
    match chunk {
        Some(chunk) => Ok(TypedArray::new(ctx.clone(), chunk)?.into_value()),
        None => Ok(Value::new_undefined(ctx.clone())),
    }
}

/// Returns one byte per character.
fn latin1(text: &str) -> Vec<u8> {
    text.chars().map(|letter| letter as u32 as u8).collect()
}

mod wasi {
    use super::{Answer, Code, Request};
    use wasip2::{
        http::{
            outgoing_handler,
            types::{
                ErrorCode, Fields, FutureIncomingResponse, IncomingBody, IncomingResponse, Method,
                OutgoingBody, OutgoingRequest, Scheme,
            },
        },
        io::streams::{InputStream, OutputStream, StreamError},
    };
    use wstd::runtime::AsyncPollable;

    /// The size of one read, in bytes.
    const CHUNK_BYTES: u64 = 64 << 10;

    /// The body of a response. WASI requires that the fields are dropped in this order.
    pub(super) struct Body {
        stream: InputStream,
        _body: IncomingBody,
        _response: IncomingResponse,
        /// A chunk that was read to detect the end.
        ahead: Option<Vec<u8>>,
        is_whole: bool,
    }

    impl Body {
        /// Returns the next chunk and whether the body is complete; no chunk if only the end was left.
        pub(super) async fn next(&mut self) -> Result<(Option<Vec<u8>>, bool), Code> {
            let chunk = loop {
                if let Some(chunk) = self.ahead.take() {
                    break Some(chunk);
                }
                if self.is_whole {
                    break None;
                }
                match self.read()? {
                    Some(chunk) => break Some(chunk),
                    None if self.is_whole => break None,
                    None => AsyncPollable::new(self.stream.subscribe()).wait_for().await,
                }
            };
            if !self.is_whole {
                self.ahead = self.read()?;
            }
            Ok((chunk, self.is_whole && self.ahead.is_none()))
        }

        /// Reads without waiting.
        fn read(&mut self) -> Result<Option<Vec<u8>>, Code> {
            match self.stream.read(CHUNK_BYTES) {
                Ok(chunk) if chunk.is_empty() => Ok(None),
                Ok(chunk) => Ok(Some(chunk)),
                Err(StreamError::Closed) => {
                    self.is_whole = true;
                    Ok(None)
                }
                Err(StreamError::LastOperationFailed(_)) => Err("ECONNRESET".into()),
            }
        }
    }

    pub(super) async fn send(request: Request) -> Result<Answer, Code> {
        // Requests that WASI rejects cannot be answered by any server.
        let impossible = |()| Code::from("ECONNRESET");
        let fields = Fields::from_list(&request.headers).map_err(|_| impossible(()))?;
        let outgoing = OutgoingRequest::new(fields);
        outgoing
            .set_method(&method(&request.method))
            .map_err(impossible)?;
        let scheme = match request.scheme.as_str() {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            other => Scheme::Other(other.into()),
        };
        outgoing.set_scheme(Some(&scheme)).map_err(impossible)?;
        outgoing
            .set_authority(Some(&request.authority))
            .map_err(impossible)?;
        outgoing
            .set_path_with_query(Some(&request.path))
            .map_err(impossible)?;
        let body = match request.body {
            Some(bytes) => Some((outgoing.body().map_err(impossible)?, bytes)),
            None => None,
        };
        let response = outgoing_handler::handle(outgoing, None).map_err(|error| code(&error))?;
        if let Some((body, bytes)) = body {
            let stream = body.write().map_err(impossible)?;
            // The host can respond without reading the whole body.
            let _ = write(&stream, &bytes).await;
            drop(stream);
            let _ = OutgoingBody::finish(body, None);
        }
        let response = answered(&response).await?;
        let headers = response.headers().entries();
        let body = response.consume().map_err(impossible)?;
        Ok(Answer {
            status: response.status(),
            headers,
            body: Body {
                stream: body.stream().map_err(impossible)?,
                _body: body,
                _response: response,
                ahead: None,
                is_whole: false,
            },
        })
    }

    fn method(name: &str) -> Method {
        match name {
            "GET" => Method::Get,
            "HEAD" => Method::Head,
            "POST" => Method::Post,
            "PUT" => Method::Put,
            "DELETE" => Method::Delete,
            "CONNECT" => Method::Connect,
            "OPTIONS" => Method::Options,
            "TRACE" => Method::Trace,
            "PATCH" => Method::Patch,
            other => Method::Other(other.into()),
        }
    }

    async fn write(stream: &OutputStream, mut bytes: &[u8]) -> Result<(), StreamError> {
        while !bytes.is_empty() {
            match stream.check_write()? {
                0 => AsyncPollable::new(stream.subscribe()).wait_for().await,
                room => {
                    let (now, rest) = bytes.split_at(bytes.len().min(room as usize));
                    stream.write(now)?;
                    bytes = rest;
                }
            }
        }
        stream.flush()?;
        while stream.check_write()? == 0 {
            AsyncPollable::new(stream.subscribe()).wait_for().await;
        }
        Ok(())
    }

    async fn answered(future: &FutureIncomingResponse) -> Result<IncomingResponse, Code> {
        loop {
            match future.get() {
                Some(Ok(Ok(response))) => return Ok(response),
                Some(Ok(Err(error))) => return Err(code(&error)),
                Some(Err(())) => return Err("ECONNRESET".into()),
                None => AsyncPollable::new(future.subscribe()).wait_for().await,
            }
        }
    }

    /// Returns Node's code for an error. `ConnectionRefused` means that the host itself refused the request.
    fn code(error: &ErrorCode) -> Code {
        let code = match error {
            ErrorCode::ConnectionRefused => "refused",
            ErrorCode::DestinationUnavailable => "ECONNREFUSED",
            ErrorCode::DestinationIpUnroutable => "EHOSTUNREACH",
            ErrorCode::ConnectionTimeout | ErrorCode::HttpResponseTimeout => "ETIMEDOUT",
            ErrorCode::DnsError(error) if error.rcode.as_deref() == Some("SERVFAIL") => "EAI_AGAIN",
            ErrorCode::DnsError(_) => "ENOTFOUND",
            ErrorCode::TlsAlertReceived(alert) => match &alert.alert_message {
                Some(message) => message,
                None => "ECONNRESET",
            },
            _ => "ECONNRESET",
        };
        code.into()
    }
}
