/** Greets, copies roles under two names, and keeps a note. */
exports.onExecutePostLogin = async (event, api) => {
    const { hobby, address } = event.user.user_metadata;
    if (hobby === 'spam') return api.access.deny('no spam');
    if (hobby === 'crash') throw new TypeError(`no hobby ${event.secrets.KEY}`);
    if (hobby === 'away') return api.redirect.sendUserTo('https://example.com/consent', { query: { lang: 'en' } });
    if (hobby === 'mfa') return api.multifactor.enable('any', { allowRememberBrowser: false });
    api.idToken.setCustomClaim('https://example.com/hobby', hobby);
    api.idToken.setCustomClaim('roles', ['admin']);
    api.accessToken.setCustomClaim('iss', 'me');
    api.user.setUserMetadata('greeted', { at: new Date().toISOString(), city: address?.city });
    api.user.setAppMetadata('count', 1);
    console.log('greeted', hobby);
};

exports.onContinuePostLogin = async (event, api) => {
    api.idToken.setCustomClaim('https://example.com/consent', event.request.query.consent);
};
