// A browser as far as a login needs one: cookies, redirects by hand, forms.

export class Browser {
  cookies = new Map();

  async fetch(url, init = {}) {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(url, { ...init, redirect: 'manual', headers: { ...init.headers, cookie } });
    for (const line of response.headers.getSetCookie()) {
      const [name, value] = line.split(';')[0].split(/=(.*)/s);
      if (value) this.cookies.set(name, value);
      else this.cookies.delete(name);
    }
    return response;
  }

  /// Follows redirects inside of the tenant; gives the URL that leads out of it.
  async signIn(url, issuer, username, password) {
    let response = await this.fetch(url);
    for (let step = 0; step < 5; step += 1) {
      const location = response.headers.get('location');
      if (!location) throw new Error(`no redirect: ${response.status} ${await response.text()}`);
      if (!location.startsWith(issuer)) return new URL(location);
      const state = new URL(location).searchParams.get('state');
      response = await this.fetch(`${issuer}u/login`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({ state, username, password }).toString(),
      });
    }
    throw new Error('the login does not end');
  }
}
