//! The lines of stdin and stdout. What is not a request is answered here with the code that JSON-RPC has for it; the SDK has one
//! code for everything that it cannot read.

use std::{
    io::{self, Read, Write},
    thread,
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream},
    runtime::Handle,
    sync::mpsc,
    task::{JoinHandle, spawn_blocking},
};

/// The longest line that is read, in bytes. Arguments of a tool have less than a MiB, and JSON can write a letter as six.
const LONGEST: usize = 4 << 20;
/// The bytes at either end of a longer line in which its id is looked for.
const END: usize = 1 << 10;
/// The room between the program's streams and the SDK's, in bytes.
const ROOM: usize = 64 << 10;
/// So many lines may wait to be written.
const WAITING: usize = 16;

/// Returns the streams of the SDK, and the task that ends when all of its output is written.
pub(crate) fn between(
    input: impl Read + Send + 'static,
    output: impl Write + Send + 'static,
) -> ((DuplexStream, DuplexStream), JoinHandle<io::Result<()>>) {
    let (to_server, from_client) = tokio::io::duplex(ROOM);
    let (to_client, from_server) = tokio::io::duplex(ROOM);
    let (lines, written) = mpsc::channel(WAITING);
    tokio::spawn(read(on_a_thread(input), to_server, lines.clone()));
    tokio::spawn(pass_on(from_server, lines));
    let output = tokio::spawn(write(output, written));
    ((from_client, to_client), output)
}

/// Reads on a thread, which ends with the input or with the process.
fn on_a_thread(mut input: impl Read + Send + 'static) -> DuplexStream {
    let (mut to, from) = tokio::io::duplex(ROOM);
    let runtime = Handle::current();
    thread::spawn(move || {
        let mut block = vec![0; ROOM];
        loop {
            let read = match input.read(&mut block) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                // What reads sees that the client has gone.
                Ok(0) | Err(_) => return,
                Ok(read) => read,
            };
            let read = block.get(..read).unwrap_or_default();
            if runtime.block_on(to.write_all(read)).is_err() {
                return;
            }
        }
    });
    from
}

/// Passes on the lines that may be requests, and answers the others.
async fn read(
    input: DuplexStream,
    mut server: DuplexStream,
    answers: mpsc::Sender<Vec<u8>>,
) -> io::Result<()> {
    let mut input = BufReader::new(input);
    let mut line = Vec::new();
    // Of a line that is too long, what its last bytes follow.
    let mut head: Option<Vec<u8>> = None;
    loop {
        let part = input.fill_buf().await?;
        if part.is_empty() && head.is_none() {
            // A line without its end is still one.
            return server.write_all(&line).await;
        }
        let is_last = part.is_empty();
        let end = part.iter().position(|byte| *byte == b'\n');
        let read = end.map_or(part.len(), |end| end + 1);
        line.extend_from_slice(part.get(..read).unwrap_or_default());
        input.consume(read);
        if line.len() > LONGEST && head.is_none() {
            head = Some(line.get(..END).unwrap_or_default().to_vec());
        }
        if head.is_some() && line.len() > END {
            line.drain(..line.len() - END);
        }
        if end.is_none() && !is_last {
            continue;
        }
        let refused = head.take().map(|head| too_long(&head, &line));
        match refused.or_else(|| answer(&line)) {
            Some(answer) => {
                let answer = format!("{answer}\n").into_bytes();
                if answers.send(answer).await.is_err() {
                    return Ok(());
                }
            }
            None => server.write_all(&line).await?,
        }
        line.clear();
        if is_last {
            return Ok(());
        }
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

async fn write(
    mut output: impl Write + Send + 'static,
    mut lines: mpsc::Receiver<Vec<u8>>,
) -> io::Result<()> {
    while let Some(line) = lines.recv().await {
        let written = spawn_blocking(move || {
            output.write_all(&line)?;
            output.flush()?;
            io::Result::Ok(output)
        });
        output = written.await??;
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

/// The answer to a request that is too long, of which the first and the last bytes are known.
fn too_long(head: &[u8], tail: &[u8]) -> Value {
    let id = id_in_head(&String::from_utf8_lossy(head));
    let id = id.or_else(|| id_in_tail(&String::from_utf8_lossy(tail)));
    json!({
        "jsonrpc": "2.0",
        "id": id,
        "error": {"code": -32600, "message": "Invalid request: it is longer than 4 MiB"},
    })
}

/// The id of a request, if it is among the first members of it.
fn id_in_head(head: &str) -> Option<Value> {
    let (before, rest) = head.split_once("\"id\"")?;
    // Not one of the parameters.
    if before.matches('{').count() != 1 {
        return None;
    }
    id_at_start(rest).map(|(id, _)| id)
}

/// The id of a request, if it is among the last members of it.
fn id_in_tail(tail: &str) -> Option<Value> {
    let (_, rest) = tail.rsplit_once("\"id\"")?;
    let (id, rest) = id_at_start(rest)?;
    let closing = rest.chars().filter(|sign| "{}[]".contains(*sign));
    (closing.collect::<String>() == "}").then_some(id)
}

/// The number or the text after a colon, and what follows it.
fn id_at_start(text: &str) -> Option<(Value, &str)> {
    let text = text.trim_start().strip_prefix(':')?;
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    let id = values.next()?.ok()?;
    let rest = text.get(values.byte_offset()..)?;
    (id.is_string() || id.is_i64() || id.is_u64()).then_some((id, rest))
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
        for (head, tail, expected) in [
            (
                "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"a",
                "aaa\"}}",
                json!(7),
            ),
            ("{\"id\" : \"a\\\"b\", \"params", "aaa\"}}", json!("a\"b")),
            (
                "{\"method\":\"m\",\"params\":{\"id\":1",
                "\"},\"jsonrpc\":\"2.0\",\"id\":8}\n",
                json!(8),
            ),
            (
                "{\"method\":\"m\",\"params\":{\"id\":1",
                "\"},\"id\":9,\"jsonrpc\":\"2.0\"}",
                json!(9),
            ),
            (
                "{\"method\":\"m\",\"params\":{\"id\":1",
                "{\"id\":9}}}",
                Value::Null,
            ),
            ("{\"id\":{}", "aaa", Value::Null),
            ("aaa", "aaa", Value::Null),
        ] {
            let answer = too_long(head.as_bytes(), tail.as_bytes());
            assert_eq!(
                (&answer["id"], &answer["error"]["code"]),
                (&expected, &json!(-32600)),
                "{head} {tail}"
            );
        }
        let answer = answer(b"{\"id\":7,\"method\":\"ping\"}").expect("an answer");
        assert_eq!(answer["id"], 7);
    }
}
