// The vendor's SDK. Plain http is allowed on purpose.

import { Auth0Client } from '@auth0/nextjs-auth0/server';

const issuer = new URL(process.env.ISSUER);

export const auth0 = new Auth0Client({
  domain: issuer.origin,
  allowInsecureRequests: issuer.protocol === 'http:',
  appBaseUrl: process.env.SITE,
  clientId: 'web-client',
  clientSecret: 'web-secret',
  secret: '0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef',
  // Without this the SDK keeps the standard claims alone.
  beforeSessionSaved: async (session) => session,
  authorizationParameters: { scope: 'openid profile email offline_access', audience: 'https://api.example.com' },
});
