// ---- modules -------------------------------------------------------------------------------------------

// npm packages run in the runtime's own realm, as Node's `require` runs them; Action Modules run in the Action's, and so do the
// files that an Action imports, which a bundler would put into it. The host finds the files, see the interface `modules`; this part gives them Node's shape and runs each once.

const files = { __proto__: null }; // path → Module: what ran or runs, `require.cache`
const provided = { __proto__: null }; // path → { format, code }: files that the engine holds itself
const answers = { __proto__: null }; // what `resolve` answers, see `question`
const actionModules = { __proto__: null }; // name → { exports } | { error }

const question = (importer, specifier, keyword) => `${keyword}\n${importer}\n${specifier}`;
const folderOf = (path) => path.slice(0, path.lastIndexOf('/')) || '/';

class Module {
    constructor(path, parent) {
        this.id = path;
        this.path = folderOf(path);
        this.exports = {};
        defineProperty(this, 'parent', { value: parent, writable: true, configurable: true, enumerable: false });
        this.filename = path;
        this.loaded = false;
        this.children = [];
        this.paths = pathsOf(this.path);
        parent?.children.push(this);
    }

    require(specifier) {
        return requireFrom(this.filename, specifier, this);
    }
}

function pathsOf(folder) {
    const paths = [];
    for (let at = folder; ; at = folderOf(at)) {
        if (!at.endsWith('/node_modules')) paths.push(`${at === '/' ? '' : at}/node_modules`);
        if (at === '/') return paths;
    }
}

// `here`: an error made where the Action or the package asked.
function notFound(here, { code, message }, importer) {
    const name = code.startsWith('ERR_INVALID') || code === 'ERR_REQUIRE_ASYNC_MODULE' ? 'TypeError' : 'Error';
    if (code !== 'MODULE_NOT_FOUND') return Object.assign(errorAt(here, name, message), { code });
    return Object.assign(errorAt(here, name, `${message}${requireStack(importer)}`), { code, requireStack: stackOf(importer) });
}

function stackOf(path) {
    const stack = [];
    for (let module = path && files[path]; module; module = module.parent) stack.push(module.filename);
    return stack;
}

const requireStack = (importer) => (files[importer] ? `\nRequire stack:\n- ${stackOf(importer).join('\n- ')}` : '');

const { validateString } = node.require('internal/validators');
const { ERR_INVALID_ARG_VALUE } = node.require('internal/errors').codes;

function checkSpecifier(specifier) {
    validateString(specifier, 'id');
    if (specifier === '') throw new ERR_INVALID_ARG_VALUE('id', specifier, 'must be a non-empty string');
}

function pathFor(importer, specifier, keyword) {
    checkSpecifier(specifier);
    const known = answers[question(importer, specifier, keyword)];
    if (known !== undefined) return known;
    const here = new nativeErrors.Error();
    try {
        return askForPath(importer, specifier, keyword);
    } catch (refusal) {
        throw notFound(here, refusal, importer);
    }
}

function loaded(path, parent) {
    const known = files[path];
    if (known) return known;
    const here = new nativeErrors.Error();
    let file = provided[path];
    if (!file) {
        try {
            file = askForFile(path);
        } catch (refusal) {
            throw notFound(here, refusal, parent?.filename);
        }
    }
    if (file.format === 'async-module') {
        const message = 'require() cannot be used on an ESM graph with top-level await. Use import() instead.';
        throw notFound(here, { code: 'ERR_REQUIRE_ASYNC_MODULE', message }, undefined);
    }
    const module = (files[path] = new Module(path, parent));
    const before = warnings();
    try {
        runFile(module, file);
    } catch (error) {
        delete files[path];
        throw error;
    } finally {
        if (path.includes('/node_modules/')) silenceSince(before);
    }
    module.loaded = true;
    return module;
}

const COMMONJS_PREFIX = '(function (exports, require, module, __filename, __dirname, $import) { ';
// The npm package undici compiles its parser when it is loaded, and is rejected unhandled where there is no WebAssembly. It does not
// use the parser: its requests go to Node's dispatcher.
const UNDICIS_PARSER = /\/node_modules\/undici[^/]*\/lib\/(?:dispatcher\/client-h1|client)\.js$/;
const NEVER_COMPILED = 'const WebAssembly = { compile: () => new Promise(() => {}) }; ';
// A file that the Action imports.
const LOCAL_SCHEME = 'local:';
const LOCAL_PREFIX = /*LOCAL_WRAPPER*/ '';
// An ES module may declare the names that CommonJS has.
const MODULE_PREFIX = 'function (exports, $import, $meta) { ';

