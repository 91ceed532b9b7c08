const xml2js = require('xml2js');
const { XMLParser, XMLBuilder, XMLValidator } = require('fast-xml-parser');
const { parse } = require('csv-parse/sync');
const Papa = require('papaparse');
const YAML = require('yaml');
const Handlebars = require('handlebars');
const Mustache = require('mustache');
const { jwtDecode } = require('jwt-decode');
const FormData = require('form-data');
exports.onExecutePostLogin = async () => {
  const xml = '<a x="1"><b>t &amp; ü</b><b/><!-- c --><c><![CDATA[<raw>]]></c></a>';
  console.log(JSON.stringify(await xml2js.parseStringPromise(xml)), new xml2js.Builder({ headless: true }).buildObject({ r: { $: { i: 1 }, s: ['x', 'y'] } }));
  await xml2js.parseStringPromise('<a>').catch((error) => console.log(error.message));
  console.log(JSON.stringify(new XMLParser({ ignoreAttributes: false }).parse(xml)), new XMLBuilder({}).build({ a: { b: [1, 2] } }), XMLValidator.validate('<a><b></a>').err.msg);
  console.log(parse('a,b\n1,"x, y"\n', { columns: true }), Papa.parse('a;b\n1;2', { header: true }).data, Papa.unparse([{ a: 1, b: 'x,y' }]));
  console.log(YAML.parse('a: &x [1, 2]\nb: *x\nc: 2024-01-01\nd: |\n  text\n'), YAML.stringify({ a: [1, { b: null }], s: 'yes' }));
  try { YAML.parse('a: [1'); } catch (error) { console.log(error.name, error.code, error.message); }
  Handlebars.registerHelper('loud', (text) => text.toUpperCase());
  console.log(Handlebars.compile('{{#each users}}{{@index}}: {{loud name}} {{{raw}}}{{else}}none{{/each}}')({ users: [{ name: 'a<b', raw: '<i>' }] }), Mustache.render('{{#a}}{{.}}, {{/a}}{{b}}', { a: [1, 2], b: '<' }));
  try { Handlebars.compile('{{#if}}')({}); } catch (error) { console.log(error.message.split('\n')[0]); }
  console.log(jwtDecode('eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiLDvCJ9.x'));
  try { jwtDecode('x'); } catch (error) { console.log(error.name, error.message); }
  const form = new FormData();
  form.append('a', 'b');
  form.append('f', Buffer.from('data'), { filename: 'f.txt' });
  console.log(form.getHeaders()['content-type'].split('=')[0], form.getBuffer().toString().includes('filename="f.txt"'));
};
