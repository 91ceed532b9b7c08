//! Which API a request is for, and who answers: `audience`, `resource` (RFC 8707) and `iss` (RFC 9207).

use serde_json::Value;

use crate::state::Tenant;

/// The API that a request asks for, or else the tenant's default.
pub(crate) fn audience<'a>(
    tenant: &'a Tenant,
    parameter: impl Fn(&str) -> Option<&'a str>,
) -> Option<String> {
    let settings = &tenant.catalog.settings;
    let default = || settings.get("default_audience").and_then(Value::as_str);
    named_api(tenant, parameter)
        .or_else(default)
        .filter(|audience| !audience.is_empty())
        .map(str::to_owned)
}

/// The API that a request names: by `audience`, or by `resource` (RFC 8707) where the tenant takes that.
pub(crate) fn named_api<'a>(
    tenant: &Tenant,
    parameter: impl Fn(&str) -> Option<&'a str>,
) -> Option<&'a str> {
    let resource = || takes_resource(tenant).then(|| parameter("resource"));
    parameter("audience").or_else(|| resource().flatten())
}

/// Whether `resource` counts: "the audience parameter is still checked first, but if it not provided, then the resource parameter can be
/// used".
///
/// Source: <https://auth0.github.io/node-auth0/variables/management.Management.TenantSettingsResourceParameterProfile.html>.
pub(crate) fn takes_resource(tenant: &Tenant) -> bool {
    let profile = tenant.catalog.settings.get("resource_parameter_profile");
    profile.and_then(Value::as_str) == Some("compatibility")
}

/// The `iss` of an answer of `/authorize` (RFC 9207), where the tenant gives it.
///
/// Source: <https://auth0.com/ai/docs/mcp/guides/resource-param-compatibility-profile>.
pub(super) fn iss(tenant: &Tenant) -> Option<String> {
    names_issuer(tenant).then(|| tenant.site.issuer.clone())
}

pub(crate) fn names_issuer(tenant: &Tenant) -> bool {
    let settings = &tenant.catalog.settings;
    settings.get("authorization_response_iss_parameter_supported") == Some(&Value::Bool(true))
}
