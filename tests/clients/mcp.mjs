// The official SDK's client against `postlogin mcp`: its own checks of the protocol, and one call of each tool.
import assert from 'node:assert/strict';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';

const { POSTLOGIN, POSTLOGIN_CACHE_DIR, PROJECT, PATH, HOME } = process.env;
const transport = new StdioClientTransport({
  command: POSTLOGIN,
  args: ['mcp', '-C', PROJECT],
  env: { POSTLOGIN_CACHE_DIR, PATH, HOME },
});
const client = new Client({ name: 'test', version: '1' });
await client.connect(transport);
assert.equal(client.getServerVersion().name, 'postlogin');
assert.match(client.getInstructions(), /Auth0 Actions/);
await client.ping();

const { tools } = await client.listTools();
assert.deepEqual(
  tools.map((tool) => tool.name),
  ['run', 'explain', 'check', 'test', 'compare'],
);

const call = (name, args) => client.callTool({ name, arguments: args });
const ran = await call('run', { set: { 'user.user_metadata.hobby': 'chess' } });
assert.equal(ran.structuredContent.outcome.id_token.claims['https://example.com/hobby'], 'chess');
assert.deepEqual(JSON.parse(ran.content[0].text), ran.structuredContent);
assert.match((await call('explain', {})).content[0].text, /hobby/);
assert.match((await call('check', {})).content[0].text, /setClaim/);
assert.match((await call('test', {})).content[0].text, /failed/);
assert.match((await call('compare', { left: 'hobby', right: 'hobby', generate: 5 })).content[0].text, /Equal/);

const wrong = await call('run', { actions: ['hobbi'] });
assert.equal(wrong.isError, true);
assert.match(wrong.content[0].text, /hint: /);
await assert.rejects(call('nothing', {}), { code: -32602 });

// A call that is given up: the next one is answered.
const controller = new AbortController();
const slow = client.callTool(
  { name: 'compare', arguments: { left: 'hobby', right: 'actions/other.js', generate: 1_000_000 } },
  undefined,
  { signal: controller.signal },
);
setTimeout(() => controller.abort(), 300);
await assert.rejects(slow);
assert.match((await call('check', {})).content[0].text, /setClaim/);

await client.close();
console.log('all well');
