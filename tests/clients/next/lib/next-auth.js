// NextAuth 4 with its provider for Auth0.

import Auth0Provider from 'next-auth/providers/auth0';

export const options = {
  providers: [Auth0Provider({
    clientId: 'web-client',
    clientSecret: 'web-secret',
    // Without the last slash: it adds one of its own.
    issuer: process.env.ISSUER.replace(/\/$/, ''),
  })],
  secret: 'for-the-cookies-of-this-server',
  callbacks: {
    jwt: ({ token, profile }) => (profile ? { ...token, hobby: profile['https://example.com/hobby'] } : token),
    session: ({ session, token }) => ({ ...session, hobby: token.hobby }),
  },
};
