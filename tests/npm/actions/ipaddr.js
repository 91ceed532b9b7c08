const ipaddr = require('ipaddr.js');
exports.onExecutePostLogin = async (event) => {
  console.log(ipaddr.parse('2001:db8::1').toNormalizedString(), ipaddr.isValid(event.request.ip ?? '10.0.0.1'));
  console.log(ipaddr.parse('10.1.2.3').match(ipaddr.parseCIDR('10.0.0.0/8')), ipaddr.process('::ffff:192.168.1.1').toString(), ipaddr.parse('127.0.0.1').range());
};
