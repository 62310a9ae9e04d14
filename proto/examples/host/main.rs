//! A host in a process of its own, for the tests of what happens when it dies: starts the plugin named by its first
//! argument, prints the plugin's process id, and applies a `double_file` at the path in its second argument, which waits.

use std::env;
use std::process::ExitCode;

use framework::provider::{Apply, Provider};
use framework::{Number, Value};
use tfplugin::client::{Options, Plugin};
use tokio::process::Command;

#[tokio::main]
async fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let [program, path] = args.as_slice() else { return ExitCode::FAILURE };
    let Ok(plugin) = Plugin::launch(Command::new(program), Options::default()).await else { return ExitCode::FAILURE };
    announce(plugin.pid());
    let file = Value::map([
        ("path", Value::from(path.as_str())),
        ("content", "written".into()),
        ("mode", "wait".into()),
        ("length", Value::Number(Number::from(7))),
    ]);
    let apply = Apply {
        type_name: "double_file".to_owned(),
        prior: Value::Null,
        planned: file.clone(),
        config: file,
        private: Vec::new(),
    };
    let applied = plugin.apply(apply).await;
    plugin.shutdown().await;
    applied.map_or(ExitCode::FAILURE, |_| ExitCode::SUCCESS)
}

#[expect(clippy::print_stdout, reason = "this program owns its output")]
fn announce(pid: Option<u32>) {
    println!("{}", pid.unwrap_or_default());
}
