//! The tenant as a process, and what processes use.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
};

use anyhow::{Context, ensure};

pub const CLIENT: &str = "bench-client";

const EXPORT: &str = r#"
clients:
  - name: Bench
    client_id: bench-client
    app_type: spa
    token_endpoint_auth_method: none
    callbacks: ["http://localhost:5000/callback"]
    grant_types: [authorization_code, refresh_token, password]
    refresh_token: { rotation_type: rotating, expiration_type: expiring, leeway: 0 }
resourceServers:
  - { name: API, identifier: "https://api.example.com", allow_offline_access: true }
databases:
  - { name: Username-Password-Authentication, strategy: auth0 }
actions:
  - { name: claim, code: ./claim.js, deployed: true, supported_triggers: [{ id: post-login, version: v3 }] }
triggers:
  post-login: [{ action_name: claim, display_name: claim }]
"#;

const ACTION: &str = "exports.onExecutePostLogin = async (event, api) => {\n  api.idToken.setCustomClaim('https://example.com/hobby', event.user.user_metadata.hobby);\n};\n";

/// The address of a user.
pub fn email(number: usize) -> String {
    format!("user{number}@example.com")
}

/// A tenant that runs until this is dropped.
pub struct Serving {
    child: Child,
    address: SocketAddr,
    folder: tempfile::TempDir,
}

impl Serving {
    pub fn start(users: usize, is_ephemeral: bool) -> anyhow::Result<Self> {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .context("no workspace")?;
        let program = postlogin_benches::release_binary(workspace)?;
        let folder = tempfile::tempdir()?;
        fs::write(folder.path().join("tenant.yaml"), EXPORT)?;
        fs::write(folder.path().join("claim.js"), ACTION)?;
        let users: Vec<_> = (0..users)
            .map(|number| {
                serde_json::json!({
                    "email": email(number), "password": "a-secret", "name": format!("User {number}"), "user_metadata": {"hobby": "surfing"},
                })
            })
            .collect();
        let seed = folder.path().join("users.json");
        fs::write(&seed, serde_json::to_string(&users)?)?;
        let mut child = Command::new(program)
            .args(["serve", "--port", "0", "--users"])
            .arg(&seed)
            .args(is_ephemeral.then_some("--ephemeral"))
            .current_dir(folder.path())
            .env("XDG_DATA_HOME", folder.path().join("data"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()?;
        let mut issuer = String::new();
        let stdout = child.stdout.take().context("no pipe")?;
        BufReader::new(stdout).read_line(&mut issuer)?;
        let address = issuer
            .trim()
            .trim_start_matches("http://")
            .trim_end_matches('/')
            .parse();
        Ok(Self {
            child,
            address: address.context("the tenant does not start")?,
            folder,
        })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Seconds that the tenant has computed.
    pub fn cpu_s(&self) -> anyhow::Result<f64> {
        cpu_s(&self.child.id().to_string())
    }

    /// Returns the part of its memory that is in RAM.
    pub fn memory_mib(&self) -> anyhow::Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))
            .context("memory is known on Linux alone")?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.split_whitespace().next());
        Ok(kib.context("no VmRSS")?.parse::<f64>()? / 1024.0)
    }

    /// The size of the database with its log.
    pub fn database_mib(&self) -> f64 {
        let state = self.folder.path().join(".postlogin");
        let size = |name: &str| fs::metadata(state.join(name)).map_or(0, |found| found.len());
        let bytes = size("tenant.sqlite") + size("tenant.sqlite-wal");
        bytes as f64 / 1_048_576.0
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Seconds that this process has computed.
pub fn own_cpu_s() -> anyhow::Result<f64> {
    cpu_s("self")
}

/// Fields 14 and 15 of `/proc/PID/stat`, in ticks, of which Linux has 100 in a second on every machine.
fn cpu_s(process: &str) -> anyhow::Result<f64> {
    let Ok(stat) = fs::read_to_string(format!("/proc/{process}/stat")) else {
        return Ok(f64::NAN);
    };
    // The name in parentheses may hold spaces.
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .collect();
    ensure!(fields.len() > 12, "an unknown form of /proc/{process}/stat");
    let ticks = fields[11].parse::<f64>()? + fields[12].parse::<f64>()?;
    Ok(ticks / 100.0)
}
