'use strict';

// Where the program is: POSTLOGIN_BINARY, else the package of this platform, which npm installs as an optional dependency.

const fs = require('node:fs');
const path = require('node:path');

const PLATFORMS = ['darwin-arm64', 'darwin-x64', 'linux-arm64', 'linux-x64', 'win32-x64'];

/** There is no program, or it cannot be started. */
class BinaryError extends Error {
    constructor(message, hint) {
        super(message);
        this.name = 'BinaryError';
        this.hint = hint;
    }
}

/**
 * The path of the program.
 *
 * @param {{ env?: NodeJS.ProcessEnv, platform?: string, resolve?: (name: string) => string }} [where] for tests
 * @throws {BinaryError}
 */
function binary({ env = process.env, platform = `${process.platform}-${process.arch}`, resolve = require.resolve } = {}) {
    const given = env.POSTLOGIN_BINARY;
    if (given) {
        if (!isFile(given)) {
            throw new BinaryError(`POSTLOGIN_BINARY names ${given}, which is not a file`, 'set it to the path of the program, or unset it');
        }
        const program = path.resolve(given);
        if (isForeign(program)) throw foreign(program);
        return program;
    }
    if (!PLATFORMS.includes(platform)) {
        throw new BinaryError(
            `postlogin has no program for ${platform}; it has one for ${PLATFORMS.join(', ')}`,
            'build it from source with Cargo and set POSTLOGIN_BINARY to its path'
        );
    }
    const name = `@postlogin/${platform}`;
    const file = `bin/postlogin${platform.startsWith('win32') ? '.exe' : ''}`;
    let program;
    try {
        program = resolve(`${name}/${file}`);
    } catch {
        throw new BinaryError(
            `the package ${name}, which has the program for this platform, is not installed`,
            'install again without --omit=optional (npm) or --no-optional (pnpm, Yarn), on this platform; or set POSTLOGIN_BINARY'
        );
    }
    if (isForeign(program)) throw foreign(program);
    return program;
}

/** Says why a program did not start in a folder. */
function cannotStart(program, error, cwd = process.cwd()) {
    // Node names the program when it is the folder that is missing.
    if (['ENOENT', 'ENOTDIR'].includes(error.code) && !isFolder(cwd)) {
        return new BinaryError(`${cwd} is not a folder, so nothing can be started in it`, 'set `cwd` to the folder of the project');
    }
    if (error.code === 'EACCES' || error.code === 'EPERM') {
        return isExecutable(program)
            ? new BinaryError(`${program} cannot be started: permission denied`, 'is it on a file system that is mounted with noexec?')
            : new BinaryError(`${program} is not executable`, `chmod +x ${program}`);
    }
    // The file is there: what is missing is its loader, or it is a program of another system.
    if (error.code === 'ENOENT' || error.code === 'ENOEXEC' || error.code === 'UNKNOWN') {
        return foreign(program);
    }
    return new BinaryError(`${program} cannot be started: ${error.message}`);
}

function foreign(program) {
    return new BinaryError(
        `${program} cannot be started: it is not a program of this system`,
        `this is ${process.platform}-${process.arch}; install again here, or set POSTLOGIN_BINARY`
    );
}

/**
 * Whether the file is no program of this system. Only Linux has to be asked: there the C library gives what the kernel refuses to a shell, which
 * complains about the first line. The numbers are ELF's: https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html
 */
function isForeign(program) {
    if (process.platform !== 'linux') return false;
    const head = Buffer.alloc(20);
    let file;
    try {
        file = fs.openSync(program);
        fs.readSync(file, head, 0, head.length, 0);
    } catch {
        // A program that may be started but not read.
        return false;
    } finally {
        if (file !== undefined) fs.closeSync(file);
    }
    if (head.toString('latin1', 0, 2) === '#!') return false;
    const machine = { x64: 62, arm64: 183 }[process.arch];
    return head.toString('latin1', 0, 4) !== '\x7fELF' || (machine !== undefined && head.readUInt16LE(18) !== machine);
}

function isFile(file) {
    try {
        return fs.statSync(file).isFile();
    } catch {
        return false;
    }
}

function isFolder(file) {
    try {
        return fs.statSync(file).isDirectory();
    } catch {
        return false;
    }
}

function isExecutable(file) {
    try {
        fs.accessSync(file, fs.constants.X_OK);
        return true;
    } catch {
        return false;
    }
}

module.exports = { BinaryError, PLATFORMS, binary, cannotStart };
