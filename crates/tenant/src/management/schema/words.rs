//! Lists of words of the vendor's OpenAPI document, as node-auth0 7.1 has them.

/// The types of applications.
pub(super) const APP_TYPES: &[&str] = &[
    "native",
    "spa",
    "regular_web",
    "non_interactive",
    "resource_server",
    "express_configuration",
    "rms",
    "box",
    "cloudbees",
    "concur",
    "dropbox",
    "mscrm",
    "echosign",
    "egnyte",
    "newrelic",
    "office365",
    "salesforce",
    "sentry",
    "sharepoint",
    "slack",
    "springcm",
    "zendesk",
    "zoom",
    "sso_integration",
    "oag",
];

/// The strategies of connections; `auth0` is a database.
#[rustfmt::skip]
pub(super) const STRATEGIES: &[&str] = &[
    "ad", "adfs", "amazon", "apple", "auth0", "auth0-oidc", "baidu", "bitbucket", "bitly", "box", "custom", "daccount",
    "dropbox", "dwolla", "email", "evernote", "evernote-sandbox", "exact", "facebook", "fitbit", "flickr", "github",
    "google-apps", "google-oauth2", "instagram", "ip", "line", "linkedin", "miicard", "oauth1", "oauth2", "office365", "oidc",
    "okta", "paypal", "paypal-sandbox", "pingfederate", "planningcenter", "renren", "salesforce", "salesforce-community",
    "salesforce-sandbox", "samlp", "sharepoint", "shop", "shopify", "sms", "soundcloud", "thecity", "thecity-sandbox",
    "thirtysevensignals", "twitter", "untappd", "vkontakte", "waad", "weibo", "windowslive", "wordpress", "yahoo", "yammer",
    "yandex",
    // Those of later years.
    "aol", "asana", "atlassian", "auth0-adldap", "cloudflare-mcp", "gitlab", "hubspot-mcp", "linear-mcp", "notion-mcp",
    "sentry-mcp", "slack",
];

/// The factors of multi-factor authentication, as the Deploy CLI has them (`src/tools/constants.ts`).
pub(super) const FACTORS: &[&str] = &[
    "sms",
    "push-notification",
    "otp",
    "email",
    "duo",
    "webauthn-roaming",
    "webauthn-platform",
    "recovery-code",
];

/// The types of events of a stream, as the vendor's SDKs have them (`EventStreamEventTypeEnum`, auth0-ruby 6).
#[rustfmt::skip]
pub(super) const EVENTS: &[&str] = &[
    "connection.created", "connection.deleted", "connection.updated", "group.created", "group.deleted", "group.member.added",
    "group.member.deleted", "group.role.assigned", "group.role.deleted", "group.updated", "organization.connection.added",
    "organization.connection.removed", "organization.connection.updated", "organization.created", "organization.deleted",
    "organization.group.role.assigned", "organization.group.role.deleted", "organization.member.added",
    "organization.member.deleted", "organization.member.role.assigned", "organization.member.role.deleted",
    "organization.updated", "user.created", "user.deleted", "user.updated",
];
