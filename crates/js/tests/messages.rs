//! `structuredClone`, MessageChannel and BroadcastChannel. The expected texts are Node 22's.

mod common;

use common::printed;

#[track_caller]
fn check(statements: &str, expected: &str) {
    let got = printed(&format!(
        "const tell = (run) => {{ try {{ return JSON.stringify(run()); }} catch ({{ name, message, code }}) {{ return `${{name}} ${{code}}: ${{message}}`; }} }};
         const turn = () => new Promise((done) => setTimeout(done, 20));
         exports.onExecutePostLogin = async () => {{\n{statements}\n}};"
    ));
    assert_eq!(got, format!("{expected}\n"), "{statements}");
}

#[test]
fn what_cannot_be_cloned_is_named() {
    for (value, told) in [
        ("() => 1", "() => 1"),
        ("Symbol('x')", "Symbol(x)"),
        ("new WeakMap()", "#<WeakMap>"),
        ("{ a: [Promise.resolve()] }", "#<Promise>"),
        ("(function* () {})()", "[object Generator]"),
    ] {
        check(
            &format!("console.log(tell(() => structuredClone({value})))"),
            &format!("DataCloneError 25: {told} could not be cloned."),
        );
    }
    check(
        "const { port1 } = new MessageChannel(); console.log(tell(() => structuredClone(port1))); port1.close();",
        "DataCloneError 25: Object that needs transfer was found in message but not listed in transferList",
    );
    check(
        "console.log(tell(() => structuredClone(1, { transfer: [{}] })))",
        "DataCloneError 25: Found invalid value in transferList.",
    );
}

#[test]
fn clones_are_v8s() {
    check(
        "const error = structuredClone(new RangeError('m', { cause: { at: new Date(3) } }));
         console.log(error.name, error.message, error.cause.at.getTime(), Object.keys(error).length, error.stack.split('\\n')[0]);",
        "RangeError m 3 0 RangeError: m",
    );
    check(
        "const buffer = new ArrayBuffer(4);
         const [one, two] = structuredClone([new Uint8Array(buffer, 1), new DataView(buffer)], { transfer: [buffer] });
         console.log(one.byteOffset, one.length, one.buffer === two.buffer, buffer.byteLength);",
        "1 3 true 0",
    );
    check(
        "const sparse = [1, , 3]; sparse.more = 1; sparse.self = sparse;
         const copy = structuredClone(sparse);
         console.log(copy.length, 1 in copy, copy.more, copy.self === copy);
         const blob = structuredClone(new Blob(['abc'], { type: 'text/css' }));
         console.log(blob instanceof Blob, blob.type, await blob.text());
         const thrown = structuredClone(new DOMException('m', 'AbortError'));
         console.log(thrown instanceof DOMException, thrown.name, thrown.code);",
        "3 false 1 true\ntrue text/css abc\ntrue AbortError 20",
    );
}

#[test]
fn ports_give_messages_in_turns_of_their_own() {
    check(
        "const { port1, port2 } = new MessageChannel();
         const seen = [];
         port2.on('message', (message) => {
           seen.push(`m${message}`);
           Promise.resolve().then(() => seen.push(`p${message}`));
           process.nextTick(() => seen.push(`t${message}`));
         });
         port2.on('close', () => seen.push('closed'));
         port1.postMessage(1); port1.postMessage(2);
         seen.push('s');
         await turn();
         port1.close();
         await turn();
         console.log(seen.join(' '));",
        "s m1 t1 p1 m2 t2 p2 closed",
    );
    check(
        "const [one, two] = [new MessageChannel(), new MessageChannel()];
         const seen = [];
         one.port2.onmessage = ({ data: { port } }) => { seen.push(port === two.port2); port.on('message', (message) => { seen.push(message); port.close(); }); };
         one.port1.postMessage({ port: two.port2 }, [two.port2]);
         two.port1.postMessage('through');
         await turn();
         one.port1.close();
         console.log(seen.join(' '));
         const { receiveMessageOnPort, MessageChannel: Same } = require('worker_threads');
         const { port1, port2 } = new Same();
         console.log(Same === MessageChannel, receiveMessageOnPort(port2), (port1.postMessage({ a: 1 }), receiveMessageOnPort(port2)));
         port1.close();",
        "false through\ntrue undefined { message: { a: 1 } }",
    );
    check(
        "const [a, b] = [new BroadcastChannel('x'), new BroadcastChannel('x')];
         b.onmessage = ({ data }) => console.log(data);
         a.postMessage('heard'); await turn(); a.close(); b.close();
         console.log(tell(() => a.postMessage(1)));",
        "heard\nInvalidStateError 11: BroadcastChannel is closed.",
    );
}
