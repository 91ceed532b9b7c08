//! The lines of stdin and stdout. What is not a request is answered here with the code that JSON-RPC has for it; the SDK has one
//! code for everything that it cannot read.

use std::io;

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, Stdin, Stdout},
    sync::mpsc,
    task::JoinHandle,
};

/// Longer lines are left to the SDK, which drops those of more than 16 MiB. In bytes.
const LONGEST: usize = 1 << 20;
/// The room between the program's streams and the SDK's, in bytes.
const ROOM: usize = 64 << 10;
/// So many lines may wait to be written.
const WAITING: usize = 16;

/// Returns the streams of the SDK, and the task that ends when all of its output is written.
pub(crate) fn stdio() -> ((DuplexStream, DuplexStream), JoinHandle<io::Result<()>>) {
    let (to_server, from_client) = tokio::io::duplex(ROOM);
    let (to_client, from_server) = tokio::io::duplex(ROOM);
    let (lines, written) = mpsc::channel(WAITING);
    let (stdin, stdout) = rmcp::transport::stdio();
    tokio::spawn(read(stdin, to_server, lines.clone()));
    tokio::spawn(pass_on(from_server, lines));
    let output = tokio::spawn(write(stdout, written));
    ((from_client, to_client), output)
}

/// Passes on the lines of stdin that may be requests, and answers the others.
async fn read(
    stdin: Stdin,
    mut server: DuplexStream,
    answers: mpsc::Sender<Vec<u8>>,
) -> io::Result<()> {
    let mut stdin = BufReader::new(stdin);
    let mut line = Vec::new();
    let mut is_long = false;
    loop {
        let part = stdin.fill_buf().await?;
        if part.is_empty() {
            // A line without its end is still one.
            return server.write_all(&line).await;
        }
        let end = part.iter().position(|byte| *byte == b'\n');
        let read = end.map_or(part.len(), |end| end + 1);
        line.extend_from_slice(part.get(..read).unwrap_or_default());
        stdin.consume(read);
        is_long |= line.len() > LONGEST;
        if end.is_none() && !is_long {
            continue;
        }
        match answer(&line).filter(|_| !is_long) {
            Some(answer) => {
                let answer = format!("{answer}\n").into_bytes();
                if answers.send(answer).await.is_err() {
                    return Ok(());
                }
            }
            None => server.write_all(&line).await?,
        }
        line.clear();
        is_long &= end.is_none();
    }
}

/// Passes on what the SDK writes, line by line.
async fn pass_on(server: DuplexStream, lines: mpsc::Sender<Vec<u8>>) -> io::Result<()> {
    let mut server = BufReader::new(server);
    loop {
        let mut line = Vec::new();
        if server.read_until(b'\n', &mut line).await? == 0 || lines.send(line).await.is_err() {
            return Ok(());
        }
    }
}

async fn write(mut stdout: Stdout, mut lines: mpsc::Receiver<Vec<u8>>) -> io::Result<()> {
    while let Some(line) = lines.recv().await {
        stdout.write_all(&line).await?;
        stdout.flush().await?;
    }
    Ok(())
}

/// Returns the answer to a line that is no message of JSON-RPC: `-32700` for what is no JSON, `-32600` for what is no request and
/// says who asks. `None` for what the SDK should read.
fn answer(line: &[u8]) -> Option<Value> {
    if line.iter().all(u8::is_ascii_whitespace) {
        return None;
    }
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    let Ok(message) = serde_json::from_slice::<Value>(line) else {
        return Some(json!({
            "jsonrpc": "2.0",
            "error": {"code": -32700, "message": "Parse error"},
        }));
    };
    let id = message.get("id")?;
    let is_response = message.get("result").is_some() || message.get("error").is_some();
    let is_request = message
        .get("jsonrpc")
        .is_some_and(|version| version == "2.0")
        && message.get("method").is_some_and(Value::is_string);
    let has_id = id.is_string() || id.is_i64() || id.is_u64();
    (has_id && !is_request && !is_response).then(|| {
        json!({
            "jsonrpc": "2.0",
            "id": id,
            "error": {"code": -32600, "message": "Invalid request"},
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_request_has_the_code_for_it() {
        for (line, expected) in [
            ("not json", Some(-32700)),
            ("{\"jsonrpc\":\"2.0\",", Some(-32700)),
            (
                "\u{feff}{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}",
                None,
            ),
            ("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}", None),
            ("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":5}", Some(-32600)),
            (
                "{\"jsonrpc\":\"1.0\",\"id\":\"a\",\"method\":\"ping\"}",
                Some(-32600),
            ),
            ("{\"id\":1,\"method\":\"ping\"}", Some(-32600)),
            ("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}", None),
            (
                "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}",
                None,
            ),
            ("[]", None),
            ("", None),
            ("  \r\n", None),
        ] {
            let code = answer(line.as_bytes()).map(|answer| answer["error"]["code"].clone());
            assert_eq!(code, expected.map(Value::from), "{line}");
        }
        let answer = answer(b"{\"id\":7,\"method\":\"ping\"}").expect("an answer");
        assert_eq!(answer["id"], 7);
    }
}
