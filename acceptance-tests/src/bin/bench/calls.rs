//! Plan calls per second on one connection.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use acceptance_tests::Plugin;
use framework::host::{config_value, proposed_new};
use framework::provider::{Configure, Plan, Provider};
use framework::{Schema, Value};
use tokio::task::JoinSet;

use crate::median;
use crate::record::{Aim, Peer, Record};

/// Calls of one measurement, and how many are under way at once.
const CALLS: u32 = 2000;
const AT_ONCE: u32 = 16;
const ROUNDS: usize = 5;

pub(crate) fn measure(ours: &Plugin, peer: &Plugin) -> Vec<Record> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = |name: &str| Value::string(folder.path().join(name).to_string_lossy());
    let pipeline = [("platform", "github-actions".into()), ("language", "python".into()), ("repository", path("."))];
    let file = [("path", path("ci.yml")), ("content", "name: ci\n".into())];
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (ours, peer) = runtime.block_on(async {
        let ours = Subject::new(ours, "devopsflow_pipeline", &pipeline).await;
        let peer = Subject::new(peer, "peer_file", &file).await;
        let mut rates = [Vec::new(), Vec::new()];
        for _ in 0..ROUNDS {
            rates[0].push(ours.rate().await);
            rates[1].push(peer.rate().await);
        }
        let [ours_rate, peer_rate] = rates.map(median);
        (ours_rate, peer_rate)
    });
    vec![Record {
        name: "plan calls on one connection".to_owned(),
        unit: "1/s",
        ours,
        peer: Peer::Of("terraform-plugin-framework (Go)", peer),
        aim: Aim::RatioAtLeast(5.0),
    }]
}

/// A plugin that runs, and a plan to ask for.
struct Subject {
    plugin: Arc<tfplugin::client::Plugin>,
    plan: Plan,
}

impl Subject {
    async fn new(plugin: &Plugin, type_name: &str, given: &[(&str, Value)]) -> Self {
        let command = tokio::process::Command::new(plugin.program());
        let plugin = tfplugin::client::Plugin::launch(command, tfplugin::client::Options::default()).await;
        let plugin = Arc::new(plugin.expect("the plugin starts"));
        let schemas = plugin.schemas().await.expect("schemas");
        let config = config_of(&schemas.provider, &[]);
        let configure = Configure { config, host_version: "1.11.4".to_owned() };
        plugin.configure(configure).await.expect("the plugin is configured");
        let schema = &schemas.resources[type_name];
        let config = config_of(schema, given);
        let plan = Plan {
            type_name: type_name.to_owned(),
            prior: Value::Null,
            proposed: proposed_new(schema, &Value::Null, &config),
            config,
            private: Vec::new(),
        };
        Self { plugin, plan }
    }

    async fn rate(&self) -> f64 {
        let begun = Instant::now();
        let mut calls = JoinSet::new();
        for _ in 0..AT_ONCE {
            let (plugin, plan) = (Arc::clone(&self.plugin), self.plan.clone());
            calls.spawn(async move {
                for _ in 0..CALLS / AT_ONCE {
                    let planned = plugin.plan(plan.clone()).await.expect("a plan");
                    assert!(!planned.diagnostics.has_errors(), "{}", planned.diagnostics);
                }
            });
        }
        while let Some(ended) = calls.join_next().await {
            ended.expect("no call failed");
        }
        f64::from(CALLS) / begun.elapsed().as_secs_f64()
    }
}

fn config_of(schema: &Schema, given: &[(&str, Value)]) -> Value {
    let given: BTreeMap<String, Value> =
        given.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    config_value(schema, given).expect("the configuration conforms")
}
