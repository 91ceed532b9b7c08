//! The functions of `wasi:http` that make the host hold something for the guest, with ceilings.
//!
//! The implementation bounds a single collection of headers, not their number; and neither the length of a method nor the
//! number of bodies that are begun. So these functions count first, and then do what the implementation does.

use wasmtime::{
    StoreContextMut,
    component::{Linker, Resource},
};
use wasmtime_wasi_http::{
    FieldMap, WasiHttpView,
    p2::{
        HeaderResult,
        bindings::http::types::{
            HeaderError, HostFields, HostOutgoingRequest as Requests,
            HostOutgoingResponse as Responses, Method,
        },
        types::{HostOutgoingRequest, HostOutgoingResponse},
    },
};

use super::held::{Exceeded, Held, header_bytes};
use crate::sandbox::Sandbox;

/// The instance as the implementation names it.
const TYPES: &str = "wasi:http/types@0.2.12";

type Store<'a> = StoreContextMut<'a, Sandbox>;
type Fields = Resource<FieldMap>;
type Outgoing = Resource<HostOutgoingRequest>;

/// Puts the counting functions in the place of those that do not count.
pub(super) fn link(linker: &mut Linker<Sandbox>) -> wasmtime::Result<()> {
    // The whole interface is linked already; these functions replace those that allocate for the guest.
    linker.allow_shadowing(true);
    let mut types = linker.instance(TYPES)?;
    types.func_wrap("[constructor]fields", |mut store: Store<'_>, (): ()| {
        let sandbox = store.data_mut();
        count(sandbox, Held::object)?;
        Ok((HostFields::new(&mut sandbox.http())?,))
    })?;
    types.func_wrap(
        "[static]fields.from-list",
        |mut store: Store<'_>, (entries,): (Vec<(String, Vec<u8>)>,)| {
            let sandbox = store.data_mut();
            let lines = entries.iter();
            let bytes = header_bytes(lines.map(|(name, value)| (name.as_str(), value.as_slice())));
            count(sandbox, |held| {
                held.object()?;
                held.header_bytes(bytes)
            })?;
            let made = HostFields::from_list(&mut sandbox.http(), entries);
            Ok((told(made)?,))
        },
    )?;
    types.func_wrap(
        "[method]fields.clone",
        |mut store: Store<'_>, (fields,): (Fields,)| {
            let sandbox = store.data_mut();
            let lines = sandbox.table.get(&fields)?.iter();
            let bytes = header_bytes(lines.map(|(name, value)| (name.as_str(), value.as_bytes())));
            count(sandbox, |held| {
                held.object()?;
                held.header_bytes(bytes)
            })?;
            Ok((HostFields::clone(&mut sandbox.http(), fields)?,))
        },
    )?;
    types.func_wrap(
        "[method]fields.append",
        |mut store: Store<'_>, (fields, name, value): (Fields, String, Vec<u8>)| {
            let sandbox = store.data_mut();
            let bytes = header_bytes([(name.as_str(), value.as_slice())]);
            count(sandbox, |held| held.header_bytes(bytes))?;
            let done = HostFields::append(&mut sandbox.http(), fields, name, value);
            Ok((told(done)?,))
        },
    )?;
    types.func_wrap(
        "[method]fields.set",
        |mut store: Store<'_>, (fields, name, values): (Fields, String, Vec<Vec<u8>>)| {
            let sandbox = store.data_mut();
            let lines = values.iter();
            let bytes = header_bytes(lines.map(|value| (name.as_str(), value.as_slice())));
            count(sandbox, |held| held.header_bytes(bytes))?;
            let done = HostFields::set(&mut sandbox.http(), fields, name, values);
            Ok((told(done)?,))
        },
    )?;
    types.func_wrap(
        "[constructor]outgoing-request",
        |mut store: Store<'_>, (headers,): (Fields,)| {
            let sandbox = store.data_mut();
            count(sandbox, Held::object)?;
            Ok((Requests::new(&mut sandbox.http(), headers)?,))
        },
    )?;
    types.func_wrap(
        "[method]outgoing-request.set-method",
        |mut store: Store<'_>, (request, method): (Outgoing, Method)| {
            let sandbox = store.data_mut();
            // The known methods are kept as a number.
            if let Method::Other(name) = &method {
                let bytes = name.len();
                count(sandbox, |held| held.header_bytes(bytes))?;
            }
            Ok((Requests::set_method(&mut sandbox.http(), request, method)?,))
        },
    )?;
    for (name, is_authority) in [
        ("[method]outgoing-request.set-authority", true),
        ("[method]outgoing-request.set-path-with-query", false),
    ] {
        types.func_wrap(
            name,
            move |mut store: Store<'_>, (request, part): (Outgoing, Option<String>)| {
                let sandbox = store.data_mut();
                let bytes = part.as_ref().map_or(0, String::len);
                count(sandbox, |held| held.header_bytes(bytes))?;
                let mut http = sandbox.http();
                let done = match is_authority {
                    true => Requests::set_authority(&mut http, request, part)?,
                    false => Requests::set_path_with_query(&mut http, request, part)?,
                };
                Ok((done,))
            },
        )?;
    }
    types.func_wrap(
        "[method]outgoing-request.body",
        |mut store: Store<'_>, (request,): (Outgoing,)| {
            let sandbox = store.data_mut();
            count(sandbox, Held::request_body)?;
            Ok((Requests::body(&mut sandbox.http(), request)?,))
        },
    )?;
    types.func_wrap(
        "[method]outgoing-response.body",
        |mut store: Store<'_>, (response,): (Resource<HostOutgoingResponse>,)| {
            let sandbox = store.data_mut();
            count(sandbox, Held::request_body)?;
            Ok((Responses::body(&mut sandbox.http(), response)?,))
        },
    )
}

/// Ends the guest at a ceiling.
fn count(
    sandbox: &mut Sandbox,
    counted: impl FnOnce(&Held) -> Result<(), Exceeded>,
) -> wasmtime::Result<()> {
    counted(&sandbox.door.held).map_err(|what| sandbox.exceed(&what))
}

/// Returns what the guest is told, and what ends it as an error.
fn told<T>(result: HeaderResult<T>) -> wasmtime::Result<Result<T, HeaderError>> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(error) => Ok(Err(error.downcast()?)),
    }
}
