const yaml = require('js-yaml');
exports.onExecutePostLogin = async () => {
  const parsed = yaml.load('a: 1\nb: [x, y]\nc: {d: 2026-01-01T00:00:00Z}\ne: |\n  two\n  lines\n');
  console.log(parsed, yaml.dump(JSON.parse('{"z": [1, {"y": "x"}], "t": "a: b"}')));
  // An object literal comes from the Action's own realm, which this package does not take for a plain object.
  try { yaml.dump({ z: 1 }); } catch (error) { console.log(error.message); }
  try {
    yaml.load('a: [1');
  } catch (error) {
    console.log(error.name, error.message.split('\n')[0]);
  }
};
