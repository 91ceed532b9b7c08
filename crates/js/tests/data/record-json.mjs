// What Node makes of JSON texts: `node record-json.mjs > json.jsonl`. Each row has a text, and a description of the value or the
// error. The description keeps the order of keys, tells -0 from 0, and has the prototype.
export const describe = (value) => {
    if (typeof value === 'string') return `s${value.length}:${[...value].map((it) => it.codePointAt(0).toString(16)).join(' ')}`;
    if (typeof value === 'number') return Object.is(value, -0) ? '-0' : `${value}`;
    if (value === null || typeof value === 'boolean') return `${value}`;
    if (Array.isArray(value)) return `[${value.length}|${value.map(describe).join()}]`;
    const own = Object.getPrototypeOf(value) === Object.prototype ? '' : '?';
    const describeProperty = (key) => {
        const { value: inner, writable, enumerable, configurable } = Object.getOwnPropertyDescriptor(value, key);
        return `${describe(key)}=${describe(inner)}${writable && enumerable && configurable ? '' : '!'}`;
    };
    return `${own}{${Object.keys(value).map(describeProperty).join()}}`;
};
const keys = (count, name = (at) => `key${at}`) => `{${Array.from({ length: count }, (_, at) => `"${name(at)}":${at}`).join()}}`;
const TEXTS = [
    '{}', '[]', 'null', 'true', 'false', '""', '0', '-0', '1', '-1', '123456789', '1234567890', '-123456789', '-1234567890', '2147483648',
    '-2147483648', '9007199254740993', '0.1', '-0.0', '1e3', '1E+3', '1.5e-7', '5e-324', '1e400', '12.34', ' \t\r\n{ } \n',
    '{"a":1,"b":[true,false,null],"c":{"d":"e"}}', '{"a":1,"a":2}', '{"b":1,"a":2,"1":3,"0":4}', '{"__proto__":1,"x":2}', '{"__proto__":{"y":1}}',
    '{"":1}', '{"10":1,"9":2,"01":3,"-1":4,"4294967295":5,"2147483648":6}', '{"constructor":1,"toString":2,"length":3}', '[1,[2,[3,[]]]]', '["a","","b c"]',
    '"\\u0041\\n\\t\\\\\\/\\"\\b\\f\\r"', '"\\ud83d\\ude00"', '"\\ud83d"', '"é€😀"', '{"é":"ü","\\u0061":1,"a\\"b":2}', '"\\u0000x"', '"a\u007fb\u2028"',
    '{"averyveryverylongnameofaproperty":1,"twentythreecharacters__":2,"twentyfourcharacters____":3}', keys(40), keys(300), keys(20, (at) => `${at}`),
    keys(30, (at) => `${29 - at}`), `${'['.repeat(60)}1${']'.repeat(60)}`, `${'['.repeat(70)}1${']'.repeat(70)}`, `${'{"a":'.repeat(200)}1${'}'.repeat(200)}`,
    `[${'1,'.repeat(500)}1]`, `"${'x'.repeat(5000)}"`,
    '', ' ', '{', '}', '[', ']', '{"a"', '{"a":', '{"a":1', '{"a":1,', '{"a":1,}', '[1,', '[1,]', '[,1]', '{,}', '{a:1}', "{'a':1}", '{"a":1 "b":2}', '[1 2]',
    '01', '-', '-a', '+1', '1.', '.5', '1e', '1e+', '0x10', 'nul', 'nulll', 'tru', 'truex', 'fals', 'undefined', 'NaN', '"abc', '"a\\', '"\\x"', '"\\u12"', '"\\u12g4"',
    '"a\nb"', '"a\tb"', '1 1', '{} {}', '[] x', '{"a":1}\u0000', '\u0000', '"\u0000"', '{"a":\u00a01}', '\ufeff{}', '// x\n1', '{"a":"\\u00"}', '{"a\\q":1}', '[1]]', '{"a":1}}',
    `${'['.repeat(70)}`, '{"a":{"b":[1,2,{"c":nope}]}}',
];
if (import.meta.filename === process.argv[1]) {
    for (const text of TEXTS) {
        let answer;
        try {
            answer = describe(JSON.parse(text));
        } catch (error) {
            answer = `${error.name}: ${error.message}`;
        }
        console.log(JSON.stringify({ text, answer }));
    }
}
