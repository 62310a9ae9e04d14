//! What a plugin writes: read without end, or the plugin would hang, and passed on through `tracing`.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Map, Value as Json};
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{ChildStderr, ChildStdout};
use tokio::task::JoinHandle;
use tokio::time;
use tracing::level_filters::LevelFilter;

use super::connection::Connection;
use crate::generated::plugin::grpc_stdio_client::GrpcStdioClient;

/// What is longer is cut into several lines, in bytes.
const MAX_LINE: u64 = 64 * 1024;
/// How many of the last lines are kept to say why a plugin ended.
const KEPT: usize = 30;
/// How long to wait for the last lines of a process that has ended: something that it started may hold its output.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// The last lines of a plugin's standard error.
#[derive(Debug)]
pub(super) struct Tail {
    lines: Arc<Mutex<VecDeque<String>>>,
    reader: JoinHandle<()>,
}

impl Tail {
    /// The lines that are kept, once the process has ended.
    pub(super) async fn of_ended(&mut self) -> String {
        drop(time::timeout(LAST_WORDS, &mut self.reader).await);
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().map(String::as_str).collect::<Vec<_>>().join("\n")
    }
}

/// Reads the standard error of `program` for as long as it lives.
pub(super) fn drain_stderr(program: String, stderr: ChildStderr) -> Tail {
    let lines = Arc::new(Mutex::new(VecDeque::new()));
    let kept = Arc::clone(&lines);
    let reader = tokio::spawn(each_line(BufReader::new(stderr), move |line| {
        pass_on(&program, &line);
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back(line);
    }));
    Tail { lines, reader }
}

/// Reads the standard output of `program` for as long as it lives.
pub(super) fn drain_stdout(program: String, stdout: BufReader<ChildStdout>) {
    tokio::spawn(each_line(stdout, move |line| tracing::debug!(program, "{line}")));
}

/// Reads what the plugin sends as its output over the connection. Not every plugin does.
pub(super) async fn follow(mut stdio: GrpcStdioClient<Connection>) {
    let Ok(output) = stdio.stream_stdio(()).await else { return };
    let mut output = output.into_inner();
    while let Ok(Some(piece)) = output.message().await {
        tracing::debug!("{}", String::from_utf8_lossy(&piece.data).trim_end());
    }
}

/// Hands on every line, until there is no more or it cannot be read.
async fn each_line(mut from: impl AsyncBufRead + Unpin, mut line: impl FnMut(String)) {
    while let Ok(Some(next)) = next_line(&mut from).await {
        line(next);
    }
}

async fn next_line(from: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    let read = from.take(MAX_LINE).read_until(b'\n', &mut line).await?;
    Ok((read > 0).then(|| String::from_utf8_lossy(&line).trim_end().to_owned()))
}

/// Passes on a line: as what it says if it is one of hclog's, otherwise as it is.
fn pass_on(program: &str, line: &str) {
    // Plugins may write thousands of lines that nobody wants.
    if LevelFilter::current() == LevelFilter::OFF {
        return;
    }
    let Ok(Json::Object(mut fields)) = serde_json::from_str(line) else {
        return tracing::debug!(program, "{line}");
    };
    let mut text = |name: &str| match fields.remove(name) {
        Some(Json::String(text)) => Some(text),
        _ => None,
    };
    let (level, message, module) = (text("@level"), text("@message"), text("@module"));
    text("@timestamp");
    let (message, module) = (message.unwrap_or_default(), module.unwrap_or_default());
    let fields = shown(&fields);
    match level.as_deref() {
        Some("error") => tracing::error!(program, module, fields, "{message}"),
        Some("warn") => tracing::warn!(program, module, fields, "{message}"),
        Some("info") => tracing::info!(program, module, fields, "{message}"),
        Some("debug") => tracing::debug!(program, module, fields, "{message}"),
        Some("trace") => tracing::trace!(program, module, fields, "{message}"),
        _ => tracing::debug!(program, "{line}"),
    }
}

/// The fields that are left, as a person reads them.
fn shown(fields: &Map<String, Json>) -> String {
    let field = |(name, value): (&String, &Json)| match value {
        Json::String(text) => format!("{name}={text}"),
        value => format!("{name}={value}"),
    };
    fields.iter().map(field).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[track_caller]
    fn check(line: &str, expected: &str) {
        let sink = Sink::default();
        let to = sink.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(LevelFilter::TRACE)
            .with_ansi(false)
            .without_time()
            .with_target(false)
            .with_writer(move || to.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, || pass_on("shop", line));
        assert_eq!(String::from_utf8(sink.0.lock().unwrap().clone()).unwrap().trim(), expected);
    }

    #[test]
    fn lines_of_hclog_keep_their_level_and_fields() {
        check(
            r#"{"@level":"warn","@message":"slow","@module":"sdk","@timestamp":"T","seconds":3,"rpc":"Read"}"#,
            r#"WARN slow program="shop" module="sdk" fields="rpc=Read seconds=3""#,
        );
        check(r#"{"@level":"trace","@message":"m"}"#, r#"TRACE m program="shop" module="" fields="""#);
    }

    #[test]
    fn other_lines_stay_as_they_are() {
        check("panic: at line 3", r#"DEBUG panic: at line 3 program="shop""#);
        check(r#"{"a":1}"#, r#"DEBUG {"a":1} program="shop""#);
    }

    #[tokio::test]
    async fn a_line_without_end_is_read_in_pieces() {
        let text = "x".repeat(150_000);
        let mut pieces = Vec::new();
        each_line(text.as_bytes(), |piece| pieces.push(piece.len())).await;
        assert_eq!(pieces, [65_536, 65_536, 18_928]);
    }
}