// The value of a text of JSON as a literal of the Action's makes it, which is what bundlers write: its lists are those of its realm.
function literal(code) {
    const value = JSON.parse(code);
    // In a literal, this one is no property.
    return code.includes('__proto__') ? value : realm.compile(`this.$=${code}`, 'guest');
}

function runLocal(module, code) {
    const { exports, filename: path } = module;
    const own = LOCAL_PREFIX.length - 'this.$='.length;
    const body = whole(compiledAlone(LOCAL_PREFIX, code, path), own + code.length + 2);
    return apply(body, exports, [exports, makeRequire(path, module), module, path, module.path, makeImport(path, module), actionConsole]);
}

function runFile(module, { format, code }) {
    const path = module.filename;
    const isLocal = path.startsWith(LOCAL_SCHEME);
    if (format === 'json') {
        try {
            module.exports = isLocal ? literal(code) : JSON.parse(code);
        } catch (error) {
            error.message = `${path}: ${error.message}`;
            throw error;
        }
        return undefined;
    }
    if (format === 'commonjs') {
        if (isLocal) return runLocal(module, code);
        const prefix = UNDICIS_PARSER.test(path) ? `${COMMONJS_PREFIX}${NEVER_COMPILED}` : COMMONJS_PREFIX;
        const body = whole(evaluate(`${prefix}${code}\n})`, path), prefix.length + code.length + 1);
        const { exports } = module;
        return apply(body, exports, [exports, makeRequire(path, module), module, path, module.path, makeImport(path, module)]);
    }
    module.exports = Object.create(null, { [Symbol.toStringTag]: { value: 'Module' } });
    defineProperty(module, 'isNamespace', { value: true });
    const prefix = `${format === 'async-module' ? 'async ' : ''}${MODULE_PREFIX}`;
    const body = whole(evaluate(`(${prefix}${code}\n})`, path), prefix.length + code.length + 2);
    return apply(body, undefined, [module.exports, makeImport(path, module), metaOf(path)]);
}

// A module of Node's.
function builtin(name) {
    const id = BuiltinModule.normalizeRequirableId(name);
    if (id === 'module') return nodeModule;
    if (id === undefined || !BuiltinModule.map.has(id)) {
        const here = new nativeErrors.Error();
        throw notFound(here, { code: name.startsWith('node:') ? 'ERR_UNKNOWN_BUILTIN_MODULE' : 'MODULE_NOT_FOUND', message: name.startsWith('node:') ? `No such built-in module: ${name}` : `Cannot find module '${name}'` }, undefined);
    }
    return node.require(id);
}
node.host.builtin = builtin;

function requireFrom(importer, specifier, parent) {
    if (typeof specifier === 'string') {
        if (isBuiltin(specifier) || specifier.startsWith('node:')) return builtin(specifier);
        if (specifier.startsWith('actions:')) return actionModule(importer, specifier);
    }
    const { exports, isNamespace } = loaded(pathFor(importer, specifier, 'require-call'), parent);
    return isNamespace && hasOwn(exports, 'module.exports') ? exports['module.exports'] : exports;
}

function makeRequire(importer, parent) {
    const require = function require(specifier) {
        return requireFrom(importer, specifier, parent);
    };
    require.resolve = function resolve(specifier) {
        return isBuiltin(specifier) ? specifier : pathFor(importer, specifier, 'require-call');
    };
    require.resolve.paths = function paths(specifier) {
        return isBuiltin(specifier) ? null : pathsOf(importer ? folderOf(importer) : HOME);
    };
    require.cache = files;
    require.extensions = { __proto__: null, '.js': runFile, '.json': runFile };
    require.main = undefined;
    return require;
}

// The namespace of what is no ES module.
const namespaces = new WeakMap();

