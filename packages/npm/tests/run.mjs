// Tests of the npm packages: packs them, installs them from a registry on this machine with npm 11 and 12, and runs the suites of users'
// test runners with every Node that NODES names (default: the one that runs this).
//
//   POSTLOGIN_BINARY=target/release/postlogin NODES="/opt/node20/bin/node /opt/node22/bin/node" node packages/npm/tests/run.mjs
//
// `npm ci --ignore-scripts` in this folder comes first. Nothing else is fetched.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { registry } from './registry.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const ROOT = path.join(HERE, '../../..');
const WORK = path.join(HERE, '.work');
const BINARY = path.resolve(process.env.POSTLOGIN_BINARY ?? path.join(ROOT, 'target/release/postlogin'));
const NODES = (process.env.NODES ?? process.execPath).split(/[ :]+/).filter(Boolean);
const PLATFORM = `${process.platform}-${process.arch}`;
/** The longest that one step may take. */
const STEP_MS = 120_000;

/** What makes bash print the seconds that a command computed, on stderr. */
const TIMED = ['-c', 'TIMEFORMAT="computed %U %S"; time "$@"', 'bash'];

const modules = path.join(HERE, 'node_modules');
if (!existsSync(modules)) {
    console.error('error: the test runners are not installed\nhint: npm ci --ignore-scripts in packages/npm/tests');
    process.exit(2);
}

let failed = 0;

async function step(name, work) {
    const started = Date.now();
    try {
        await work();
        console.log(`ok    ${name}  ${((Date.now() - started) / 1000).toFixed(1)} s`);
    } catch (error) {
        failed += 1;
        console.log(`FAIL  ${name}\n${error.stdout ?? ''}${error.stderr ?? ''}${error.stdout === undefined ? error.stack : error.message}`);
    }
}

/** Runs a program; gives what it printed, or throws with it. The environment has nothing of this machine's npm or cache. */
function run(program, args, { cwd, env = {}, expected = 0 } = {}) {
    return new Promise((resolve, reject) => {
        const own = { PATH: process.env.PATH, HOME: path.join(WORK, 'home'), POSTLOGIN_CACHE_DIR: path.join(WORK, 'cache'), CI: 'true', ...env };
        execFile(program, args, { cwd, env: own, encoding: 'utf8', timeout: STEP_MS, maxBuffer: 64 << 20 }, (error, stdout, stderr) => {
            const code = error ? (error.code ?? error.signal) : 0;
            if (code === expected) resolve({ stdout, stderr });
            else reject(Object.assign(new Error(`${path.basename(program)} ${args.join(' ')} ended with ${code}, not ${expected}`), { stdout, stderr }));
        });
    });
}

async function majorOf(node) {
    return Number((await run(node, ['-p', 'process.versions.node'])).stdout.split('.')[0]);
}

function project(name) {
    const folder = path.join(WORK, name);
    cpSync(path.join(HERE, 'suites/project'), folder, { recursive: true });
    return folder;
}

function npmOf(name) {
    return path.join(modules, name, 'bin/npm-cli.js');
}

/** Installs the packages as a user does, and starts the program by npx. */
async function installed(node, npm, url, folder) {
    const settings = { npm_config_registry: url, npm_config_cache: path.join(WORK, `npm-${npm}`), npm_config_update_notifier: 'false', PATH: `${path.dirname(node)}:${process.env.PATH}` };
    const done = await run(node, [npmOf(npm), 'install', 'postlogin', '--no-audit', '--no-fund'], { cwd: folder, env: settings });
    assert.equal(done.stderr, '', 'no warning: nothing is blocked, deprecated or missing');
    const npx = (args, options = {}) => {
        const command = [node, npmOf(npm), 'exec', '--', 'postlogin', ...args];
        const [program, ...words] = options.timed ? ['bash', ...TIMED, ...command] : command;
        return run(program, words, { cwd: folder, ...options, env: { ...settings, ...options.env } });
    };
    return npx;
}

