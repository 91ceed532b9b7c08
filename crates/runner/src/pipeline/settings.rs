//! The settings of the tenant for one login.

use postlogin_core::TenantSettings;
use postlogin_project::TenantData;
use postlogin_tenant::LoginRequest;

use super::program::Program;

/// Returns those of the project, or of the configuration that requests have changed; with the user's own permissions on the API.
pub(super) fn settings(program: &Program, login: &LoginRequest) -> TenantSettings {
    let mut settings = match &login.configured {
        None => program.tenant.settings_for(&login.event, None),
        Some(configured) => TenantData {
            guardian_factors: program.tenant.guardian_factors.clone(),
            guardian_policies: program.tenant.guardian_policies.clone(),
            overrides: program.tenant.overrides.clone(),
            ..TenantData::clone(configured)
        }
        .settings_for(&login.event, None),
    };
    for permission in &login.permissions {
        if !settings.permissions.contains(permission) {
            settings.permissions.push(permission.clone());
        }
    }
    settings
}
