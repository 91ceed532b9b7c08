//! The JavaScript engine: a committed WebAssembly component, and what it was built from.

pub mod inputs;

use postlogin_core::{MethodSpec, Returns, method_names};

/// The `api` object's namespaces and methods as a JavaScript literal, `{namespace: [[name, isAsync], …]}`: what
/// guest.js makes the object from.
#[must_use]
pub fn methods_literal() -> String {
    let mut namespaces: Vec<(&str, Vec<String>)> = Vec::new();
    for MethodSpec { namespace, name, returns } in method_names() {
        let member = format!("['{name}', {}]", matches!(returns, Returns::Promise));
        match namespaces.iter_mut().find(|(known, _)| known == namespace) {
            Some((_, members)) => members.push(member),
            None => namespaces.push((namespace, vec![member])),
        }
    }
    let namespaces = namespaces.iter().map(|(name, members)| format!("{name}: [{}]", members.join(", ")));
    format!("{{ {} }}", namespaces.collect::<Vec<_>>().join(", "))
}
