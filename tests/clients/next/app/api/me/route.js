import { getServerSession } from 'next-auth';
import { auth0 } from '../../../lib/auth0.js';
import { options } from '../../../lib/next-auth.js';

/// What both libraries know of the browser's user.
export async function GET() {
  const session = await auth0.getSession();
  const token = session ? await auth0.getAccessToken() : null;
  return Response.json({ auth0: session?.user ?? null, token: token?.token ?? null, nextAuth: await getServerSession(options) });
}
