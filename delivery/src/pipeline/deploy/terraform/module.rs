//! Finds the project's terraform module and checks that it can be deployed with.

use framework::{Diagnostic, Diagnostics, Path};

use super::super::{for_environment, only_directory, path_of, patterns, tidy};
use crate::pipeline::options::{Deploy, DeployStrategy, Environment, Options, Terraform as Given, TerraformTool};
use crate::pipeline::pins;
use crate::project::{Detection, TerraformRoot};

/// How the module is used. Texts may hold `{environment}`.
pub(super) struct Settings {
    pub(super) tool: TerraformTool,
    pub(super) version: String,
    directory: String,
    pub(super) var_file: Option<String>,
    pub(super) backend_config: Option<String>,
    pub(super) workspace: Option<String>,
    /// Whether every module has a dependency lock file.
    pub(super) locked: bool,
}

impl Settings {
    /// The module's directory for an environment.
    pub(super) fn directory(&self, environment: &Environment) -> String {
        for_environment(&self.directory, environment)
    }

    /// Whether the modules of all environments have an output.
    pub(super) fn all_give(&self, name: &str, environments: &[Environment], detection: &Detection) -> bool {
        let mut roots = environments.iter().filter_map(|environment| root(detection, &self.directory(environment)));
        roots.all(|root| root.outputs.iter().any(|output| output.name == name))
    }
}

/// The variables that a strategy sets, which are outputs too.
pub(super) fn interface(strategy: DeployStrategy) -> &'static [&'static str] {
    match strategy {
        DeployStrategy::Rolling | DeployStrategy::FeatureFlag => &["image"],
        DeployStrategy::BlueGreen => &["image_blue", "image_green", "active_slot"],
        DeployStrategy::Canary => &["image", "canary_image", "canary_weight"],
    }
}

/// Finds the module and everything that goes with it, or says what is missing.
pub(super) fn settings(
    options: &Options,
    environments: &[Environment],
    detection: &Detection,
) -> Result<Settings, Diagnostics> {
    let given = match &options.deploy {
        Some(Deploy::Terraform(given)) => given.clone(),
        _ => Given::default(),
    };
    let directory = if let Some(directory) = &given.directory {
        tidy(directory)
    } else {
        let directories = candidates(detection, options.deploy_strategy);
        only_directory(&directories, environments, "terraform module", &path().attribute("directory"))?
    };
    let is_shared = !directory.contains("{environment}");
    let workspace =
        given
            .workspace
            .or((is_shared && given.backend_config.is_none() && environments.len() > 1)
                .then(|| "{environment}".to_owned()));
    let var_file = given.var_file.or_else(|| var_file(&directory, environments, detection));
    let program = match given.tool {
        TerraformTool::Terraform => "terraform",
        TerraformTool::Opentofu => "opentofu",
    };
    let pinned = environments
        .first()
        .and_then(|environment| pinned(detection, &for_environment(&directory, environment), program));
    let version = given.version.or(pinned).unwrap_or_else(|| pins::program(program).to_owned());
    let mut settings = Settings {
        tool: given.tool,
        version,
        directory,
        var_file,
        backend_config: given.backend_config,
        workspace,
        locked: true,
    };
    let problems = check(&settings, options, environments, detection);
    settings.locked = environments
        .iter()
        .all(|environment| root(detection, &settings.directory(environment)).is_some_and(|root| root.locked));
    if problems.is_empty() { Ok(settings) } else { Err(problems) }
}

/// The modules that take what the strategy sets. A repository often holds others, such as the one that makes its pipeline; all of
/// them when none fits, to say what is missing.
fn candidates(detection: &Detection, strategy: DeployStrategy) -> Vec<String> {
    let takes = |root: &&TerraformRoot, name: &str| root.variables.iter().any(|variable| variable.name == name);
    let fits = |root: &&TerraformRoot| interface(strategy).iter().all(|name| takes(root, name));
    let directories = |roots: Vec<&TerraformRoot>| roots.into_iter().map(|root| root.directory.clone()).collect();
    let fitting: Vec<_> = detection.surface.terraform.iter().filter(fits).collect();
    directories(if fitting.is_empty() { detection.surface.terraform.iter().collect() } else { fitting })
}

