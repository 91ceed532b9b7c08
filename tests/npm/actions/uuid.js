const { v4, v5, validate, version, NIL } = require('uuid');
const nine = require('uuid-9');
exports.onExecutePostLogin = async () => {
  console.log(v5('example.com', v5.DNS), NIL, validate(v4()), version(nine.v4()), nine.v5('x', nine.v5.URL));
};