async function commandLine(npx, folder) {
    const version = JSON.parse(readFileSync(path.join(folder, 'node_modules/postlogin/package.json'), 'utf8')).version;
    assert.match((await npx(['--version'])).stdout, new RegExp(`^postlogin ${version.replaceAll('.', '\\.')} `));
    const { stdout } = await npx(['run', 'actions/greet/code.js', '--format', 'json', '--set', 'user.user_metadata.hobby=surfing']);
    assert.equal(JSON.parse(stdout).id_token.claims['https://example.com/hobby'], 'surfing');
    await npx(['run', 'nope.js'], { expected: 2 });
    await slowPipes(folder);
    await npx(['run', 'actions/greet/code.js', '--set', 'user.user_metadata.hobby=spam', '--fail-on-deny'], { expected: 3 });
}

/** Pipes at both ends of the shim that are slower than the program: they do not block where Node has opened them. */
async function slowPipes(folder) {
    const shim = path.join(folder, 'node_modules/.bin/postlogin');
    const late = await run('sh', ['-c', `(sleep 1; echo '{"id": 7, "actions": "greet"}'; sleep 1) | ${shim} run --stdin-json`], { cwd: folder });
    assert.equal(JSON.parse(late.stdout).id, 7);
    writeFileSync(path.join(folder, 'logs.js'), "exports.onExecutePostLogin = async () => { for (let i = 0; i < 400; i++) console.log('x'.repeat(1000)); };\n");
    const slow = await run('bash', ['-c', `set -o pipefail; ${shim} run logs.js --format json | (sleep 1; cat)`], { cwd: folder });
    assert.ok(JSON.parse(slow.stdout).logs.length > 100);
    const hello = { jsonrpc: '2.0', id: 1, method: 'initialize', params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'test', version: '1' } } };
    const agent = await run('sh', ['-c', `(sleep 1; echo '${JSON.stringify(hello)}'; sleep 1) | ${shim} mcp`], { cwd: folder });
    assert.equal(JSON.parse(agent.stdout).result.serverInfo.name, 'postlogin');
}

