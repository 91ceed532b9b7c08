//! HTTP/1.1 over a socket that stays open: as little as a load generator needs, so that it costs little.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
};

use anyhow::{Context, ensure};

/// An answer.
pub struct Answer {
    pub status: u16,
    pub location: String,
    /// Names and values of the cookies that it sets.
    pub cookies: Vec<(String, String)>,
    pub body: String,
}

impl Answer {
    /// A text of the body, which is JSON: its texts are tokens, in which nothing is escaped.
    pub fn text(&self, key: &str) -> anyhow::Result<&str> {
        let start = format!("\"{key}\":\"");
        let (_, rest) = self
            .body
            .split_once(&start)
            .with_context(|| format!("no `{key}` in {}", self.body))?;
        rest.split('"').next().context("the text does not end")
    }

    /// A parameter of the location.
    pub fn parameter(&self, key: &str) -> anyhow::Result<&str> {
        let (_, query) = self
            .location
            .split_once('?')
            .with_context(|| format!("{} {}", self.status, self.body))?;
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let found = pairs.find(|(name, _)| *name == key);
        Ok(found
            .with_context(|| format!("no `{key}` in {}", self.location))?
            .1)
    }
}

/// A connection to the tenant.
pub struct Connection {
    stream: BufReader<TcpStream>,
    address: SocketAddr,
}

impl Connection {
    pub fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream: BufReader::new(stream),
            address,
        })
    }

    pub fn get(&mut self, target: &str, cookie: &str) -> anyhow::Result<Answer> {
        self.send(&format!(
            "GET {target} HTTP/1.1\r\nhost: {}\r\ncookie: {cookie}\r\n\r\n",
            self.address
        ))
    }

    pub fn form(&mut self, target: &str, cookie: &str, body: &str) -> anyhow::Result<Answer> {
        self.send(&format!(
            "POST {target} HTTP/1.1\r\nhost: {}\r\ncookie: {cookie}\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        ))
    }

    fn send(&mut self, request: &str) -> anyhow::Result<Answer> {
        self.stream.get_mut().write_all(request.as_bytes())?;
        let mut line = String::new();
        ensure!(
            self.stream.read_line(&mut line)? > 0,
            "the tenant closed the connection"
        );
        let status = line
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        let mut answer = Answer {
            status: status.with_context(|| format!("no answer: {line}"))?,
            location: String::new(),
            cookies: Vec::new(),
            body: String::new(),
        };
        let mut length = 0;
        loop {
            line.clear();
            self.stream.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(": ") else {
                break;
            };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.parse()?,
                "location" => value.clone_into(&mut answer.location),
                "set-cookie" => {
                    let pair = value
                        .split(';')
                        .next()
                        .and_then(|pair| pair.split_once('='));
                    answer
                        .cookies
                        .extend(pair.map(|(name, value)| (name.to_owned(), value.to_owned())));
                }
                _ => {}
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        answer.body = String::from_utf8(body)?;
        Ok(answer)
    }
}
