function (user, context, callback) {
  const uuid = require('uuid@3.4.0');
  console.log(uuid.v4().length, require('uuid@3.4.0/v5')('a', 'b5d1a8a0-4c4b-11ee-be56-0242ac120002'));
  const { DOMParser, XMLSerializer } = require('xmldom');
  const xpathOf = require('xpath');
  const document = new DOMParser().parseFromString('<a><b c="1">x</b><b c="2">y</b></a>', 'text/xml');
  console.log(xpathOf.select('//b[@c="2"]/text()', document).toString(), new XMLSerializer().serializeToString(document));
  console.log(xtend({ a: 1 }, { b: 2 }), require('moment-timezone').tz(1700000000000, 'America/New_York').format());
  console.log(require('ipaddr.js').parse('203.0.113.24').match(require('ipaddr.js').parseCIDR('203.0.113.0/24')));
  callback(null, user, context);
}
