//! Renders steps: which action does what is wanted, with which inputs.

use framework::{Diagnostic, Path};

use super::workflow::{Input, Members, Step as Rendered};
use super::yaml::{Note, Text};
use super::{expression, variables};
use crate::pipeline::model::{
    Action, BuildImage, Cache, Job, LanguageSetUp, Login, Push, Script, Step, Tool, Upload, UserAction, Value, When,
};
use crate::pipeline::options::{AzureIdentity, Cloud, TerraformTool};
use crate::pipeline::pins::{Pinned, Pins};

/// How long files of a run are kept, in days.
const RETENTION: u32 = 14;

/// The host of GitHub's own registry.
const GHCR: &str = "ghcr.io";

/// Where tokens for other services are asked for, and how.
const AZURE_LOGIN: &str = include_str!("azure_login.sh");

type Inputs = Vec<(&'static str, Input)>;

/// A step of GitHub's for a step of the model.
pub(super) fn steps(step: &Step, job: &Job, pins: &Pins<'_>) -> Result<Vec<Rendered>, Diagnostic> {
    let action = |name: &str, inputs: Inputs| Ok(vec![uses(step, &pinned(pins, name)?, inputs)]);
    match &step.action {
        Action::Checkout { history } => action("actions/checkout", checkout(*history)),
        Action::Language(LanguageSetUp::Python { version }) => {
            action("actions/setup-python", vec![("python-version", input(version))])
        }
        Action::Language(LanguageSetUp::Go { version }) => {
            action("actions/setup-go", vec![("go-version", (*version).into()), ("cache", false.into())])
        }
        Action::Tool(tool) => {
            let (name, inputs) = self::tool(tool);
            action(name, inputs)
        }
        Action::Cache(cache) => action("actions/cache", self::cache(cache)),
        Action::Run(script) => Ok(vec![run(step, script)]),
        Action::Upload(upload) => action("actions/upload-artifact", self::upload(upload, job)),
        Action::Download(download) => action(
            "actions/download-artifact",
            vec![("name", download.name.as_str().into()), ("path", download.path.as_str().into())],
        ),
        Action::ReviewDependencies => action("actions/dependency-review-action", Vec::new()),
        Action::CloudLogin(cloud) => cloud_login(step, cloud, pins),
        Action::RegistryLogin(Login::Ecr) => action("aws-actions/amazon-ecr-login", Vec::new()),
        Action::RegistryLogin(login) => action("docker/login-action", registry_login(login)),
        Action::NameImage { suffix } => Ok(vec![run(step, &name_image(suffix.as_deref()))]),
        Action::Build(image) => action("docker/build-push-action", build(image)),
        Action::ScanImage { image, include_unfixed } => {
            action("aquasecurity/trivy-action", scan(image, *include_unfixed))
        }
        Action::Sbom { image, file } => action(
            "anchore/sbom-action",
            vec![
                ("image", input(image)),
                ("format", "spdx-json".into()),
                ("output-file", (*file).into()),
                ("artifact-name", (*file).into()),
            ],
        ),
        Action::Attest { name, digest } => action(
            "actions/attest-build-provenance",
            vec![("subject-name", input(name)), ("subject-digest", input(digest)), ("push-to-registry", true.into())],
        ),
        Action::User(user) => Ok(vec![self::user(step, user, &pins.resolve_user(&user.uses, &user.path)?)]),
    }
}

/// The commit of an action that the renderer itself needs.
fn pinned(pins: &Pins<'_>, action: &str) -> Result<Pinned, Diagnostic> {
    let missing = || {
        let detail = format!("The built-in table has no commit for {action}. Add it to `pins`.");
        Diagnostic::error("An action without a pinned commit", detail).at(Path::of("pins"))
    };
    pins.resolve(action).ok_or_else(missing)
}

fn blank(step: &Step) -> Rendered {
    Rendered {
        id: step.id.map(|id| id.0),
        name: Text::new(&step.title),
        condition: condition(&step.when).map(|text| Text::expression(&text)),
        uses: None,
        with: Members::default(),
        env: Members::default(),
        working_directory: None,
        run: None,
    }
}

fn condition(when: &When) -> Option<String> {
    match when {
        When::Success => None,
        When::Only(condition) => Some(expression::condition(condition)),
        When::FailureAfter(step) => {
            Some(format!("(failure() || cancelled()) && steps.{}.outcome == 'success'", step.0))
        }
    }
}

fn uses(step: &Step, pinned: &Pinned, inputs: Inputs) -> Rendered {
    let with = inputs.into_iter().map(|(name, input)| (name.to_owned(), input)).collect();
    Rendered { uses: Some(reference(pinned)), with, ..blank(step) }
}

fn reference(pinned: &Pinned) -> Note {
    Note::new(Text::new(&pinned.uses), pinned.version.as_deref().unwrap_or_default())
}

fn input(value: &Value) -> Input {
    expression::value(value).into()
}

fn user(step: &Step, action: &UserAction, pinned: &Pinned) -> Rendered {
    let with = action.inputs.iter().map(|(name, value)| (name.clone(), input(value))).collect();
    Rendered { uses: Some(reference(pinned)), with, env: variables(&action.variables), ..blank(step) }
}

fn run(step: &Step, script: &Script) -> Rendered {
    let prelude = if script.outputs { include_str!("output.sh") } else { "" };
    let text = format!("{prelude}{}", script.text.trim_end_matches('\n'));
    let end = if text.contains('\n') { "\n" } else { "" };
    Rendered {
        env: variables(&script.variables),
        working_directory: script.directory.as_deref().map(Text::new),
        run: Some(Text::new(&format!("{text}{end}"))),
        ..blank(step)
    }
}

fn checkout(history: bool) -> Inputs {
    let mut inputs: Inputs = vec![("persist-credentials", false.into())];
    inputs.extend(history.then_some(("fetch-depth", Input::Number(0))));
    inputs
}

fn tool(tool: &Tool) -> (&'static str, Inputs) {
    match tool {
        Tool::Uv { version, python, cache, lock } => {
            let mut inputs: Inputs = vec![("version", version.as_str().into()), ("python-version", input(python))];
            inputs.push(("enable-cache", (*cache).into()));
            let lock = lock.as_deref().filter(|_| *cache);
            inputs.extend(lock.map(|lock| ("cache-dependency-glob", lock.into())));
            ("astral-sh/setup-uv", inputs)
        }
        Tool::Terraform { tool: TerraformTool::Terraform, version } => {
            let wrapper = ("terraform_wrapper", Input::Bool(false));
            ("hashicorp/setup-terraform", vec![("terraform_version", version.as_str().into()), wrapper])
        }
        Tool::Terraform { tool: TerraformTool::Opentofu, version } => {
            ("opentofu/setup-opentofu", vec![("tofu_version", version.as_str().into()), ("tofu_wrapper", false.into())])
        }
        Tool::Builder => ("docker/setup-buildx-action", Vec::new()),
        Tool::Cosign => ("sigstore/cosign-installer", Vec::new()),
    }
}

fn cache(cache: &Cache) -> Inputs {
    let files: Vec<_> = cache.files.iter().map(|file| format!("'{}'", file.replace('\'', "''"))).collect();
    let version = match &cache.version {
        Value::Text(version) => version.clone(),
        _ => "${{ matrix.version }}".to_owned(),
    };
    let key = format!("{}-${{{{ runner.os }}}}-{version}-${{{{ hashFiles({}) }}}}", cache.name, files.join(", "));
    vec![("path", cache.path.as_str().into()), ("key", Text::expression(&key).into())]
}

fn upload(upload: &Upload, job: &Job) -> Inputs {
    let name = if job.versions.is_empty() {
        Text::new(&upload.name)
    } else {
        Text::expression(&format!("{}-${{{{ matrix.version }}}}", upload.name))
    };
    vec![
        ("name", name.into()),
        ("path", upload.path.as_str().into()),
        ("if-no-files-found", "error".into()),
        ("retention-days", RETENTION.into()),
    ]
}

fn cloud_login(step: &Step, cloud: &Cloud, pins: &Pins<'_>) -> Result<Vec<Rendered>, Diagnostic> {
    match cloud {
        Cloud::Aws(aws) => {
            let inputs = vec![("role-to-assume", aws.role.as_str().into()), ("aws-region", aws.region.as_str().into())];
            Ok(vec![uses(step, &pinned(pins, "aws-actions/configure-aws-credentials")?, inputs)])
        }
        Cloud::Gcp(gcp) => {
            let inputs = vec![
                ("workload_identity_provider", gcp.workload_identity_provider.as_str().into()),
                ("service_account", gcp.service_account.as_str().into()),
                ("token_format", "access_token".into()),
            ];
            Ok(vec![uses(step, &pinned(pins, "google-github-actions/auth")?, inputs)])
        }
        Cloud::Azure(azure) => Ok(vec![run(step, &azure_login(azure))]),
    }
}

fn azure_login(azure: &AzureIdentity) -> Script {
    Script::new(AZURE_LOGIN)
        .with("AZURE_CLIENT_ID", Value::text(&azure.client_id))
        .with("AZURE_TENANT_ID", Value::text(&azure.tenant_id))
        .with("AZURE_SUBSCRIPTION_ID", Value::text(&azure.subscription_id))
}

fn registry_login(login: &Login) -> Inputs {
    let inputs = |host: &str, username: Input, password: String| {
        vec![("registry", host.into()), ("username", username), ("password", Text::expression(&password).into())]
    };
    match login {
        Login::Platform | Login::Ecr => {
            inputs(GHCR, Text::expression("${{ github.actor }}").into(), "${{ github.token }}".to_owned())
        }
        Login::ArtifactRegistry { host } => {
            inputs(host, "oauth2accesstoken".into(), "${{ steps.cloud.outputs.access_token }}".to_owned())
        }
        Login::Password { host, username, secret } => {
            inputs(host, username.as_str().into(), format!("${{{{ secrets.{secret} }}}}"))
        }
    }
}

fn name_image(suffix: Option<&str>) -> Script {
    let suffix = suffix.map(|suffix| format!("/{suffix}")).unwrap_or_default();
    Script::new(format!("output name \"{GHCR}/${{GITHUB_REPOSITORY,,}}{suffix}\"\n")).giving_outputs()
}

fn build(image: &BuildImage) -> Inputs {
    let mut inputs: Inputs =
        vec![("context", image.context.as_str().into()), ("file", image.dockerfile.as_str().into())];
    match &image.push {
        Push::Local { tag } => {
            inputs.extend([("load", Input::Bool(true)), ("tags", (*tag).into())]);
            inputs.extend([("cache-from", "type=gha".into()), ("cache-to", "type=gha,mode=max".into())]);
        }
        Push::Registry { name } => {
            let name = match name {
                Value::Text(name) => name.clone(),
                Value::Step(step, output) => format!("${{{{ steps.{}.outputs.{output} }}}}", step.0),
                _ => unreachable!("an image is named by the options or by a step"),
            };
            let output = format!("type=image,name={name},push-by-digest=true,name-canonical=true,push=true");
            inputs.push(("platforms", image.platforms.join(",").as_str().into()));
            inputs.extend([("outputs", Text::expression(&output).into()), ("provenance", "mode=max".into())]);
        }
    }
    inputs
}

fn scan(image: &Value, include_unfixed: bool) -> Inputs {
    vec![
        ("image-ref", input(image)),
        ("scanners", "vuln".into()),
        ("severity", "CRITICAL,HIGH".into()),
        ("ignore-unfixed", (!include_unfixed).into()),
        ("exit-code", 1.into()),
        ("cache", false.into()),
    ]
}
