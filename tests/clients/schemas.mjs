// Each output in the folder OUTPUTS fits its JSON Schema, by a validator that is not ours: NAME.schema.json, and NAME.N.json with a list of
// values. No member of a schema is without a value.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import Ajv from 'ajv/dist/2020.js';

const { OUTPUTS } = process.env;
const read = (file) => JSON.parse(readFileSync(join(OUTPUTS, file), 'utf8'));
const files = readdirSync(OUTPUTS);
const unseen = [];

/// Notes which members of a schema a value has.
function visit(schema, value, root, seen) {
  if (schema.$ref) return visit(root.$defs[schema.$ref.slice('#/$defs/'.length)], value, root, seen);
  seen.add(schema);
  for (const one of schema.anyOf ?? []) if (new Ajv({ strict: false }).compile({ ...one, $defs: root.$defs })(value)) visit(one, value, root, seen);
  if (Array.isArray(value)) value.forEach((item) => visit(schema.items ?? {}, item, root, seen));
  else if (value && typeof value === 'object') {
    for (const [name, member] of Object.entries(value)) visit(schema.properties?.[name] ?? schema.additionalProperties ?? {}, member, root, seen);
  }
  return seen;
}

/// The members of a schema that no value had.
function members(schema, seen, at) {
  const own = Object.entries(schema.properties ?? {}).flatMap(([name, member]) => (member.$ref || seen.has(member) ? members(member, seen, `${at}.${name}`) : [`${at}.${name}`]));
  const parts = Object.entries(schema.$defs ?? {}).flatMap(([name, part]) => members(part, seen, `${at} ${name}`));
  return [...own, ...(schema.items ? members(schema.items, seen, `${at}[]`) : []), ...parts];
}

for (const file of files.filter((it) => it.endsWith('.schema.json'))) {
  const name = file.split('.')[0];
  const schema = read(file);
  const validate = new Ajv({ strict: true, strictTypes: false, allErrors: true }).compile(schema);
  const values = files.filter((it) => it.startsWith(`${name}.`) && it !== file).flatMap(read);
  assert.ok(values.length > 0, name);
  const seen = new Set();
  for (const value of values) {
    assert.ok(validate(value), `${name}: ${JSON.stringify(validate.errors, null, 1)}`);
    visit(schema, value, schema, seen);
  }
  const more = { ...values[0], more: 1 };
  assert.ok(!validate(more), `${name}: a member that is unknown`);
  unseen.push(...members(schema, seen, name));
}
// The outcome has a test of its own, and these are too rare for a test of all.
const RARE = [
  'check.summary.left_out', 'comparison origin.case', 'explanation condition.omitted_reads', 'explanation end.kind', 'explanation remedy.scope',
  'explanation remedy.limit', 'explanation claim.omitted_reads', 'explanation expected.omitted_sites', 'explanation site.other_names',
  'explanation site.omitted_routes', 'test runFinished.snapshots.unused[].file', 'test runFinished.snapshots.unused[].name',
  'test failure.failures', 'test failure.claim', 'test failure.notice',
];
const ofOutcome = /^\S+ (outcome|unsetClaim|log|notice|redirect)\.|^outcome/;
assert.deepEqual(unseen.filter((member) => !ofOutcome.test(member) && !RARE.includes(member)), []);
console.log('all well');
