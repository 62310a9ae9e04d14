//! How a new version is brought to users, tested and watched.

use framework::Attributes;

/// The steps of the strategy `canary`.
#[derive(Clone, Debug, PartialEq, Eq, Attributes)]
pub struct Canary {
    /// The steps before all traffic goes to the new version, with growing weights.
    pub steps: Vec<Rung>,
}

impl Default for Canary {
    fn default() -> Self {
        let rung = |weight, pause_minutes| Rung { weight, pause_minutes };
        Self { steps: vec![rung(5, 10), rung(25, 10), rung(50, 15)] }
    }
}

/// A step on the way to all traffic or all users.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Attributes)]
pub struct Rung {
    /// How much of the traffic, or how many of the users, get the new version, in percent.
    #[attr(range = 1..=99)]
    pub weight: u32,
    /// How long it is watched before the next step, in minutes. Only the last environment waits; the ones before it go through the
    /// same steps with one check each.
    #[attr(range = 0..=4320)]
    pub pause_minutes: u32,
}

/// The flag of the strategy `feature-flag`.
#[derive(Clone, Debug, PartialEq, Eq, Attributes)]
pub struct FeatureFlag {
    /// The command that sets the flag for `PERCENT` of the users, where 0 switches it off. It is run by bash in the root of the
    /// repository with `PERCENT`, `ENVIRONMENT` and the environment's variables and secrets. It is shown in the file and in plans.
    pub command: String,
    /// The steps before all users get the feature, with growing weights. Leave out for 5 %, 25 % and 50 % with pauses of 10, 10 and
    /// 15 minutes.
    pub steps: Option<Vec<Rung>>,
}

/// How a fresh deployment is tested.
#[derive(Clone, Debug, PartialEq, Eq, Attributes)]
pub struct SmokeTest {
    /// The command that tests the deployment at `BASE_URL`. It is run by bash in the root of the repository. Leave out to run the
    /// project's smoke tests, or else to ask for `path`. It is shown in the file and in plans.
    pub command: Option<String>,
    /// The path that answers with a success when the service is well.
    #[attr(default = "/health")]
    pub path: String,
    /// How often it is asked before it counts as failed.
    #[attr(default = 10, range = 1..=1000)]
    pub attempts: u32,
    /// The time between two attempts, in seconds.
    #[attr(default = 6, range = 1..=3600)]
    pub interval_seconds: u32,
}

impl Default for SmokeTest {
    fn default() -> Self {
        Self { command: None, path: "/health".to_owned(), attempts: 10, interval_seconds: 6 }
    }
}

/// How a deployment is watched.
#[derive(Clone, Debug, PartialEq, Eq, Attributes)]
pub struct Verification {
    /// A command that fails when the new version does worse than it should, for instance by asking the metrics for its rate of errors.
    /// It is run by bash in the root of the repository with `BASE_URL`, `ENVIRONMENT` and `IMAGE` after every time of watching. It is
    /// shown in the file and in plans.
    pub command: Option<String>,
    /// The path that is asked while watching. Through the public address a canary is met as often as its weight says: a `command`
    /// that asks its own metrics judges sharper.
    #[attr(default = "/health")]
    pub path: String,
    /// How long a deployment is watched after it got all traffic, in minutes. 0 runs only the command.
    #[attr(default = 5, range = 0..=4320)]
    pub minutes: u32,
    /// The time between two requests, in seconds.
    #[attr(default = 5, range = 1..=3600)]
    pub interval_seconds: u32,
    /// How many of the requests may fail, in percent.
    #[attr(default = 1, range = 0..=100)]
    pub max_failed_percent: u32,
}

impl Default for Verification {
    fn default() -> Self {
        Self { command: None, path: "/health".to_owned(), minutes: 5, interval_seconds: 5, max_failed_percent: 1 }
    }
}

/// When the running infrastructure is compared with its definition.
#[derive(Clone, Debug, PartialEq, Eq, Attributes)]
pub struct Drift {
    /// Whether it is compared at all.
    #[attr(default = true)]
    pub enabled: bool,
    /// When, as five fields of cron in UTC.
    #[attr(default = "17 5 * * *")]
    pub schedule: String,
}

impl Default for Drift {
    fn default() -> Self {
        Self { enabled: true, schedule: "17 5 * * *".to_owned() }
    }
}
