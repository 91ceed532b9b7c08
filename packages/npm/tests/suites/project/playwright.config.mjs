export default { testDir: 'tests', testMatch: '*.pw.ts', reporter: 'line', workers: 1, timeout: 30_000 };
