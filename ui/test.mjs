// Runs the unit tests of the page by Node's own runner: `npm test`. Each file is bundled first, as the page is.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const folder = mkdtempSync(join(here, 'node_modules/.tests-'));
const files = readdirSync(join(here, 'tests')).filter((name) => /\.test\.tsx?$/.test(name));
if (files.length === 0) throw new Error('there is no test');
try {
  await build({
    absWorkingDir: here, entryPoints: files.map((name) => `tests/${name}`), outdir: folder, outExtension: { '.js': '.mjs' }, bundle: true, format: 'esm',
    platform: 'node', target: 'node22', jsx: 'automatic', jsxImportSource: 'preact', logLevel: 'warning', loader: { '.css': 'empty' },
  });
  const ran = spawnSync(process.execPath, ['--test', ...files.map((name) => join(folder, name.replace(/\.tsx?$/, '.mjs')))], { stdio: 'inherit' });
  process.exitCode = ran.status ?? 1;
} finally {
  rmSync(folder, { recursive: true });
}
