// The Action's side of the native runner, see runner.rs.
(node, kind, source) => {
    'use strict';

    const { host, require } = node;
    globalThis.__rejected = (promise, reason, isHandled) => node.rejected?.(promise, reason, isHandled);
    const { Console } = require('internal/console/constructor').Console ? require('internal/console/constructor') : require('console');
    const logs = [];
    const write = (chunk) => { logs.push({ message: chunk.replace(/\n$/, '') }); return true; };
    const printer = new Console({ stdout: { write }, stderr: { write }, ignoreErrors: false });
    const run = { isDone: false, finish() {} };
    if (kind === 'script') {
        const body = node.native.compile(`(async function (require, console) {${source}\n})`, 'script');
        globalThis.console = require('console');
        body(require, globalThis.console).then(() => { run.isDone = node.pendingCount() === 0; }, (error) => { host.print(`rejected ${error?.stack ?? error}\n${error?.message}\n`); });
        return run;
    }
    const outcome = { status: 'allowed', logs };
    const fail = (error) => {
        if (globalThis.VERBOSE) host.print(`${error?.stack}\n`);
        run.isDone = true;
        outcome.status = 'failed';
        outcome.error = { name: `${error?.name}`, message: `${error?.message}` };
    };
    host.uncaught = fail;
    const module = { exports: {} };
    try {
        const body = node.native.compile(`(function (exports, require, module, console) {${source}\n})`, 'action.js');
        const isListed = (id) => node.internalBinding('builtins').builtinIds.includes(id) && !id.startsWith('internal/');
        const requirePublic = (id) => {
            const name = `${id}`.replace(/^node:/, '');
            if (!isListed(name)) throw Object.assign(new Error(`Cannot find module '${id}'`), { code: 'MODULE_NOT_FOUND' });
            return require(name);
        };
        body(module.exports, requirePublic, module, printer);
        globalThis.require = requirePublic;
        globalThis.console = printer;
        module.exports.onExecutePostLogin({}, {}).then(() => { run.isDone = true; }, fail);
    } catch (error) {
        fail(error);
    }
    run.finish = () => {
        if (!run.isDone) fail({ name: 'Hang', message: 'nothing left to do' });
        host.print(JSON.stringify(outcome));
    };
    return run;
};
