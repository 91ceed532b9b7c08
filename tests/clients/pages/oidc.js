// oidc-client-ts, a client library that knows nothing of the vendor.

import { UserManager, WebStorageStateStore } from 'oidc-client-ts';

const manager = new UserManager({
  authority: window.SETTINGS.issuer,
  client_id: 'spa-client',
  redirect_uri: `${location.origin}/oidc`,
  post_logout_redirect_uri: `${location.origin}/oidc`,
  scope: 'openid profile email offline_access',
  loadUserInfo: true,
  automaticSilentRenew: false,
  userStore: new WebStorageStateStore({ store: window.localStorage }),
});
const root = document.getElementById('root');
root.innerHTML = '<p id="status"></p><p id="told"></p><button id="login">Log in</button><button id="refresh">Refresh</button><button id="logout">Log out</button>';
const say = (id, text) => { document.getElementById(id).textContent = text; };
const show = (user) => say('status', user ? `Signed in as ${user.profile.name}, ${user.profile['https://example.com/hobby']}` : 'Signed out');
const on = (id, act) => document.getElementById(id).addEventListener('click', () => act().catch((error) => say('told', `Failed: ${error.message}`)));

on('login', () => manager.signinRedirect());
on('refresh', async () => {
  const before = await manager.getUser();
  const user = await manager.signinSilent();
  say('told', `refreshed: ${user.refresh_token !== before.refresh_token}`);
});
on('logout', () => manager.signoutRedirect());
const query = new URLSearchParams(location.search);
if (query.has('code') || query.has('error')) {
  try {
    show(await manager.signinCallback());
  } catch (error) {
    say('status', `Failed: ${error.message}`);
  }
  history.replaceState(null, '', '/oidc');
} else {
  show(await manager.getUser());
}
