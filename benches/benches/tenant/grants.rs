//! The grants whose speed matters to an application.

use std::net::SocketAddr;

use anyhow::ensure;

use crate::{
    http::{Answer, Connection},
    process::{CLIENT, email},
};

const CALLBACK: &str = "http://localhost:5000/callback";
const VERIFIER: &str = "a-verifier-that-has-at-least-forty-three-characters";
const CHALLENGE: &str = "_udrTd4IPbLFQ3KXybj6AB-FCgL9eRGxv4PC9Gqn3AE";

/// The kinds of measured logins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grant {
    /// One refresh token for the next, with rotation.
    Refresh,
    /// Password.
    Password,
    /// Code with PKCE out of a session: `/authorize` and the token endpoint, measured together.
    Code,
}

impl Grant {
    pub fn name(self) -> &'static str {
        match self {
            Self::Refresh => "refresh_token",
            Self::Password => "password",
            Self::Code => "authorization_code",
        }
    }
}

/// A user who signs in again and again.
pub struct User {
    connection: Connection,
    grant: Grant,
    email: String,
    refresh_token: String,
    cookie: String,
}

impl User {
    /// The first login, which is not measured.
    pub fn sign_in(address: SocketAddr, number: usize, grant: Grant) -> anyhow::Result<Self> {
        let mut user = Self {
            connection: Connection::open(address)?,
            grant,
            email: email(number),
            refresh_token: String::new(),
            cookie: String::new(),
        };
        match grant {
            Grant::Refresh => {
                let answer = user.password("openid%20profile%20offline_access")?;
                answer
                    .text("refresh_token")?
                    .clone_into(&mut user.refresh_token);
            }
            Grant::Password => {}
            Grant::Code => user.open_session()?,
        }
        Ok(user)
    }

    pub fn log_in(&mut self) -> anyhow::Result<()> {
        let answer = match self.grant {
            Grant::Refresh => {
                let token = std::mem::take(&mut self.refresh_token);
                let answer =
                    self.token(&format!("grant_type=refresh_token&refresh_token={token}"))?;
                answer
                    .text("refresh_token")?
                    .clone_into(&mut self.refresh_token);
                answer
            }
            Grant::Password => self.password("openid%20profile")?,
            Grant::Code => {
                let answer = self
                    .connection
                    .get(&authorize("&prompt=none"), &self.cookie)?;
                let code = answer.parameter("code")?.to_owned();
                self.token(&format!(
                    "grant_type=authorization_code&code={code}&redirect_uri={CALLBACK}&code_verifier={VERIFIER}"
                ))?
            }
        };
        answer.text("id_token")?;
        answer.text("access_token")?;
        Ok(())
    }

    fn token(&mut self, body: &str) -> anyhow::Result<Answer> {
        let answer =
            self.connection
                .form("/oauth/token", "", &format!("client_id={CLIENT}&{body}"))?;
        ensure!(answer.status == 200, "{} {}", answer.status, answer.body);
        Ok(answer)
    }

    fn password(&mut self, scope: &str) -> anyhow::Result<Answer> {
        let body = format!(
            "grant_type=password&username={}&password=a-secret&scope={scope}&audience=https://api.example.com",
            self.email
        );
        self.token(&body)
    }

    fn open_session(&mut self) -> anyhow::Result<()> {
        let page = self.connection.get(&authorize(""), "")?;
        let state = page.parameter("state")?.to_owned();
        self.keep(&page);
        let cookie = self.cookie.clone();
        let body = format!("state={state}&username={}&password=a-secret", self.email);
        let answer = self.connection.form("/u/login", &cookie, &body)?;
        ensure!(
            answer.location.starts_with(CALLBACK),
            "{} {}",
            answer.status,
            answer.body
        );
        self.keep(&answer);
        Ok(())
    }

    fn keep(&mut self, answer: &Answer) {
        for (name, value) in &answer.cookies {
            self.cookie = format!("{}; {name}={value}", self.cookie)
                .trim_start_matches("; ")
                .to_owned();
        }
    }
}

fn authorize(more: &str) -> String {
    format!(
        "/authorize?client_id={CLIENT}&redirect_uri={CALLBACK}&response_type=code&scope=openid%20profile&audience=https://api.example.com&code_challenge={CHALLENGE}&code_challenge_method=S256{more}"
    )
}
