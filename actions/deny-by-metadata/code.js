/**
 * Support blocks an account for a reason that the user should read, by writing
 * app_metadata.blocked_reason. (Blocking in the dashboard shows no reason.)
 */

/**
 * @param {Event} event - Details about the user and the context in which they are logging in.
 * @param {PostLoginAPI} api - Methods to change the behavior of the login.
 */
exports.onExecutePostLogin = async (event, api) => {
  const { blocked_reason: reason, blocked_until: until } = event.user.app_metadata;
  if (!reason) {
    return;
  }

  // A block may end by itself. Clear it then, so that the next login is quiet.
  if (until && Date.parse(until) <= Date.now()) {
    api.user.setAppMetadata('blocked_reason', null);
    api.user.setAppMetadata('blocked_until', null);
    console.log(`the block of ${event.user.user_id} ended at ${until}`);
    return;
  }

  return api.access.deny(`Your account is blocked: ${reason}.`);
};
