//! A service whose versions misbehave as they are told, and its configuration.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use acceptance_tests::load::{Call, Load, Mix, Running as Traffic, Summary};
use acceptance_tests::{Case, Config, Done, Finished, Process, Running, Step, free_port};
use rollout::Weight;
use rollout::wire::{Outcome, Status};

/// The address of the service in a configuration.
pub(super) const SHOP: &str = "devopsflow_rollout.shop";

/// Its name at the agent.
pub(super) const NAME: &str = "shop";

/// A ladder that is over soon.
pub(super) const SHORT: &str = "{ weight = 10, pause = \"1s\" }, { weight = 50, pause = \"1s\" }";

/// A ladder whose first step outlasts every test.
pub(super) const LONG: &str = "{ weight = 20, pause = \"10m\" }";

/// A version that fails every request.
pub(super) const BROKEN: &str = "--error-every 1";

/// A configuration of the service.
#[derive(Clone, Debug)]
pub(super) struct Shop {
    pub(super) port: u16,
    version: String,
    command: String,
    steps: String,
    gates: String,
    replicas: u32,
    top: String,
    local: String,
}

impl Shop {
    /// Version v1 at a free port.
    pub(super) fn new() -> Self {
        let program = acceptance_tests::service();
        let command = format!("{:?}, \"--version\", \"{{version}}\"", program.display().to_string());
        let shop = Self {
            port: free_port(),
            version: String::new(),
            command,
            steps: SHORT.to_owned(),
            gates: "{ name = \"errors\", metric = \"error_rate\", min_samples = 1 }".to_owned(),
            replicas: 1,
            top: String::new(),
            local: String::new(),
        };
        shop.version("v1")
    }

    /// Another version.
    pub(super) fn version(&self, version: &str) -> Self {
        Self { version: version.to_owned(), ..self.clone() }
    }

    /// Another version, which is told to misbehave.
    pub(super) fn with_flags(&self, version: &str, flags: &str) -> Self {
        let flags = flags.split_whitespace().map(|flag| format!(", {flag:?}"));
        Self { command: self.command.clone() + &flags.collect::<String>(), ..self.version(version) }
    }

    /// Other steps.
    pub(super) fn steps(&self, steps: &str) -> Self {
        Self { steps: steps.to_owned(), ..self.clone() }
    }

    /// Other gates.
    pub(super) fn gates(&self, gates: &str) -> Self {
        Self { gates: gates.to_owned(), ..self.clone() }
    }

    /// Another number of replicas.
    pub(super) fn replicas(&self, replicas: u32) -> Self {
        Self { replicas, ..self.clone() }
    }

    /// Another port.
    pub(super) fn at_port(&self, port: u16) -> Self {
        Self { port, ..self.clone() }
    }

    /// Another command, in the words of the configuration.
    pub(super) fn command(&self, command: &str) -> Self {
        Self { command: command.to_owned(), ..self.clone() }
    }

    /// With a further argument of the resource.
    pub(super) fn and(&self, argument: &str) -> Self {
        Self { top: format!("{}  {argument}\n", self.top), ..self.clone() }
    }

    /// With a further argument of the target.
    pub(super) fn and_local(&self, argument: &str) -> Self {
        Self { local: format!("{}      {argument}\n", self.local), ..self.clone() }
    }

    /// The text of the configuration.
    pub(super) fn text(&self) -> String {
        let Self { port, version, command, steps, gates, replicas, top, local } = self;
        let retain = if top.contains("retain") { "" } else { "  retain = \"0s\"\n" };
        format!(
            r#"
resource "devopsflow_rollout" "shop" {{
  name    = "{NAME}"
  version = "{version}"
{retain}{top}
  target = {{
    local = {{
      command   = [{command}]
      port      = {port}
      replicas  = {replicas}
      readiness = {{ path = "/healthz", interval = "100ms" }}
{local}    }}
  }}

  strategy = {{
    canary = {{
      steps = [{steps}]
    }}
  }}

  gates = [{gates}]
}}
"#
        )
    }

    /// Puts a load on the service, half of it with bodies.
    pub(super) fn load(&self, rate: f64) -> Traffic {
        let mix = Mix::of([(1, Call::get("/")), (1, Call::echo("/echo", 100))]);
        Load::new(self.address(), mix, rate).start().unwrap()
    }

