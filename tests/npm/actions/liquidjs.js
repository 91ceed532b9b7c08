const { Liquid } = require('liquidjs');
exports.onExecutePostLogin = async () => {
  const engine = new Liquid();
  console.log(await engine.parseAndRender('Hello {{ name | upcase }}{% for r in roles %} [{{ r }}]{% endfor %} {{ "2026-01-01" | date: "%Y" }}', { name: 'jane', roles: ['a', 'b'] }));
  console.log(engine.parseAndRenderSync('{% assign x = 3 %}{% if x > 2 %}big{% else %}small{% endif %}'));
};
