import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ran } from '../src/gutter';
import type { LineCount } from '../src/model';

/** A source whose lines begin with what is expected of them: `+` ran, `-` did not, else nothing is said. */
function check(marked: string, counted: Omit<LineCount, 'file'>): void {
  const all = marked.split('\n');
  const expected = all.flatMap((line, index) => (/^[+-]/.test(line) ? [[index + 1, line.startsWith('+')]] : []));
  assert.deepEqual([...ran(all.map((line) => line.slice(1)).join('\n'), { file: 'a.js', ...counted })], expected);
}

test('a statement on several lines ran on each of them', () => {
  check(`+const a = 1;
+exports.onExecutePostLogin = async (event, api) => {
   // a comment
 
+  api.idToken.setCustomClaim(
+    'https://example.com/a',
+    \`x \${event.user.name}
+      y\`,
   );
+  if (event.user.name ===
+      'jane') {
-    api.access.deny(
-      'no',
     );
   }
 };
`, { lines: [[1, 1], [2, 1], [5, 1], [10, 1], [12, 0]] });
});

test('else, catch and finally are lines of the first statement after them', () => {
  check(`+if (a) {
-  one();
+} else {
+  two();
 }
+try {
+  three();
-} catch (error) {
-  four();
+} finally {
+  five();
 }
`, { lines: [[1, 1], [2, 0], [4, 1], [6, 1], [7, 1], [9, 0], [11, 1]] });
});

test('the body of an arrow function without braces is a line of its calls', () => {
  check(`+const names = list
+  .filter((it) =>
-    it.ok)
+  .map((it) =>
+    it.name);
`, { lines: [[1, 1]], functions: [[2, 0], [4, 3]] });
});

test('a declared function is a line of its calls, and what is never called did not run', () => {
  check(`+function called() {
+  return 1;
 }
-async function never(
 ) {
-  return 2;
 }
 class A { 
+  method() {
+    return 3;
   }
 }
`, { lines: [[2, 1], [6, 0], [10, 1]], functions: [[1, 1], [4, 0], [9, 2]] });
});

test('TypeScript and broken sources are read as far as they go', () => {
  check(` interface A { b: string }
+export const onExecutePostLogin = async (event: Event, api: PostLoginAPI): Promise<void> => {
+  const a: A = {
+    b: event.user.name as string,
   };
 };
`, { lines: [[2, 1], [3, 1]] });
  assert.doesNotThrow(() => ran('}}} ((( ` ${', { file: 'a.js', lines: [[1, 1]] }));
  assert.deepEqual([...ran('', { file: 'a.js', lines: [] })], []);
});
