// ---- values on the wire, see docs/abi.md -------------------------------------------------------------

// The host reads no deeper JSON.
const DEEPEST = 100;

// A list that inherits nothing: a `toJSON` of Object.prototype is not its own.
const { setPrototypeOf } = Reflect;
const bareList = () => {
    const list = [];
    setPrototypeOf(list, null);
    return list;
};

function tag(value, around) {
    switch (typeof value) {
        case 'string':
            return value.toWellFormed();
        case 'boolean':
            return value;
        case 'undefined':
            return { __proto__: null, $: 'undefined' };
        case 'number':
            return isFinite(value) ? value : { $: isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity' };
        case 'bigint':
            return { __proto__: null, $: 'bigint', of: `${value}` };
        case 'symbol':
            return { __proto__: null, $: 'symbol', of: (value.description ?? '').toWellFormed() };
        case 'function':
            return { __proto__: null, $: 'function', of: toSource.call(value).toWellFormed() };
        default:
            return value === null ? null : tagObject(unwatched(value), around);
    }
}

// The arguments of a call as JSON. Most are simple and need no tags.
function argumentsText(args) {
    let isSimple = args.toJSON === undefined;
    for (let at = 0; isSimple && at < args.length; at++) {
        const value = args[at];
        switch (typeof value) {
            case 'string': isSimple = isWellFormed(value); break;
            case 'number': isSimple = isFinite(value); break;
            case 'boolean': break;
            default: isSimple = value === null;
        }
    }
    if (isSimple) return stringify(args);
    // The list itself is the host's: nothing that is done to prototypes is asked of it.
    const around = new Set([args]);
    const items = bareList();
    for (let at = 0; at < args.length; at++) items[at] = tag(args[at], around);
    return stringify(items);
}

// `around`: the objects that contain this one.
function tagObject(value, around) {
    if (around.has(value)) return { __proto__: null, $: 'circular' };
    if (value instanceof Date) {
        return { __proto__: null, $: 'date', of: isNaN(+value) ? 'invalid' : toISOString.call(value) };
    }
    if (value instanceof String || value instanceof Number || value instanceof Boolean) return tag(value.valueOf(), around);
    if (around.size >= DEEPEST) throw new nativeErrors.RangeError('Maximum call stack size exceeded');
    around.add(value);
    const tagged = tagContents(value, around);
    around.delete(value);
    return tagged;
}

function tagContents(value, around) {
    if (typeof value.toJSON === 'function') return { __proto__: null, $: 'tojson', of: tag(value.toJSON(''), around) };
    if (isArray(value)) {
        const items = bareList();
        for (let i = 0; i < value.length; i++) items[i] = tag(value[i], around);
        return items;
    }
    const properties = { __proto__: null };
    for (const key of keys(value)) {
        // Not an assignment: a key may be `__proto__`.
        defineProperty(properties, key.toWellFormed(), { value: tag(value[key], around), enumerable: true, configurable: true, writable: true });
    }
    return hasOwn(properties, '$') ? { __proto__: null, $: 'object', of: properties } : properties;
}

function untag(value, api) {
    if (value === null || typeof value !== 'object') return value;
    if (isArray(value)) return value.map((item) => untag(item, api));
    if (hasOwn(value, '$')) {
        switch (value.$) {
            case 'api': return api;
            case 'undefined': return undefined;
            case 'NaN': return NaN;
            case 'Infinity': return Infinity;
            case '-Infinity': return -Infinity;
            case 'object': value = value.of; break;
        }
    }
    for (const key of keys(value)) value[key] = untag(value[key], api);
    return value;
}