fn root<'d>(detection: &'d Detection, directory: &str) -> Option<&'d TerraformRoot> {
    detection.surface.terraform.iter().find(|root| root.directory == directory)
}

/// The version of the program that the project pins.
fn pinned(detection: &Detection, directory: &str, program: &str) -> Option<String> {
    let versions = &root(detection, directory)?.versions;
    versions.iter().find(|version| version.runtime == program).map(|version| version.spec.clone())
}

fn path() -> Path {
    Path::of("deploy").attribute("terraform")
}

/// The files of variables of which every environment has its own, if there is one such in every module.
fn var_file(directory: &str, environments: &[Environment], detection: &Detection) -> Option<String> {
    let files = |environment: &Environment| {
        root(detection, &for_environment(directory, environment)).map(|root| root.variable_files.clone())
    };
    let first = files(environments.first()?)?;
    match patterns(&first, environments).as_slice() {
        [only]
            if environments.iter().all(|environment| {
                files(environment).is_some_and(|files| files.contains(&for_environment(only, environment)))
            }) =>
        {
            Some(only.clone())
        }
        _ => None,
    }
}

fn check(settings: &Settings, options: &Options, environments: &[Environment], detection: &Detection) -> Diagnostics {
    let mut problems = Diagnostics::new();
    for (position, environment) in environments.iter().enumerate() {
        let directory = settings.directory(environment);
        let before = &environments[..position];
        if let Some(root) = root(detection, &directory) {
            if !before.iter().any(|other| settings.directory(other) == directory) {
                problems.extend(check_interface(root, options.deploy_strategy));
            }
            problems.extend(check_values(root, settings, options, environment));
        } else if !before.iter().any(|other| settings.directory(other) == directory) {
            problems.push(missing(&directory, detection));
        }
        if let Some(other) = before.iter().find(|other| settings.is_same_state(other, environment)) {
            problems.push(shared_state(&other.name, &environment.name, &directory));
        }
    }
    problems
}

impl Settings {
    fn is_same_state(&self, one: &Environment, other: &Environment) -> bool {
        let differs =
            |text: Option<&String>| text.is_some_and(|text| for_environment(text, one) != for_environment(text, other));
        !differs(Some(&self.directory)) && !differs(self.workspace.as_ref()) && !differs(self.backend_config.as_ref())
    }
}

fn missing(directory: &str, detection: &Detection) -> Diagnostic {
    let found: Vec<_> = detection.surface.terraform.iter().map(|root| root.directory.as_str()).collect();
    let found = if found.is_empty() {
        "the project has none".to_owned()
    } else {
        format!("modules are in {}", found.join(", "))
    };
    let detail = format!("{directory} holds no terraform module; {found}.");
    Diagnostic::error("No terraform module", detail).at(path().attribute("directory"))
}

fn shared_state(one: &str, other: &str, directory: &str) -> Diagnostic {
    let detail = format!(
        "{one} and {other} are both deployed from {directory} with the same workspace and settings of the backend, so each would replace \
         the other. Put `{{environment}}` into `workspace`, `backend_config` or `directory`."
    );
    Diagnostic::error("Two environments with one state", detail).at(path().attribute("workspace"))
}

/// Whether the module takes what the strategy sets, gives it back, and keeps its state.
fn check_interface(root: &TerraformRoot, strategy: DeployStrategy) -> Diagnostics {
    let mut problems = Diagnostics::new();
    let directory = &root.directory;
    let names = interface(strategy);
    let lacks_variable = |name: &&&str| !root.variables.iter().any(|variable| variable.name == **name);
    let lacks_output = |name: &&&str| !root.outputs.iter().any(|output| output.name == **name);
    let variables = names.iter().filter(lacks_variable).map(|name| format!("variable \"{name}\" {{}}"));
    let outputs = names.iter().filter(lacks_output).map(|name| format!("output \"{name}\" {{ value = var.{name} }}"));
    let lacking: Vec<_> = variables.chain(outputs).collect();
    if !lacking.is_empty() {
        let detail = format!(
            "The module in {directory} takes what runs as variables and gives it back as outputs. For this strategy it lacks:\n  {}",
            lacking.join("\n  ")
        );
        problems.push(
            Diagnostic::error("The terraform module does not fit the strategy", detail)
                .at(path().attribute("directory")),
        );
    }
    if root.backend.as_deref().is_none_or(|kind| kind == "local") {
        let detail = format!(
            "The module in {directory} configures no backend that outlives the job, so its state would be lost with the machine of the job. Add one, such as `backend \"s3\" {{}}`."
        );
        problems
            .push(Diagnostic::error("The terraform module keeps no state", detail).at(path().attribute("directory")));
    }
    problems
}

