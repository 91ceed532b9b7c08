// Packs the npm packages: `node scripts/pack.mjs OUT PLATFORM=BINARY…` writes OUT/postlogin-VERSION.tgz and one package for each platform.
// Without a network, and without running anything of the packages.

import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const PACKAGE = fileURLToPath(new URL('..', import.meta.url));
const ROOT = path.join(PACKAGE, '../..');
const LICENCES = ['LICENSE-APACHE', 'LICENSE-MIT'];

const [out, ...binaries] = process.argv.slice(2);
if (!out || !binaries.every((one) => one.includes('='))) {
    console.error('usage: node scripts/pack.mjs OUT PLATFORM=BINARY…');
    process.exit(2);
}

const manifest = JSON.parse(readFileSync(path.join(PACKAGE, 'package.json'), 'utf8'));
const version = /^version = "([^"]+)"/m.exec(readFileSync(path.join(ROOT, 'Cargo.toml'), 'utf8'))?.[1];
const platforms = Object.keys(manifest.optionalDependencies);
const wrong = [manifest.version, ...Object.values(manifest.optionalDependencies)].filter((one) => one !== version);
if (wrong.length > 0) fail(`packages/npm/package.json names version ${wrong[0]}, Cargo.toml ${version}`);

mkdirSync(out, { recursive: true });
const staging = mkdtempSync(path.join(tmpdir(), 'postlogin-pack-'));
try {
    const main = path.join(staging, 'postlogin');
    for (const part of ['bin', 'lib', 'package.json', 'README.md']) cpSync(path.join(PACKAGE, part), path.join(main, part), { recursive: true });
    licences(main, LICENCES);
    pack(main);
    for (const given of binaries) {
        const [platform, binary] = [given.slice(0, given.indexOf('=')), given.slice(given.indexOf('=') + 1)];
        pack(ofPlatform(platform, binary));
    }
} finally {
    rmSync(staging, { recursive: true, force: true });
}

function ofPlatform(platform, binary) {
    const name = `@postlogin/${platform}`;
    if (!platforms.includes(name)) fail(`${platform} is not a platform of packages/npm/package.json`);
    const [os, cpu] = platform.split('-');
    const folder = path.join(staging, platform);
    mkdirSync(path.join(folder, 'bin'), { recursive: true });
    // On Linux one static program for every libc: no `libc` field.
    const { license, repository, engines } = manifest;
    const about = { name, version, description: `The program of postlogin for ${platform}`, license, repository, engines, os: [os], cpu: [cpu], preferUnplugged: true, files: ['bin', 'LICENSE-*', 'THIRD_PARTY_NOTICES.md'] };
    writeFileSync(path.join(folder, 'package.json'), `${JSON.stringify(about, null, 2)}\n`);
    writeFileSync(path.join(folder, 'README.md'), `# ${name}\n\nThe program of [postlogin](https://www.npmjs.com/package/postlogin) for ${platform}. Install \`postlogin\`, which depends on this.\n`);
    const file = path.join(folder, 'bin', os === 'win32' ? 'postlogin.exe' : 'postlogin');
    if (!statSync(binary).isFile()) fail(`${binary} is not a file`);
    copyFileSync(binary, file);
    chmodSync(file, 0o755);
    licences(folder, [...LICENCES, 'THIRD_PARTY_NOTICES.md']);
    return folder;
}

function licences(folder, names) {
    for (const name of names) copyFileSync(path.join(ROOT, name), path.join(folder, name));
}

function pack(folder) {
    const npm = process.env.npm_execpath ? [process.execPath, [process.env.npm_execpath]] : ['npm', []];
    const done = execFileSync(npm[0], [...npm[1], 'pack', '--ignore-scripts', '--json', '--pack-destination', path.resolve(out)], { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
    const packed = JSON.parse(done);
    // npm 11 prints a list, npm 12 an object by name.
    const { filename, size } = Array.isArray(packed) ? packed[0] : Object.values(packed)[0];
    console.log(`${path.join(out, filename)}  ${(size / 1e6).toFixed(1)} MB`);
}

function fail(message) {
    console.error(`error: ${message}`);
    process.exit(1);
}
