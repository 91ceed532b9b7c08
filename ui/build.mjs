// Builds the page: one script and one style sheet, packed, with a lock that names what they were built from. `npm run build`.

import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { constants, zstdCompressSync } from 'node:zlib';
import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const assets = join(here, '../crates/page/assets');
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

const built = await build({
  absWorkingDir: here,
  entryPoints: { page: 'src/main.tsx' },
  outdir: assets,
  bundle: true,
  minify: true,
  write: false,
  format: 'iife',
  target: ['chrome116', 'firefox117', 'safari16.4'],
  charset: 'utf8',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  legalComments: 'none',
  // What the licences of the packages ask to be passed on with a report.
  banner: { js: '/* postlogin (MIT OR Apache-2.0); with Preact (c) Jason Miller, Preact Team and CodeMirror (c) Marijn Haverbeke and others, MIT; see THIRD_PARTY_NOTICES.md of postlogin */' },
  logLevel: 'warning',
});

// What the lock names: every source, and the versions of the packages.
const inputs = ['build.mjs', 'package.json', 'package-lock.json', 'tsconfig.json'];
for (const name of readdirSync(join(here, 'src')).sort()) inputs.push(`src/${name}`);
const lines = ['# What page.js and page.css were built from. Made by `npm run build` in ui/.'];
for (const name of inputs.sort()) lines.push(`input  ${sha256(readFileSync(join(here, name)))}  ui/${name}`);

for (const name of ['page.css', 'page.js']) {
  const file = built.outputFiles.find((it) => it.path.endsWith(name));
  if (!file) throw new Error(`esbuild wrote no ${name}`);
  const packed = zstdCompressSync(file.contents, {
    params: { [constants.ZSTD_c_compressionLevel]: 22, [constants.ZSTD_c_windowLog]: 23, [constants.ZSTD_c_contentSizeFlag]: 1 },
  });
  writeFileSync(join(assets, `${name}.zst`), packed);
  lines.push(`packed ${sha256(packed)}  ${name}.zst`);
  console.log(`${name}: ${file.contents.length} bytes, packed ${packed.length}`);
}
writeFileSync(join(assets, 'page.lock'), `${lines.join('\n')}\n`);
