'use strict';

const { BinaryError, binary } = require('./binary.js');
const { PostloginProcessError } = require('./child.js');
const { ExpectationError, PostloginError, createRunner } = require('./runner.js');
const { serve } = require('./serve.js');
const { loadAction, loadRule, replay, spies } = require('./spies.js');

module.exports = { BinaryError, ExpectationError, PostloginError, PostloginProcessError, binary, createRunner, loadAction, loadRule, replay, serve, spies };