/// Whether every variable that the module asks for gets a value, as far as that can be told.
fn check_values(
    root: &TerraformRoot,
    settings: &Settings,
    options: &Options,
    environment: &Environment,
) -> Diagnostics {
    let mut problems = Diagnostics::new();
    if let Some(file) = &settings.var_file {
        let file = for_environment(file, environment);
        if !root.variable_files.contains(&tidy(&file)) {
            let detail = format!("{}/{file} does not exist.", root.directory);
            problems.push(Diagnostic::error("No file of variables", detail).at(path().attribute("var_file")));
        }
        return problems;
    }
    let is_automatic =
        |file: &String| file == "terraform.tfvars" || (file.ends_with(".auto.tfvars") && !file.contains('/'));
    if root.variable_files.iter().any(is_automatic) {
        return problems;
    }
    let is_given = |name: &str| {
        let variable = format!("TF_VAR_{name}");
        environment.variables.contains_key(&variable)
            || environment.secrets.contains(&variable)
            || options.variables.contains_key(&variable)
    };
    let own = interface(options.deploy_strategy);
    let asked = root.variables.iter().filter(|variable| variable.required && !own.contains(&variable.name.as_str()));
    let lacking: Vec<_> = asked
        .filter(|variable| !is_given(&variable.name))
        .map(|variable| format!("{} ({})", variable.name, variable.evidence))
        .collect();
    if !lacking.is_empty() {
        let detail = format!(
            "For {}, nothing gives a value to {}. Set `var_file`, or give the environment variables or secrets `TF_VAR_...`.",
            environment.name,
            lacking.join(", ")
        );
        problems.push(Diagnostic::error("A variable without a value", detail).at(path().attribute("var_file")));
    }
    problems
}

/// Clouds with the providers and backends that need an identity there.
const CLOUDS: &[(&str, &[&str])] = &[
    ("aws", &["hashicorp/aws", "s3"]),
    ("gcp", &["hashicorp/google", "hashicorp/google-beta", "gcs"]),
    ("azure", &["hashicorp/azurerm", "azurerm"]),
];

/// Warns of environments whose module works in a cloud in which the jobs have neither an identity nor a secret.
pub(super) fn without_identity(
    settings: &Settings,
    options: &Options,
    environments: &[Environment],
    detection: &Detection,
) -> Option<Diagnostic> {
    let lacks = |environment: &Environment| {
        let has_identity = environment.cloud.is_some() || options.cloud.is_some();
        let root = root(detection, &settings.directory(environment)).filter(|_| !has_identity)?;
        let cloud = |(cloud, names): &(&'static str, &[&'static str])| {
            names.iter().find(|name| uses(root, name)).map(|name| (*cloud, *name))
        };
        CLOUDS.iter().find_map(cloud).filter(|_| environment.secrets.is_empty())
    };
    let lacking: Vec<_> =
        environments.iter().enumerate().filter_map(|(at, one)| Some((at, one, lacks(one)?))).collect();
    let (position, environment, (cloud, what)) = *lacking.first()?;
    let names: Vec<_> = lacking.iter().map(|(_, environment, _)| environment.name.as_str()).collect();
    let detail = format!(
        "The module in {} uses {what}, but the jobs of {} have no identity there. Set `cloud = {{ {cloud} = ... }}`, or name the \
         secrets that hold the credentials.",
        settings.directory(environment),
        names.join(", ")
    );
    Some(Diagnostic::warning("No identity for terraform", detail).at(path_of(options, position, "cloud")))
}

/// Whether a module requires that provider, or keeps its state in that backend.
fn uses(root: &TerraformRoot, name: &str) -> bool {
    let address = |source: &str| source.trim_start_matches("registry.terraform.io/").to_owned();
    let mut sources = root.providers.iter().filter_map(|provider| provider.source.as_deref());
    sources.any(|source| address(source) == name) || root.backend.as_deref() == Some(name)
}
