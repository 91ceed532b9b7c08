//! The interfaces of WASI that a guest imports and never uses: those of files and sockets.
//!
//! A guest has no folder and may open no socket, so it never holds what the functions here are methods of, and the sandbox ends
//! the call before it is one. So each is a name: the implementation of WASI, with its system calls, is not linked for them. A guest
//! that asks for its folders or for a socket gets the answers of the implementation: none, and `access-denied`.

use wasmtime::{
    bail,
    component::{Linker, LinkerInstance, ResourceType, Val},
};
use wasmtime_wasi::{
    filesystem::Descriptor,
    p2::{TcpSocket, UdpSocket},
};

use crate::sandbox::Sandbox;

// The version as the implementation names it; a guest of an older 0.2 imports it, too.
const FILES: &str = "wasi:filesystem/types@0.2.12";
const TCP: &str = "wasi:sockets/tcp@0.2.12";
const UDP: &str = "wasi:sockets/udp@0.2.12";

// All methods, from <https://github.com/WebAssembly/WASI/tree/v0.2.12/proposals>: a guest that imports one which is not here is
// refused.
const DESCRIPTOR: &str = "read-via-stream write-via-stream append-via-stream advise sync-data get-flags get-type set-size \
    set-times read write read-directory sync create-directory-at stat stat-at set-times-at link-at open-at readlink-at \
    remove-directory-at rename-at symlink-at unlink-file-at is-same-object metadata-hash metadata-hash-at";
const DIRECTORY_ENTRY_STREAM: &str = "read-directory-entry";
const TCP_SOCKET: &str = "start-bind finish-bind start-connect finish-connect start-listen finish-listen accept local-address \
    remote-address is-listening address-family set-listen-backlog-size keep-alive-enabled set-keep-alive-enabled \
    keep-alive-idle-time set-keep-alive-idle-time keep-alive-interval set-keep-alive-interval keep-alive-count \
    set-keep-alive-count hop-limit set-hop-limit receive-buffer-size set-receive-buffer-size send-buffer-size \
    set-send-buffer-size subscribe shutdown";
const UDP_SOCKET: &str = "start-bind finish-bind stream local-address remote-address address-family unicast-hop-limit \
    set-unicast-hop-limit receive-buffer-size set-receive-buffer-size send-buffer-size set-send-buffer-size subscribe";
const INCOMING_DATAGRAM_STREAM: &str = "receive subscribe";
const OUTGOING_DATAGRAM_STREAM: &str = "check-send send subscribe";

/// Items that no other interface mentions.
struct Entries;
struct Incoming;
struct Outgoing;

/// Links the names.
pub(super) fn link(linker: &mut Linker<Sandbox>) -> wasmtime::Result<()> {
    let mut files = linker.instance(FILES)?;
    resource::<Descriptor>(&mut files, "descriptor", DESCRIPTOR)?;
    resource::<Entries>(&mut files, "directory-entry-stream", DIRECTORY_ENTRY_STREAM)?;
    // No error of a stream is one of a file.
    files.func_new("filesystem-error-code", |_, _, _, results| {
        results.fill(Val::Option(None));
        Ok(())
    })?;
    resource::<TcpSocket>(&mut linker.instance(TCP)?, "tcp-socket", TCP_SOCKET)?;
    let mut udp = linker.instance(UDP)?;
    resource::<UdpSocket>(&mut udp, "udp-socket", UDP_SOCKET)?;
    resource::<Incoming>(
        &mut udp,
        "incoming-datagram-stream",
        INCOMING_DATAGRAM_STREAM,
    )?;
    resource::<Outgoing>(
        &mut udp,
        "outgoing-datagram-stream",
        OUTGOING_DATAGRAM_STREAM,
    )
}

fn resource<T: 'static>(
    instance: &mut LinkerInstance<'_, Sandbox>,
    name: &str,
    methods: &str,
) -> wasmtime::Result<()> {
    // None is ever made, so none is dropped.
    instance.resource(name, ResourceType::host::<T>(), |_, _| Ok(()))?;
    for method in methods.split_whitespace() {
        instance.func_new(&format!("[method]{name}.{method}"), |_, _, _, _| {
            bail!("there are no files and no sockets")
        })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use wasmtime::{
        Engine,
        component::{Component, Linker},
    };

    /// Whether a component with these imports is linked.
    fn is_linked(imports: &str) -> bool {
        let engine = Engine::default();
        let mut linker = Linker::new(&engine);
        super::super::link(&mut linker).expect("WASI is linked");
        let bytes = wat::parse_str(format!("(component {imports})")).expect("text");
        let component = Component::from_binary(&engine, &bytes).expect("a component");
        linker.instantiate_pre(&component).is_ok()
    }

    /// An interface with a resource, and one of its methods.
    fn interface(name: &str, resource: &str, method: &str) -> String {
        format!(
            r#"(import "wasi:{name}" (instance $interface
                (export "{resource}" (type $it (sub resource)))
                (export "[method]{resource}.{method}" (func (param "self" (borrow $it))))))"#
        )
    }

    #[test]
    fn every_version_finds_the_names() {
        for version in ["0.2.0", "0.2.3", "0.2.12"] {
            for (name, resource, method) in [
                ("filesystem/types", "descriptor", "metadata-hash-at"),
                (
                    "filesystem/types",
                    "directory-entry-stream",
                    "read-directory-entry",
                ),
                ("sockets/tcp", "tcp-socket", "shutdown"),
                ("sockets/udp", "udp-socket", "stream"),
                ("sockets/udp", "outgoing-datagram-stream", "send"),
            ] {
                let name = format!("{name}@{version}");
                assert!(is_linked(&interface(&name, resource, method)), "{name}");
                assert!(!is_linked(&interface(&name, resource, "invent")), "{name}");
            }
        }
    }

    #[test]
    fn folders_are_what_the_list_of_folders_has() {
        let with_list = |resource: &str, method: &str| {
            let types = interface("filesystem/types@0.2.3", resource, method);
            format!(
                r#"{types} (alias export $interface "{resource}" (type $one))
                (import "wasi:filesystem/preopens@0.2.3" (instance
                    (export "descriptor" (type $own (eq $one)))
                    (export "get-directories" (func (result (list (tuple (own $own) string)))))))"#
            )
        };
        assert!(is_linked(&with_list("descriptor", "sync")));
        assert!(!is_linked(&with_list(
            "directory-entry-stream",
            "read-directory-entry"
        )));
    }
}
