//! The local tenant: an application with the real SDKs signs a user in, and the project's own Actions make the tokens.
//!
//! It knows nothing of WebAssembly: who starts it gives a [`LoginPipeline`] that runs the post-login trigger and a [`TemplateRenderer`]. Time comes
//! from one [`TenantClock`], randomness from one [`Randomness`], and all that is remembered is in one database.
//!
//! No part of it is API: the workspace is its only user, and public items change in any version.

mod catalog;
mod clock;
mod connections;
mod control;
mod email;
mod http;
mod identities;
mod import;
mod lock;
mod management;
mod oauth;
mod page;
mod pages;
mod password;
mod phone;
mod pipeline;
mod randomness;
mod records;
mod router;
mod seed;
mod server;
mod signup;
mod site;
mod state;
mod store;
mod tls;
mod triggers;
mod trouble;
mod unhonoured;
mod urls;
mod workers;

pub use clock::TenantClock;
pub use email::{
    EmailError, RenderedEmail, TemplateError, TemplateJob, TemplateRenderer, render_email,
};
pub use import::{ImportError, SeedUser, read_users};
pub use management::fits_search;
pub use pipeline::{
    Advanced, Answer, FetchedProfile, Inspection, LoginPipeline, LoginRequest, PipelineError,
    ProviderVisit, SavedCase, Seen,
};
pub use randomness::{Randomness, new_token};
pub use router::router;
pub use seed::file::{SeedFile, read_seed};
pub use seed::sections::{Mistake, mistakes};
pub use server::{Address, Listening, serve};
pub use state::{Setup, SetupError, Tenant};
pub use store::StoreError;
pub use tls::{Tls, TlsError};
pub use urls::callback_problem;
