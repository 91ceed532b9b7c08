import { auth0 } from '../lib/auth0.js';

export default async function Page() {
  const session = await auth0.getSession();
  return <p id="status">{session ? `Signed in as ${session.user.name}` : 'Signed out'}</p>;
}
