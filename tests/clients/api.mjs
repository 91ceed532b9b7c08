// express-oauth2-jwt-bearer, the vendor's middleware for APIs: which tokens of the tenant it lets in, bound ones included.

import assert from 'node:assert/strict';
import express from 'express';
import { auth, requiredScopes } from 'express-oauth2-jwt-bearer';
import { SignJWT, calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose';

const issuer = process.env.ISSUER;
const site = process.env.SITE;
const API = 'https://api.example.com';
const BOUND = 'https://bound.example.com';

const app = express();
const guard = (audience, dpop) => auth({ issuerBaseURL: issuer, audience, dpop });
app.get('/read', guard(API), requiredScopes('read:x'), (request, response) => response.json(request.auth.payload));
app.get('/write', guard(API), requiredScopes('write:x'), (request, response) => response.json({}));
app.get('/bound', guard(BOUND, { enabled: true, required: true }), (request, response) => response.json(request.auth.payload));
app.use((error, request, response, next) => response.headersSent ? next(error) : response.status(error.status ?? 500).json({ error: error.message }));
const server = await new Promise((done) => { const it = app.listen(new URL(site).port, 'localhost', () => done(it)); });

const ask = async (fields, headers = {}) => {
  const response = await fetch(`${issuer}oauth/token`, {
    method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(fields),
  });
  return { status: response.status, body: await response.json() };
};
const call = async (path, authorization, headers = {}) => {
  const response = await fetch(`${site}${path}`, { headers: { authorization, ...headers } });
  return { status: response.status, body: await response.json() };
};
const machine = { grant_type: 'client_credentials', client_id: 'machine-client', client_secret: 'machine-secret' };
const person = {
  grant_type: 'password', client_id: 'web-client', client_secret: 'web-secret', username: 'jane@example.com', password: 'jane-secret',
};

// A machine and a person, each with the scope that it has.
const granted = (await ask({ ...machine, audience: API })).body;
assert.equal((await call('read', `Bearer ${granted.access_token}`)).body.azp, 'machine-client');
assert.equal((await call('write', `Bearer ${granted.access_token}`)).status, 403);
const jane = (await ask({ ...person, audience: API, scope: 'openid read:x' })).body;
assert.match((await call('read', `Bearer ${jane.access_token}`)).body.sub, /^auth0\|/);
assert.equal((await call('read', `Bearer ${jane.id_token}`)).status, 401);
const opaque = (await ask({ ...person, scope: 'openid' })).body;
assert.equal((await call('read', `Bearer ${opaque.access_token}`)).status, 401);
assert.equal((await ask({ ...machine, audience: API, scope: 'write:x' })).status, 403);

// A token that is bound to a key (RFC 9449).
const { privateKey, publicKey } = await generateKeyPair('ES256');
const jwk = await exportJWK(publicKey);
const hash = async (text) => Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.from(text))).toString('base64url');
const proof = (claims) => new SignJWT({ jti: crypto.randomUUID(), ...claims })
  .setProtectedHeader({ typ: 'dpop+jwt', alg: 'ES256', jwk }).setIssuedAt().sign(privateKey);
assert.equal((await ask({ ...machine, audience: BOUND })).status, 400);
const bound = (await ask({ ...machine, audience: BOUND }, { dpop: await proof({ htm: 'POST', htu: `${issuer}oauth/token` }) })).body;
assert.equal(bound.token_type, 'DPoP');
const claims = { htm: 'GET', htu: `${site}bound`, ath: await hash(bound.access_token) };
const shown = await call('bound', `DPoP ${bound.access_token}`, { dpop: await proof(claims) });
assert.equal(shown.body.cnf?.jkt, await calculateJwkThumbprint(jwk), JSON.stringify(shown.body));
assert.equal((await call('bound', `Bearer ${bound.access_token}`)).status, 400);
assert.equal((await call('bound', `DPoP ${bound.access_token}`, { dpop: await proof({ ...claims, ath: 'x' }) })).status, 400);
server.close();
console.log('express-oauth2-jwt-bearer: all well');
process.exit(0);