    /// Where users reach it.
    pub(super) fn address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))
    }

    /// The version that answers a user now, on a new connection.
    #[track_caller]
    pub(super) fn answer(&self) -> String {
        let mix = Mix::of([(1, Call::get("/"))]);
        let load = Load::new(self.address(), mix, 1000.0).total(1).start().unwrap();
        while load.so_far().ok + load.so_far().failures() == 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
        let summary = load.stop_blocking();
        assert_eq!(summary.ok, 1, "{summary}");
        summary.by_version.keys().next().unwrap().clone()
    }
}

/// Users lost nothing.
#[track_caller]
pub(super) fn check_nothing_lost(summary: &Summary) {
    assert!(summary.sent > 0, "no load was there");
    assert_eq!((summary.ok, summary.failures()), (summary.sent, 0), "{summary}");
}

/// A case with a service whose first version serves.
pub(super) fn shop_case(shop: &Shop, body: impl FnOnce(&mut Case)) {
    acceptance_tests::case(|case| {
        apply(case, shop).expect_success();
        body(case);
    });
}

/// Starts an apply.
pub(super) fn spawn_apply<'a>(case: &'a Case, shop: &Shop) -> Running<'a> {
    case.write("main.tf", &shop.text());
    case.spawn(&["apply", "-auto-approve", "-no-color"])
}

/// Applies without the checks of a step, to the end.
#[track_caller]
pub(super) fn apply(case: &Case, shop: &Shop) -> Finished {
    spawn_apply(case, shop).finish()
}

/// A plan that has something to do, which is an update of the service in place.
#[track_caller]
pub(super) fn plan(case: &mut Case, shop: &Shop) -> Done {
    let done = case.step(Step::Plan(Config::of(&shop.text()).expect_non_empty_plan()));
    assert_eq!(done.plan.action(SHOP), acceptance_tests::Action::Update, "{}", done.text);
    done
}

/// A plan that has nothing to do.
#[track_caller]
pub(super) fn plan_nothing(case: &mut Case, shop: &Shop) -> Done {
    case.step(Step::Plan(Config::of(&shop.text())))
}

/// A message without what differs from run to run: the port, and what was measured.
pub(super) fn steady(text: &str, shop: &Shop) -> String {
    let text = text.replace(&shop.port.to_string(), "<port>");
    let mut parts = text.split("measured: ");
    let mut steady = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.find(';').map_or("", |end| &part[end..]);
        steady.push_str("measured: <measured>");
        steady.push_str(rest);
    }
    steady
}

/// Warnings without those of gates that see too little, for these depend on how long there was traffic.
pub(super) fn without_blind(warnings: &str) -> String {
    let told =
        warnings.split("Warning: ").filter(|told| !told.is_empty() && !told.starts_with("A gate will see too little"));
    let told: Vec<_> = told.map(|told| format!("Warning: {}", told.trim_end())).collect();
    told.join("\n\n")
}

/// The processes of the service, in order.
pub(super) fn pids(case: &Case) -> Vec<i32> {
    let mut pids: Vec<i32> = case.replicas().iter().map(Process::pid).collect();
    pids.sort_unstable();
    pids
}

/// Waits until the candidate has traffic.
#[track_caller]
pub(super) fn wait_for_traffic(case: &Case, apply: &mut Running<'_>, version: &str) {
    apply.wait_until("traffic for the new version", || {
        case.try_status(NAME).is_some_and(|status| candidate(&status) == version && status.weight > Weight::ZERO)
    });
}

/// The version that is on its way; empty when none is.
pub(super) fn candidate(status: &Status) -> &str {
    status.candidate.as_ref().map_or("", |deployed| &deployed.revision.version)
}

/// The version that all users have, or had before the rollout.
pub(super) fn stable(status: &Status) -> &str {
    status.stable.as_ref().map_or("", |deployed| &deployed.revision.version)
}

/// How the rollouts of the service ended, newest first.
#[track_caller]
pub(super) fn outcomes(case: &Case) -> Vec<(String, Outcome)> {
    case.history(NAME).into_iter().map(|ended| (ended.version, ended.outcome)).collect()
}

/// What the state says of the service.
#[track_caller]
pub(super) fn recorded(case: &Case) -> (String, String, f64) {
    let state = case.state();
    let text = |pointer: &str| state.at(SHOP, pointer).as_str().unwrap_or("null").to_owned();
    (text("/version"), text("/status"), state.at(SHOP, "/weight").as_f64().unwrap())
}