function namespaceOf(exports, isComplete) {
    const isObject = (typeof exports === 'object' && exports !== null) || typeof exports === 'function';
    if (!isObject) return { __proto__: null, default: exports, 'module.exports': exports };
    const known = namespaces.get(exports);
    if (known) return known;
    const namespace = Object.create(null, { [Symbol.toStringTag]: { value: 'Module' } });
    for (const name of getOwnPropertyNames(exports)) {
        if (name === 'default' || (typeof exports === 'function' && ['length', 'name', 'prototype', 'arguments', 'caller'].includes(name))) continue;
        defineProperty(namespace, name, { get: () => exports[name], enumerable: true, configurable: true });
    }
    defineProperty(namespace, 'default', { value: exports, enumerable: true });
    defineProperty(namespace, 'module.exports', { value: exports, enumerable: true });
    if (isComplete) namespaces.set(exports, namespace);
    return namespace;
}

function pathOfUrl(specifier) {
    return specifier.startsWith('file://') ? decodeURIComponent(specifier.slice(7)) : specifier;
}

function makeImport(importer, parent) {
    const $import = (specifier) => {
        if (isBuiltin(specifier)) return namespaceOf(builtin(specifier), true);
        const module = loaded(pathFor(importer, pathOfUrl(specifier), 'import-declaration'), parent);
        return module.isNamespace ? module.exports : namespaceOf(module.exports, module.loaded);
    };
    // `import()`
    $import.later = async (specifier) => {
        const name = `${specifier}`;
        if (isBuiltin(name)) return $import(name);
        const path = pathFor(importer, pathOfUrl(name), 'import-declaration');
        const file = files[path] ? undefined : (provided[path] ?? askForFile(path));
        if (file?.format !== 'async-module') return $import(name);
        const module = (files[path] = new Module(path, parent));
        await runFile(module, file);
        module.loaded = true;
        return module.exports;
    };
    return $import;
}

function metaOf(path) {
    const url = `file://${encodeURI(path)}`;
    return {
        __proto__: null,
        dirname: folderOf(path),
        filename: path,
        resolve: (specifier) => (isBuiltin(specifier) ? `node:${specifier.replace('node:', '')}` : `file://${pathFor(path, specifier, 'import-declaration')}`),
        url,
    };
}

// What a package gets from `require('module')`.
const nodeModule = Object.assign(function Module(id = '', parent) {
    return Object.assign(this, { id, path: folderOf(id), exports: {}, filename: null, loaded: false, children: [], parent });
}, {
    builtinModules: BuiltinModule.getCanBeRequiredByUsersWithoutSchemeList().filter((id) => !id.startsWith('internal/')),
    isBuiltin,
    createRequire: function createRequire(from) {
        const path = pathOfUrl(`${from?.href ?? from}`);
        return makeRequire(path, undefined);
    },
    _cache: files,
    _extensions: { __proto__: null, '.js': runFile, '.json': runFile },
    _pathCache: { __proto__: null },
    _nodeModulePaths: (folder) => pathsOf(folder),
    _resolveFilename: (specifier, parent) => (isBuiltin(specifier) ? specifier : pathFor(parent?.filename ?? '', specifier, 'require-call')),
    _load: (specifier, parent) => requireFrom(parent?.filename ?? '', specifier, parent),
    globalPaths: [],
    syncBuiltinESMExports() {},
    findSourceMap() {},
    register() {},
    wrap: (script) => `(function (exports, require, module, __filename, __dirname) { ${script}\n});`,
});
nodeModule.Module = nodeModule;
nodeModule.prototype.require = function (specifier) {
    return requireFrom(this.filename ?? '', specifier, this);
};

// ---- Action Modules --------------------------------------------------------------------------------------

const ACTION_MODULE_PREFIX = /*MODULE_WRAPPER*/ '';

function actionModule(importer, name) {
    const path = pathFor(importer, name, 'require-call');
    const known = (actionModules[path] ??= runActionModule(path));
    if (hasOwn(known, 'error')) throw known.error;
    return known.module.exports;
}

// What its top-level code throws is kept, too.
function runActionModule(path) {
    const { code } = provided[path] ?? askForFile(path);
    const module = { exports: {} };
    try {
        const body = compiledAlone(ACTION_MODULE_PREFIX, code, path);
        const secrets = parse(askForSecrets(path));
        body.call(undefined, module, module.exports, actionConsole, makeRequire(path, undefined), { secrets });
        return { module };
    } catch (error) {
        return { error: error instanceof nativeErrors.Error || isError(error) ? error : wrapped(error) };
    }
}
