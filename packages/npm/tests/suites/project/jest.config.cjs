module.exports = { testMatch: ['**/tests/*.jest.cjs'], moduleFileExtensions: ['cjs', 'js', 'mjs', 'json'], transform: {}, setupFilesAfterEnv: ['postlogin/jest'], testTimeout: 30_000 };
