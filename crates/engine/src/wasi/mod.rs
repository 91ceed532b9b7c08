//! WASI for a guest that may reach nothing: no files, no environment, no sockets; time, randomness and HTTP as the
//! case gives them.

mod ambient;
mod door;
mod held;
mod metered;

use postlogin_core::ceilings::RESOURCES;
use wasmtime::component::{Linker, ResourceTable};
use wasmtime_wasi::{WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtxView, WasiHttpView};

pub(crate) use ambient::{context, frozen_context};
pub(crate) use door::Door;

use crate::sandbox::Sandbox;

/// Links all of WASI 0.2; what a guest gets through it is decided by [`context`] and [`Door`].
pub(crate) fn link(linker: &mut Linker<Sandbox>) -> wasmtime::Result<()> {
    wasmtime_wasi::p2::add_to_linker_async(linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(linker)?;
    metered::link(linker)
}

/// Returns the table of a sandbox's resources, which does not grow without bound.
pub(crate) fn table() -> ResourceTable {
    let mut table = ResourceTable::new();
    table.set_max_capacity(RESOURCES);
    table
}

impl WasiView for Sandbox {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl WasiHttpView for Sandbox {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        let table: &mut ResourceTable = &mut self.table;
        WasiHttpCtxView {
            ctx: &mut self.http,
            table,
            hooks: &mut self.door,
        }
    }
}
