
// ---- Certificates ----

binding.X509_CHECK_FLAG_ALWAYS_CHECK_SUBJECT = 0x1;
binding.X509_CHECK_FLAG_NEVER_CHECK_SUBJECT = 0x20;
binding.X509_CHECK_FLAG_NO_WILDCARDS = 0x2;
binding.X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS = 0x4;
binding.X509_CHECK_FLAG_MULTI_LABEL_WILDCARDS = 0x8;
binding.X509_CHECK_FLAG_SINGLE_LABEL_SUBDOMAINS = 0x10;

class X509CertificateHandle {
  #certificate;

  constructor(certificate) {
    this.#certificate = certificate;
  }

  #text(part) {
    return native.certificateText(this.#certificate, part) ?? undefined;
  }

  subject() { return this.#text('subject'); }
  issuer() { return this.#text('issuer'); }
  subjectAltName() { return this.#text('subjectAltName'); }
  infoAccess() { return this.#text('infoAccess'); }
  validFrom() { return this.#text('validFrom'); }
  validTo() { return this.#text('validTo'); }
  validFromDate() { return new Date(native.certificateDate(this.#certificate, false) * 1000); }
  validToDate() { return new Date(native.certificateDate(this.#certificate, true) * 1000); }
  fingerprint() { return this.#text('sha1'); }
  fingerprint256() { return this.#text('sha256'); }
  fingerprint512() { return this.#text('sha512'); }
  serialNumber() { return this.#text('serialNumber'); }
  pem() { return this.#text('pem'); }
  keyUsage() { return native.certificateUsage(this.#certificate) ?? undefined; }
  raw() { return toBuffer(native.certificateRaw(this.#certificate)); }
  getIssuerCert() {}
  checkCA() { return native.certificateIsCa(this.#certificate); }

  publicKey() {
    native.clearErrors();
    const key = native.certificateKey(this.#certificate) ?? fail();
    return new KeyObjectHandle().adopt(kPublic, key);
  }

  #check(what, name, flags) {
    native.clearErrors();
    const result = native.certificateCheck(this.#certificate, what, name, flags);
    native.clearErrors();
    if (result.match === -2) {
      throw coded(TypeError, 'ERR_INVALID_ARG_VALUE', what === 'ip' ? 'Invalid IP' : 'Invalid name');
    }
    if (result.match < 0) throw coded(Error, 'ERR_CRYPTO_OPERATION_FAILED', 'Operation failed');
    return result.match === 1 ? result.peer ?? name : undefined;
  }

  checkHost(name, flags) { return this.#check('host', name, flags); }
  checkEmail(name, flags) { return this.#check('email', name, flags); }
  checkIP(name, flags) { return this.#check('ip', name, flags); }

  checkIssued(other) {
    const issued = native.certificateIssuedBy(this.#certificate, other.#certificate);
    native.clearErrors();
    return issued;
  }

  checkPrivateKey(key) {
    const matches = native.certificateHasKey(this.#certificate, key.asymmetric());
    native.clearErrors();
    return matches;
  }

  verify(key) {
    const right = native.certificateVerify(this.#certificate, key.asymmetric());
    native.clearErrors();
    return right;
  }

  toLegacy() {
    const legacy = {
      subject: nameObject(this.#certificate, false),
      issuer: nameObject(this.#certificate, true),
      subjectaltname: this.subjectAltName(),
      infoAccess: this.infoAccess(),
      ca: this.checkCA(),
    };
    for (const part of ['subjectaltname', 'infoAccess']) if (legacy[part] === undefined) delete legacy[part];
    const key = native.certificateKey(this.#certificate);
    if (key != null) describeKey(key, legacy);
    legacy.valid_from = this.validFrom();
    legacy.valid_to = this.validTo();
    legacy.fingerprint = this.fingerprint();
    legacy.fingerprint256 = this.fingerprint256();
    legacy.fingerprint512 = this.fingerprint512();
    const usage = this.keyUsage();
    if (usage !== undefined) legacy.ext_key_usage = usage;
    legacy.serialNumber = this.serialNumber();
    legacy.raw = this.raw();
    return legacy;
  }
}

// Fields of a name; one that comes twice is a list.
function nameObject(certificate, issuer) {
  const object = { __proto__: null };
  for (const [name, value] of native.certificateName(certificate, issuer)) {
    if (!(name in object)) object[name] = value;
    else if (Array.isArray(object[name])) object[name].push(value);
    else object[name] = [object[name], value];
  }
  return object;
}

function describeKey(key, legacy) {
  const kind = native.keyId(key);
  if (kind === RSA) {
    const { n, e } = native.rsaParts(key);
    legacy.modulus = toBuffer(n).toString('hex').toUpperCase();
    legacy.bits = native.keyBits(key);
    legacy.exponent = `0x${BigInt(`0x${toBuffer(e).toString('hex')}`).toString(16)}`;
    legacy.pubkey = toBuffer(native.exportPublic(key, false, kSpki));
  } else if (kind === EC) {
    const { nid } = native.ecParts(key);
    legacy.bits = native.keyBits(key);
    legacy.pubkey = toBuffer(native.ecPoint(key, 4));
    legacy.asn1Curve = native.nameOfNid(nid);
    const nist = { 415: 'P-256', 715: 'P-384', 716: 'P-521' }[nid];
    if (nist !== undefined) legacy.nistCurve = nist;
  }
}

binding.parseX509 = (data) => {
  native.clearErrors();
  return new X509CertificateHandle(native.certificate(bytes(data)) ?? fail());
};

// ---- Signed public keys and challenges ----

binding.certVerifySpkac = (data) => {
  const right = native.spkac(bytes(data), 0) != null;
  native.clearErrors();
  return right;
};

function spkacPart(what) {
  return (data) => {
    const part = native.spkac(bytes(data), what);
    native.clearErrors();
    return part == null ? '' : toBuffer(part);
  };
}
binding.certExportPublicKey = spkacPart(1);
binding.certExportChallenge = spkacPart(2);
