export default { test: { include: ['tests/*.vitest.ts'], setupFiles: ['postlogin/vitest'], testTimeout: 30_000, watch: false } };
