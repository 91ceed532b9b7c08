#!/usr/bin/env node
'use strict';

// Starts the program of this platform in place of this one: same streams, exit code and signals.

const { spawn } = require('node:child_process');
const { constants } = require('node:os');
const { isatty } = require('node:tty');
const { BinaryError, binary, cannotStart } = require('../lib/binary.js');

// Ctrl-C and its like reach the program already where both share a terminal; passed on once more, they would count twice.
const OF_THE_TERMINAL = ['SIGINT', 'SIGQUIT'];
const PASSED_ON = ['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'];

function main() {
    let program;
    try {
        program = binary();
    } catch (error) {
        if (!(error instanceof BinaryError)) throw error;
        fail(error);
        return;
    }
    const child = spawn(program, process.argv.slice(2), { stdio: 'inherit' });
    // Not `process.stdin.isTTY`: that opens the stream, and Node's pipes do not block, which the program would share.
    const sharesTerminal = [0, 1, 2].some(isatty);
    const pass = (signal) => {
        if (!(sharesTerminal && OF_THE_TERMINAL.includes(signal))) child.kill(signal);
    };
    if (process.platform !== 'win32') PASSED_ON.forEach((signal) => process.on(signal, pass));
    child.on('error', (error) => fail(cannotStart(program, error)));
    child.on('exit', (code, signal) => {
        if (signal === null) {
            process.exitCode = code;
            return;
        }
        process.removeAllListeners(signal);
        process.exitCode = 128 + (constants.signals[signal] ?? 0);
        // Whoever waits for this process sees how the program ended. A process cannot catch SIGKILL, but it can send it to itself.
        process.kill(process.pid, signal);
    });
}

function fail(error) {
    process.stderr.write(`error: ${error.message}\n${error.hint ? `hint: ${error.hint}\n` : ''}`);
    process.exitCode = 127;
}

main();
