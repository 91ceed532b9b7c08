// auth0-react with refresh tokens, every token bound to the browser's key.

import React, { useState } from 'react';
import { createRoot } from 'react-dom/client';
import { Auth0Provider, useAuth0 } from '@auth0/auth0-react';

const issuer = window.SETTINGS.issuer;

function App() {
  const { isLoading, isAuthenticated, user, error, loginWithRedirect, logout, getAccessTokenSilently, createFetcher } = useAuth0();
  const [told, tell] = useState('');
  const act = (what) => () => what().then((text) => tell(text), (failure) => tell(`Failed: ${failure.error ?? failure.message}`));
  const userinfo = async () => {
    const fetcher = createFetcher({ dpopNonceId: 'userinfo' });
    const profile = await (await fetcher.fetchWithAuth(`${issuer}userinfo`)).json();
    return `userinfo: ${profile['https://example.com/hobby'] ?? JSON.stringify(profile)}`;
  };
  const refresh = async () => {
    const answer = await getAccessTokenSilently({ cacheMode: 'off', detailedResponse: true });
    return `refreshed: ${answer.token_type ?? 'token'}`;
  };
  if (isLoading) return <p id="status">Loading</p>;
  return (
    <>
      <p id="status">{error ? `Failed: ${error.message}` : isAuthenticated ? `Signed in as ${user.name}` : 'Signed out'}</p>
      <p id="told">{told}</p>
      <button id="login" onClick={() => loginWithRedirect()}>Log in</button>
      <button id="userinfo" onClick={act(userinfo)}>Userinfo</button>
      <button id="refresh" onClick={act(refresh)}>Refresh</button>
      <button id="logout" onClick={() => logout({ logoutParams: { returnTo: `${location.origin}/react` } })}>Log out</button>
    </>
  );
}

createRoot(document.getElementById('root')).render(
  <Auth0Provider
    domain={issuer.replace(/\/$/, '')}
    clientId="spa-client"
    useRefreshTokens
    useDpop
    cacheLocation="localstorage"
    authorizationParams={{ redirect_uri: `${location.origin}/react`, scope: 'openid profile email offline_access' }}
  >
    <App />
  </Auth0Provider>,
);
