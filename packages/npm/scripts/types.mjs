// Writes lib/schema.d.ts from the JSON Schemas of the program: `node scripts/types.mjs`. With --check it only says whether the file is
// up to date.

import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const { binary } = createRequire(import.meta.url)('../lib/binary.js');

const FILE = fileURLToPath(new URL('../lib/schema.d.ts', import.meta.url));

/** Which schemas, and the names of their types. */
const ROOTS = [
    ['outcome', 'Outcome'],
    ['case', 'CaseFile'],
    ['event', 'PostLoginEvent'],
];

const NAMES = { outcome: { error: 'ActionError', redirect: 'Redirect', location: 'Location', log: 'Log', notice: 'Notice', command: 'Command', request: 'PlainRequest', ledgerEntry: 'LedgerEntry', usage: 'ActionUsage' }, case: { case: 'Case', request: 'ContinueRequest', expect: 'Expect' } };

/** The TypeScript of a schema; `names` leads from $defs to types. */
function type(schema, names, indent) {
    if (schema === true || Object.keys(schema).length === 0) return 'unknown';
    if (schema.$ref) return names[schema.$ref.slice('#/$defs/'.length)];
    if (schema.anyOf) return union(schema.anyOf.map((one) => type(one, names, indent)));
    if (schema.const !== undefined) return JSON.stringify(schema.const);
    if (schema.enum) return union(schema.enum.map((one) => JSON.stringify(one)));
    const types = [schema.type ?? []].flat();
    if (types.length === 0) return 'unknown';
    return union(types.map((one) => ofType(one, schema, names, indent)));
}

function ofType(name, schema, names, indent) {
    switch (name) {
        case 'integer':
        case 'number':
            return 'number';
        case 'array': {
            const item = schema.items ? type(schema.items, names, indent) : 'unknown';
            return /[ |]/.test(item) && !item.startsWith('{') ? `(${item})[]` : `${item}[]`;
        }
        case 'object':
            return object(schema, names, indent);
        default:
            return name;
    }
}

function object(schema, names, indent) {
    const rest = schema.additionalProperties;
    const entries = Object.entries(schema.properties ?? {});
    if (entries.length === 0) {
        const value = typeof rest === 'object' ? type(rest, names, indent) : 'unknown';
        return `Record<string, ${value}>`;
    }
    const inner = `${indent}    `;
    const lines = entries.map(([key, property]) => {
        const comment = property.description ? `${inner}/** ${property.description.replaceAll('*/', '* /')} */\n` : '';
        const mark = schema.required?.includes(key) ? '' : '?';
        const name = /^[A-Za-z_$][\w$]*$/.test(key) ? key : JSON.stringify(key);
        return `${comment}${inner}${name}${mark}: ${type(property, names, inner)};`;
    });
    // What production adds tomorrow is no mistake today, except where the schema says that it is one.
    if (rest !== false) lines.push(`${inner}[key: string]: unknown;`);
    return `{\n${lines.join('\n')}\n${indent}}`;
}

const union = (types) => [...new Set(types)].join(' | ');

function declaration(name, schema, names) {
    const comment = schema.title ?? schema.description;
    const doc = comment ? `/** ${comment} */\n` : '';
    const text = type(schema, names, '');
    return text.startsWith('{') ? `${doc}export interface ${name} ${text}\n` : `${doc}export type ${name} = ${text};\n`;
}

function generated() {
    const parts = ['// Made by scripts/types.mjs from the JSON Schemas that `postlogin schema` prints. Do not edit.\n'];
    for (const [id, root] of ROOTS) {
        const schema = JSON.parse(execFileSync(binary(), ['schema', id], { encoding: 'utf8', maxBuffer: 16 << 20 }));
        const names = Object.fromEntries(Object.keys(schema.$defs ?? {}).map((key) => [key, NAMES[id]?.[key] ?? `${root}${key}`]));
        parts.push(declaration(root, schema, names));
        for (const [key, definition] of Object.entries(schema.$defs ?? {})) parts.push(declaration(names[key], definition, names));
    }
    return parts.join('\n');
}

const text = generated();
if (process.argv.includes('--check')) {
    if (readFileSync(FILE, 'utf8') !== text) {
        console.error('error: packages/npm/lib/schema.d.ts is out of date\nhint: node packages/npm/scripts/types.mjs');
        process.exitCode = 1;
    }
} else {
    writeFileSync(FILE, text);
}
