/**
 * Tells our API what it may do for this user: the plan, the roles that support gave
 * them, and the tier of the application that asks.
 */
const NAMESPACE = 'https://example.com';
const API = 'https://api.example.com';

// What a plan may do beyond the scopes that the application asked for.
const SCOPES_OF_PLAN = {
  pro: ['read:reports'],
  enterprise: ['read:reports', 'export:reports'],
};

/**
 * @param {Event} event - Details about the user and the context in which they are logging in.
 * @param {PostLoginAPI} api - Methods to change the behavior of the login.
 */
exports.onExecutePostLogin = async (event, api) => {
  // Without an audience the access token is opaque; other APIs don't know our claims.
  if (event.resource_server?.identifier !== API) {
    return;
  }

  const { plan = 'free', roles = [] } = event.user.app_metadata;
  api.accessToken.setCustomClaim(`${NAMESPACE}/plan`, plan);
  api.accessToken.setCustomClaim(`${NAMESPACE}/roles`, roles);

  // Application metadata holds texts only; it is an empty object when there is none.
  const tier = event.client.metadata.tier;
  if (tier) {
    api.accessToken.setCustomClaim(`${NAMESPACE}/client_tier`, tier);
  }

  if (event.organization) {
    api.accessToken.setCustomClaim(`${NAMESPACE}/organization`, event.organization.name);
  }

  for (const scope of SCOPES_OF_PLAN[plan] ?? []) {
    api.accessToken.addScope(scope);
  }
};
