//! WASI for a guest that may reach nothing: no files, no environment, no sockets; time, randomness and HTTP as the
//! case gives them.

mod absent;
mod ambient;
mod door;
mod held;
mod metered;

use postlogin_core::ceilings::RESOURCES;
use wasmtime::component::{Linker, ResourceTable};
use wasmtime_wasi::{
    WasiCtxView, WasiView,
    cli::{WasiCli, WasiCliView as _},
    filesystem::{WasiFilesystem, WasiFilesystemView as _},
    p2::{
        add_to_linker_proxy_interfaces_async,
        bindings::{
            cli::{
                environment, exit, terminal_input, terminal_output, terminal_stderr,
                terminal_stdin, terminal_stdout,
            },
            filesystem::preopens,
            random::{insecure, insecure_seed},
            sockets::{
                instance_network, ip_name_lookup, network, tcp_create_socket, udp_create_socket,
            },
        },
    },
    random::{WasiRandom, WasiRandomView as _},
    sockets::{WasiSockets, WasiSocketsView as _},
};
use wasmtime_wasi_http::{WasiHttpCtxView, WasiHttpView};

pub(crate) use ambient::{context, frozen_context};
pub(crate) use door::Door;

use crate::sandbox::Sandbox;

/// Links all of WASI 0.2; what a guest gets through it is decided by [`context`] and [`Door`]. Not by `p2::add_to_linker_async`,
/// which links the system calls of files and sockets, too: a third of what this crate is compiled to.
pub(crate) fn link(linker: &mut Linker<Sandbox>) -> wasmtime::Result<()> {
    // Streams, clocks, `random`, and the three standard streams.
    add_to_linker_proxy_interfaces_async(linker)?;
    insecure::add_to_linker::<_, WasiRandom>(linker, Sandbox::random)?;
    insecure_seed::add_to_linker::<_, WasiRandom>(linker, Sandbox::random)?;
    exit::add_to_linker::<_, WasiCli>(linker, Sandbox::cli)?;
    environment::add_to_linker::<_, WasiCli>(linker, Sandbox::cli)?;
    terminal_input::add_to_linker::<_, WasiCli>(linker, Sandbox::cli)?;
    terminal_output::add_to_linker::<_, WasiCli>(linker, Sandbox::cli)?;
    terminal_stdin::add_to_linker::<_, WasiCli>(linker, Sandbox::cli)?;
    terminal_stdout::add_to_linker::<_, WasiCli>(linker, Sandbox::cli)?;
    terminal_stderr::add_to_linker::<_, WasiCli>(linker, Sandbox::cli)?;
    preopens::add_to_linker::<_, WasiFilesystem>(linker, Sandbox::filesystem)?;
    network::add_to_linker::<_, WasiSockets>(linker, &Default::default(), Sandbox::sockets)?;
    instance_network::add_to_linker::<_, WasiSockets>(linker, Sandbox::sockets)?;
    ip_name_lookup::add_to_linker::<_, WasiSockets>(linker, Sandbox::sockets)?;
    tcp_create_socket::add_to_linker::<_, WasiSockets>(linker, Sandbox::sockets)?;
    udp_create_socket::add_to_linker::<_, WasiSockets>(linker, Sandbox::sockets)?;
    absent::link(linker)?;
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
