// Nothing of this leaves the machine, and nothing outside of this folder is looked at.
export default { turbopack: { root: import.meta.dirname }, outputFileTracingRoot: import.meta.dirname, allowedDevOrigins: ['localhost'] };
