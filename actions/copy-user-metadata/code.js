/**
 * Copies what the user chose in the profile page to the ID token, so that the web app
 * can greet in the right language without a call to the Management API.
 *
 * Names are namespaced: a plain `locale` would fall to the scope filter.
 */
const NAMESPACE = 'https://example.com';

// Only these. The rest of user_metadata is nobody's business.
const COPIED = ['hobby', 'lang', 'newsletter'];

/**
 * @param {Event} event - Details about the user and the context in which they are logging in.
 * @param {PostLoginAPI} api - Methods to change the behavior of the login.
 */
exports.onExecutePostLogin = async (event, api) => {
  const metadata = event.user.user_metadata;

  for (const key of COPIED) {
    if (metadata[key] !== undefined) {
      api.idToken.setCustomClaim(`${NAMESPACE}/${key}`, metadata[key]);
    }
  }

  // First login from a browser with a language: remember it for the e-mails.
  if (metadata.lang === undefined && event.request.language) {
    const lang = event.request.language.split('-')[0];
    api.user.setUserMetadata('lang', lang);
    api.idToken.setCustomClaim(`${NAMESPACE}/lang`, lang);
    console.log(`saved the language ${lang}`);
  }
};
