const bcrypt = require('bcryptjs');
const CryptoJS = require('crypto-js');
const nacl = require('tweetnacl');
exports.onExecutePostLogin = async () => {
  const hash = bcrypt.hashSync('password', '$2b$05$abcdefghijklmnopqrstuu');
  console.log(await bcrypt.compare('password', hash), bcrypt.hashSync('pw', '$2b$06$abcdefghijklmnopqrstuu'), bcrypt.getRounds(hash), bcrypt.genSaltSync(8).length);
  await bcrypt.hash('x', 'bad').catch((error) => console.log(error.message));
  console.log(CryptoJS.SHA256('a').toString(), CryptoJS.HmacSHA512('a', 'k').toString(CryptoJS.enc.Base64), CryptoJS.PBKDF2('p', 's', { keySize: 4, iterations: 10 }).toString());
  const key = CryptoJS.enc.Hex.parse('000102030405060708090a0b0c0d0e0f');
  console.log(CryptoJS.AES.encrypt('secret', key, { iv: key }).toString(), CryptoJS.AES.decrypt(CryptoJS.AES.encrypt('text', 'pass').toString(), 'pass').toString(CryptoJS.enc.Utf8));
  const pair = nacl.sign.keyPair.fromSeed(new Uint8Array(32).fill(7));
  const signature = nacl.sign.detached(Buffer.from('m'), pair.secretKey);
  console.log(Buffer.from(signature).toString('hex'), nacl.sign.detached.verify(Buffer.from('m'), signature, pair.publicKey), nacl.randomBytes(4).length);
};
