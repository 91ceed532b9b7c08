// passport-auth0, the vendor's strategy for Passport, over https: it knows `domain` alone, and asks for the profile with the
// token in the address.

import assert from 'node:assert/strict';
import express from 'express';
import session from 'express-session';
import passport from 'passport';
import Auth0Strategy from 'passport-auth0';
import { Browser } from './browser.mjs';

const issuer = process.env.ISSUER;
const site = process.env.SITE;

passport.serializeUser((user, done) => done(null, user));
passport.deserializeUser((user, done) => done(null, user));
passport.use(new Auth0Strategy(
  { domain: new URL(issuer).host, clientID: 'web-client', clientSecret: 'web-secret', callbackURL: `${site}callback` },
  (accessToken, refreshToken, extra, profile, done) => done(null, { profile, idToken: extra.id_token }),
));

const app = express();
app.use(session({ secret: 'for-the-cookies-of-this-server', resave: false, saveUninitialized: false }));
app.use(passport.initialize());
app.use(passport.session());
app.get('/login', passport.authenticate('auth0', { scope: 'openid profile email' }));
app.get('/callback', passport.authenticate('auth0', { failWithError: true }), (request, response) => response.redirect('/me'));
app.get('/me', (request, response) => response.json(request.user ?? null));
app.use((error, request, response, next) => response.headersSent ? next(error) : response.status(500).json({ error: error.message }));
const server = await new Promise((done) => { const it = app.listen(new URL(site).port, 'localhost', () => done(it)); });

const browser = new Browser();
const start = await browser.fetch(`${site}login`);
const asked = new URL(start.headers.get('location'));
assert.equal(asked.origin + asked.pathname, `${issuer}authorize`);
const back = await browser.signIn(asked, issuer, 'jane@example.com', 'jane-secret');
const done = await browser.fetch(back);
assert.equal(done.headers.get('location'), '/me', await done.text());
const { profile, idToken } = await (await browser.fetch(`${site}me`)).json();
assert.equal(profile.displayName, 'Jane');
assert.equal(profile.emails[0].value, 'jane@example.com');
// The claims of the Action come with /userinfo.
assert.equal(profile._json['https://example.com/hobby'], 'surfing');
assert.equal(profile.user_id, JSON.parse(Buffer.from(idToken.split('.')[1], 'base64url')).sub);
// A refusal arrives as one.
const refused = await browser.fetch(`${site}callback?error=access_denied&error_description=no&state=${back.searchParams.get('state')}`);
assert.equal(refused.status, 500);
server.close();
console.log('passport-auth0: all well');
process.exit(0);
