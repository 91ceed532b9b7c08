//! Tools for agents: a server of the Model Context Protocol over stdin and stdout.
//!
//! The protocol is the official SDK's ([rmcp](https://docs.rs/rmcp)). What the tools are and do is the [`Desk`]'s: this crate knows
//! no command.
//!
//! No part of it is API: the workspace is its only user, and public items change in any version.

mod lines;

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use rmcp::{
    ErrorData, RoleServer, ServerHandler, ServiceExt,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, CustomRequest,
        CustomResult, ErrorCode, Implementation, ListToolsResult, PaginatedRequestParams,
        ServerCapabilities, ServerConfig, ToolAnnotations,
    },
    service::{RequestContext, ServerInitializeError},
};
use serde_json::{Map, Value};
use tokio::sync::Semaphore;

/// So many calls are answered at once; others wait.
const CALLS: usize = 4;

/// The time that unfinished calls may take to end once the client is gone.
const PATIENCE: Duration = Duration::from_secs(2);

/// The requests that this server answers.
const METHODS: &[&str] = &["initialize", "ping", "tools/call", "tools/list"];

/// So much of the name of an unknown tool is repeated, in characters.
const LONGEST_NAME: usize = 100;

/// A tool as clients see it.
#[derive(Debug, Clone)]
pub struct Tool {
    /// Its name: `run`.
    pub name: &'static str,
    /// A few words for people.
    pub title: &'static str,
    /// The description for the agent.
    pub description: &'static str,
    /// The JSON Schema of its arguments, an object.
    pub arguments: Map<String, Value>,
    /// Whether it may write files when its arguments ask for it.
    pub writes: bool,
}

/// The result of a call.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answer {
    /// Texts for the agent, each a block of its own.
    pub texts: Vec<String>,
    /// The same as an object, if the first text is JSON.
    pub value: Option<Value>,
    /// Whether the call failed; the texts then say why and what to do.
    pub is_error: bool,
}

/// Whoever does what the tools are for.
pub trait Desk: Send + Sync + 'static {
    /// Returns all tools.
    fn tools(&self) -> Vec<Tool>;

    /// Answers a call. It may take its time, on a thread of its own, and should end soon once `is_cancelled`.
    fn call(
        &self,
        tool: &str,
        arguments: Map<String, Value>,
        is_cancelled: &dyn Fn() -> bool,
    ) -> Answer;
}

/// The server's description of itself.
#[derive(Debug, Clone)]
pub struct About {
    /// The program.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
    /// The instructions for agents before they call a tool.
    pub instructions: &'static str,
}

/// Serves until the client closes `input`. Nothing else may write to `output` meanwhile.
///
/// # Errors
/// When the client speaks another protocol, or the streams fail.
pub fn serve(
    about: About,
    desk: impl Desk,
    input: impl io::Read + Send + 'static,
    output: impl io::Write + Send + 'static,
) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let closed = Arc::new(AtomicBool::new(false));
    let server = Server {
        about,
        desk: Arc::new(desk),
        calls: Arc::new(Semaphore::new(CALLS)),
        closed: Arc::clone(&closed),
    };
    let ended = runtime.block_on(async {
        let (streams, output) = lines::between(input, output);
        let running = match server.serve(streams).await {
            Ok(running) => running,
            // A client that leaves before it has said anything is no error.
            Err(ServerInitializeError::ConnectionClosed(_)) => return Ok(()),
            Err(error) => return Err(io::Error::other(error.to_string())),
        };
        let ended = running.waiting().await;
        // What was answered last is written, too.
        let _ = tokio::time::timeout(PATIENCE, output).await;
        ended.map(drop).map_err(io::Error::other)
    });
    closed.store(true, Ordering::Relaxed);
    // Calls that are still at work look at `closed`, and end what they have begun.
    runtime.shutdown_timeout(PATIENCE);
    ended
}

/// The protocol's side of a [`Desk`].
struct Server<D> {
    about: About,
    desk: Arc<D>,
    calls: Arc<Semaphore>,
    /// Set once the client is gone.
    closed: Arc<AtomicBool>,
}

impl<D: Desk> ServerHandler for Server<D> {
    fn get_info(&self) -> ServerConfig {
        let tools = ServerCapabilities::builder().enable_tools().build();
        ServerConfig::new(tools)
            .with_server_info(Implementation::new(self.about.name, self.about.version))
            .with_instructions(self.about.instructions)
    }

    async fn list_tools(
        &self,
        request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        // All tools are on the first page.
        if request.is_some_and(|request| request.cursor.is_some()) {
            return Err(ErrorData::invalid_params("unknown cursor", None));
        }
        let tools = self.desk.tools().into_iter().map(|tool| {
            let hints = ToolAnnotations::with_title(tool.title)
                .read_only(!tool.writes)
                .destructive(false)
                .open_world(false);
            rmcp::model::Tool::new(tool.name, tool.description, Arc::new(tool.arguments))
                .with_title(tool.title)
                .with_annotations(hints)
        });
        Ok(ListToolsResult::with_all_items(tools.collect()))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let name = request.name.into_owned();
        if self.desk.tools().iter().all(|tool| tool.name != name) {
            let name: String = name.chars().take(LONGEST_NAME).collect();
            let message = format!("unknown tool: {name}");
            return Err(ErrorData::invalid_params(message, None));
        }
        let arguments = request.arguments.unwrap_or_default();
        let broken = |_| ErrorData::internal_error("the call ended without an answer", None);
        let permit = Arc::clone(&self.calls).acquire_owned().await;
        let permit = permit.map_err(|_| ErrorData::internal_error("the server ends", None))?;
        let (desk, closed, cancelled) = (
            Arc::clone(&self.desk),
            Arc::clone(&self.closed),
            context.ct.clone(),
        );
        let answer = tokio::task::spawn_blocking(move || {
            let is_cancelled = || cancelled.is_cancelled() || closed.load(Ordering::Relaxed);
            let answer = desk.call(&name, arguments, &is_cancelled);
            drop(permit);
            answer
        });
        Ok(result(answer.await.map_err(broken)?).into())
    }

    /// Answers what the SDK cannot read as a request that it knows: its parameters are wrong, or its method is unknown.
    async fn on_custom_request(
        &self,
        request: CustomRequest,
        _context: RequestContext<RoleServer>,
    ) -> Result<CustomResult, ErrorData> {
        let CustomRequest { method, .. } = request;
        Err(match METHODS.contains(&method.as_str()) {
            true => ErrorData::invalid_params(format!("invalid parameters of {method}"), None),
            false => ErrorData::new(ErrorCode::METHOD_NOT_FOUND, method, None),
        })
    }
}

fn result(answer: Answer) -> CallToolResult {
    let texts: Vec<ContentBlock> = answer.texts.into_iter().map(ContentBlock::text).collect();
    let mut result = match answer.is_error {
        true => CallToolResult::error(texts),
        false => CallToolResult::success(texts),
    };
    result.structured_content = answer.value;
    result
}
