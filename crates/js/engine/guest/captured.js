// The part of postlogin that runs inside the sandbox: it turns one Action's source into handlers and
// gives them `event`, `api` and `console`. It validates nothing: every `api` call is answered by the host.

import { call as callHost } from 'postlogin:actions/dynamic@0.3.1';
import { write as writeLine } from 'postlogin:actions/console@0.3.1';
import { resolve as askForPath, load as askForFile, secrets as askForSecrets } from 'postlogin:actions/modules@0.3.1';
import {
    eval_with_filename as evaluate, eval_in_new_context as evaluateInNewRealm,
} from '__wasm_rquickjs_builtin/vm_native';
import {
    node, hooks, setImmediate as nextTurn, pendingTimers, getRefTimerCount as pendingTimerCount, dropTimers,
} from '__wasm_rquickjs_builtin/timeout';

// Captured before any Action runs: an Action may replace every global.
const { Console } = node.require('console');
const { inspect } = node.require('util');
const { parse, stringify } = JSON;
const { keys, hasOwn, defineProperty, getOwnPropertyNames, getOwnPropertyDescriptor, getPrototypeOf } = Object;
const { isArray } = Array;
const { isFinite, isNaN } = Number;
const { min, max } = Math;
const { apply } = Reflect;
const reflect = { get: Reflect.get, set: Reflect.set, has: Reflect.has, defineProperty: Reflect.defineProperty };
const toISOString = Date.prototype.toISOString;
const toSource = Function.prototype.toString;
const nativeErrors = { Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError };
const isError = node.types.isNativeError;
const NativePromise = Promise;
const raise = (error) => node.fail(error, false); // as an exception that leaves a callback
const { BuiltinModule } = node.require('internal/bootstrap/realm');
const isBuiltin = (name) => typeof name === 'string' && BuiltinModule.isBuiltin(name);
// Where the caller is in the Action's sources and those of packages: frames without the names of functions. Cheaper than a stack.
const { places } = node.native;
const bound = (method) => Function.prototype.call.bind(method);
const textSlice = bound(String.prototype.slice);
const textIncludes = bound(String.prototype.includes);
const textStarts = bound(String.prototype.startsWith);
const textEnds = bound(String.prototype.endsWith);
const textIndex = bound(String.prototype.indexOf);
const weakGet = bound(WeakMap.prototype.get);
const weakSet = bound(WeakMap.prototype.set);
const wellFormed = bound(String.prototype.toWellFormed);
const isWellFormed = bound(String.prototype.isWellFormed);

// Where the Action lies: no folder of the machine's.
const HOME = '/home/action';

// One namespace per property; `xtask build-engine` writes the list that postlogin-core defines.
const METHODS = /*METHODS*/ {};

// The sample of each trigger's event, as JSON.
const SAMPLES = /*SAMPLES*/ [];