/** The shim passes signals on, and ends as the program ends. */
async function signals(node, folder) {
    const shim = path.join(folder, 'node_modules/postlogin/bin/postlogin.js');
    const start = () => {
        const env = { ...process.env, POSTLOGIN_CACHE_DIR: path.join(WORK, 'cache') };
        const child = spawn(node, [shim, 'serve', '--port', '0', '--ephemeral'], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
        const ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
        return new Promise((resolve) => child.stdout.once('data', (text) => resolve({ child, ended, url: String(text).trim() })));
    };
    const stopped = await start();
    await (await fetch(`${stopped.url}.well-known/jwks.json`)).text();
    stopped.child.kill('SIGTERM');
    assert.deepEqual(await stopped.ended, { code: 0, signal: null }, 'the server ends well on SIGTERM, and so does the shim');
    const killed = await start();
    const children = readFileSync(`/proc/${killed.child.pid}/task/${killed.child.pid}/children`, 'utf8').trim().split(' ');
    process.kill(Number(children[0]), 'SIGKILL');
    assert.deepEqual(await killed.ended, { code: null, signal: 'SIGKILL' });
}

/** A machine where the package of the platform is not installed, has lost its mode, or is of another platform, and one that has no package. */
async function badInstallations(node, npx, folder) {
    const program = path.join(folder, `node_modules/@postlogin/${PLATFORM}/bin/postlogin`);
    const one = async (prepare, message, undo, env = {}) => {
        await run('sh', ['-c', prepare]);
        try {
            const { stderr } = await npx(['--version'], { expected: 127, env });
            // npm tells what it runs.
            const lines = stderr.trim().split('\n').filter((line) => !line.startsWith('npm '));
            assert.match(lines[0], message);
            assert.match(lines[1], /^hint: /);
            assert.equal(lines.length, 2, stderr);
        } finally {
            await run('sh', ['-c', undo]);
        }
    };
    await one(`chmod 644 ${program}`, /^error: .* is not executable$/, `chmod 755 ${program}`);
    const above = path.dirname(path.dirname(program));
    // Of Windows, of another processor, and cut short.
    const broken = (content) => `mv ${program} ${program}.own && (${content}) > ${program} && chmod 755 ${program}`;
    for (const content of ["printf 'MZ\\220\\0\\3'", `head -c 18 ${program}.own; printf '\\363\\0'; tail -c +21 ${program}.own | head -c 100`, `head -c 10 ${program}.own`])
        await one(broken(content), /^error: .* cannot be started: it is not a program of this system$/, `mv ${program}.own ${program}`);
    await one(`mkdir ${program}.d`, /^error: POSTLOGIN_BINARY names .*postlogin\.d, which is not a file$/, `rmdir ${program}.d`, { POSTLOGIN_BINARY: `${program}.d` });
    const other = path.join(WORK, 'other-platform.cjs');
    writeFileSync(other, "Object.defineProperty(process, 'platform', { value: 'aix' });\n");
    await one('true', /^error: postlogin has no program for aix-\w+; it has one for darwin-arm64, .*win32-x64$/, 'true', { NODE_OPTIONS: `--require ${other}` });
    await one(`mv ${above} ${above}.gone`, /^error: the package @postlogin\/\S+, which has the program for this platform, is not installed$/, `mv ${above}.gone ${above}`);
}

/** Other programs that install packages, and another runtime. */
async function pnpm(node, url) {
    const folder = project('pnpm');
    const settings = { npm_config_registry: url, XDG_DATA_HOME: path.join(WORK, 'pnpm-data'), XDG_CACHE_HOME: path.join(WORK, 'pnpm-cache'), PATH: `${path.dirname(node)}:${process.env.PATH}` };
    const own = (args) => run(node, [path.join(modules, 'pnpm/bin/pnpm.cjs'), ...args], { cwd: folder, env: settings });
    const added = await own(['add', 'postlogin']);
    assert.doesNotMatch(added.stdout + added.stderr, /warn|ignored build|deprecated/i);
    await commandLine((args, options = {}) => run(node, [path.join(modules, 'pnpm/bin/pnpm.cjs'), '--silent', 'exec', 'postlogin', ...args], { cwd: folder, env: settings, ...options }), folder);
}

async function bun(program, url) {
    const folder = project('bun');
    const settings = { npm_config_registry: url, BUN_INSTALL_CACHE_DIR: path.join(WORK, 'bun-cache') };
    const added = await run(program, ['add', 'postlogin'], { cwd: folder, env: settings });
    assert.doesNotMatch(added.stdout + added.stderr, /blocked|postinstall/i);
    await commandLine((args, options = {}) => run(program, ['run', '--bun', '--silent', 'postlogin', ...args], { cwd: folder, env: settings, ...options }), folder);
    // The library, in Bun itself.
    const script = "const { createRunner } = require('postlogin'); const runner = createRunner({ actions: 'actions/greet/code.js' }); const { status } = await runner.login({ with: { user: { user_metadata: { hobby: 'surfing' } } } }); console.log(status); await runner.close();";
    assert.equal((await run(program, ['-e', script], { cwd: folder, env: settings })).stdout.trim(), 'allowed');
}

/**
 * From the packed package to a token, with nothing compiled before; and once more, when the engine is there. The goal is 10 s and, without npm's
 * own start, 0.3 s on a quiet machine. Seconds of computing are nearly the same on a busy one.
 */
async function firstRun(npx, node, folder) {
    const env = { POSTLOGIN_CACHE_DIR: path.join(WORK, 'first-cache') };
    const login = ['run', 'actions/greet/code.js', '--set', 'user.user_metadata.hobby=surfing'];
    const timed = async (start) => {
        const started = process.hrtime.bigint();
        const { stdout, stderr } = await start();
        assert.match(stdout, /^✓ allowed/);
        const took = (Number(process.hrtime.bigint() - started) / 1e9).toFixed(2);
        const [, user, system] = /^computed ([\d.]+) ([\d.]+)$/m.exec(stderr) ?? [];
        const computing = Number(user) + Number(system);
        return { took, computing };
    };
    const first = await timed(() => npx(login, { env, timed: true }));
    const again = await timed(() => npx(login, { env, timed: true }));
    const shim = await timed(() => run('bash', [...TIMED, node, path.join(folder, 'node_modules/postlogin/bin/postlogin.js'), ...login], { cwd: folder, env }));
    rmSync(env.POSTLOGIN_CACHE_DIR, { recursive: true });
    const shown = ({ took, computing }) => `${took} s (${computing.toFixed(2)} s of computing)`;
    console.log(`      first npx ${shown(first)}, second ${shown(again)}, without npm ${shown(shim)}`);
    assert.ok(first.computing < 20 && again.computing < 5 && shim.computing < 1, 'the first run compiles the engine, the others do not');
}

async function suites(node, major, folder) {
    const bin = (name, file) => path.join(modules, name, file);
    const on = `Node ${major}`;
    await step(`node:test, ${on}`, () => run(node, ['--test', '--test-reporter=spec', 'tests/login.test.mjs'], { cwd: folder }));
    for (const pool of ['threads', 'forks']) {
        await step(`Vitest ${pool}, ${on}`, () => run(node, [bin('vitest', 'vitest.mjs'), 'run', `--pool=${pool}`], { cwd: folder }));
    }
    // On a new machine the first run compiles the engine, which takes longer than a test may.
    const empty = { POSTLOGIN_CACHE_DIR: path.join(WORK, 'empty-cache') };
    await step(`Vitest with an empty cache, ${on}`, async () => {
        const { stderr } = await run(node, [bin('vitest', 'vitest.mjs'), 'run', '--testTimeout=1000'], { cwd: folder, env: empty });
        assert.match(stderr, /compiling the JavaScript engine for this machine, once/);
    });
    rmSync(empty.POSTLOGIN_CACHE_DIR, { recursive: true });
    await step(`Jest, ${on}`, () => run(node, [bin('jest', 'bin/jest.js'), '--config', 'jest.config.cjs', '--maxWorkers=2'], { cwd: folder }));
    await step(`Playwright, ${on}`, () => run(node, [bin('@playwright/test', 'cli.js'), 'test'], { cwd: folder }));
}

rmSync(WORK, { recursive: true, force: true });
mkdirSync(path.join(WORK, 'home'), { recursive: true });
const packed = mkdtempSync(path.join(tmpdir(), 'postlogin-packed-'));
let registryOfPackages;
try {
    await step('types.mjs: schema.d.ts is up to date', () => run(process.execPath, [path.join(HERE, '../scripts/types.mjs'), '--check'], { env: { POSTLOGIN_BINARY: BINARY } }));
    await step('pack', () => run(process.execPath, [path.join(HERE, '../scripts/pack.mjs'), packed, `${PLATFORM}=${BINARY}`]));
    registryOfPackages = await registry(readdirSync(packed).map((name) => path.join(packed, name)));
    for (const node of NODES) {
        const major = await majorOf(node);
        // npm 12 refuses Node 20.
        for (const npm of major >= 22 ? ['npm-11', 'npm-12'] : ['npm-11']) {
            const folder = project(`${npm}-node-${major}`);
            let npx;
            await step(`${npm} install, Node ${major}`, async () => {
                npx = await installed(node, npm, registryOfPackages.url, folder);
            });
            if (!npx) continue;
            await step(`${npm} exec, Node ${major}`, () => commandLine(npx, folder));
            await step(`first run by ${npm}, Node ${major}`, () => firstRun(npx, node, folder));
            await step(`signals, Node ${major}`, () => signals(node, folder));
            await step(`bad installations, ${npm}, Node ${major}`, () => badInstallations(node, npx, folder));
            if (npm === 'npm-11') await suites(node, major, folder);
            if (node === NODES.at(-1) && npm === 'npm-11') {
                await step('TypeScript', () => run(node, [path.join(modules, 'typescript/bin/tsc'), '-p', '.'], { cwd: folder }));
            }
        }
    }
    await step('pnpm', () => pnpm(NODES.at(-1), registryOfPackages.url));
    const bunProgram = path.join(modules, '@oven/bun-linux-x64/bin/bun');
    if (existsSync(bunProgram)) await step('Bun', () => bun(bunProgram, registryOfPackages.url));
    await step('other platforms are looked up and skipped', () => assert.ok(registryOfPackages.missed.every((name) => name.startsWith('@postlogin/')), registryOfPackages.missed.join()));
} finally {
    await registryOfPackages?.close();
    rmSync(packed, { recursive: true, force: true });
}
console.log(failed === 0 ? 'all passed' : `${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
