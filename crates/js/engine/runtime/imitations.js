// What Node's library needs of the runtime, and what is made before the engine is frozen.
import { node } from '__wasm_rquickjs_builtin/timeout';
import { eval_in_new_context as evalInNewContext, eval_with_filename as evalWithFilename } from '__wasm_rquickjs_builtin/vm_native';
import { extractSourceMapURL } from '__wasm_rquickjs_builtin/internal/source_map_url';
import { createPrivateWeakMap, createPrivateWeakSet } from '__wasm_rquickjs_builtin/internal/weak_collections';

// For the runtime's `vm`, which stands in the place of Node's.
node.bindings.postlogin_vm = { evalInNewContext, evalWithFilename, extractSourceMapURL, createPrivateWeakMap, createPrivateWeakSet };
node.installDispatcher();

// What Node makes at first use is made now, before the engine is frozen; what is not there is not on the global object either.
for (const [target, key, , isEnumerable] of node.lazy) {
    let value;
    try {
        value = target[key];
    } catch (error) {
        throw new Error(`${String(key)}: ${error.message}\n${error.stack}`);
    }
    if (value === undefined) delete target[key];
    else Object.defineProperty(target, key, { value, writable: true, configurable: true, enumerable: isEnumerable });
}
// Loaded by others when they are first used.
for (const name of ['aes', 'cfrg', 'ec', 'mac', 'rsa', 'webcrypto', 'webidl', 'x509']) node.require(`internal/crypto/${name}`);
// Packages often ask for them.
for (const name of ['fs', 'vm', 'child_process', 'http2']) node.require(name);
