//! Ways to publish the image, and to start the pipeline.

use delivery::pipeline::options::{
    ArtifactRegistry, Availability, EcrRegistry, Environment, Image, Options, PasswordRegistry, Registry, Security,
    Triggers,
};

use super::{Variant, deployed};
use crate::pipeline::fixture::{self, MODULE};

pub(super) fn variants() -> Vec<Variant> {
    let registry = |name: &str, registry| Options {
        image: Some(Image { name: Some(name.to_owned()), registry: Some(registry), ..Image::default() }),
        ..fixture::options()
    };
    let ecr =
        EcrRegistry { role: "arn:aws:iam::123456789012:role/publish".to_owned(), region: "eu-central-1".to_owned() };
    let google = ArtifactRegistry {
        workload_identity_provider: "projects/1/locations/global/workloadIdentityPools/github/providers/shop"
            .to_owned(),
        service_account: "publish@shop.iam.gserviceaccount.com".to_owned(),
    };
    let password = PasswordRegistry {
        username: "robot$shop".to_owned(),
        password_secret: "REGISTRY_PASSWORD".to_owned(),
        environment: "registry".to_owned(),
    };
    let of_registry = |name: &str, options| Variant::new(name, options, fixture::service(MODULE));
    vec![
        of_registry("ecr", registry("123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop", Registry::Ecr(ecr))),
        of_registry(
            "artifact-registry",
            registry("europe-docker.pkg.dev/shop/images/web", Registry::ArtifactRegistry(google)),
        ),
        of_registry("password", registry("registry.example.com:5000/shop/web", Registry::Password(password))),
        of_registry("availability-always", availability(Availability::Always)),
        of_registry("availability-never", availability(Availability::Never)),
        of_registry("triggers", triggers()),
        of_registry("branches", branches()),
        of_registry(
            "image-only",
            Options { environments: Some(Vec::new()), triggers: Some(tags()), ..fixture::options() },
        ),
        Variant::new(
            "kubeconfig",
            deployed::kubeconfig(&deployed::options(deployed::STRATEGIES[0].1)),
            deployed::manifests(),
        ),
    ]
}

fn availability(availability: Availability) -> Options {
    let image = Image {
        name: Some("ghcr.io/example/shop".to_owned()),
        platforms: vec!["linux/amd64".to_owned(), "linux/arm64".to_owned()],
        attestation: availability,
        ..Image::default()
    };
    let security = Security { dependency_review: availability, fail_on_unfixed: true };
    Options { image: Some(image), security: Some(security), ..fixture::options() }
}

fn tags() -> Triggers {
    Triggers { tags: vec!["v[0-9]+.*".to_owned()], ..Triggers::default() }
}

fn triggers() -> Options {
    let triggers = Triggers {
        branches: vec!["trunk".to_owned(), "release/**".to_owned()],
        pull_request_branches: Some(vec!["trunk".to_owned()]),
        tags: vec!["v*".to_owned()],
        paths: vec!["shop/**".to_owned(), "!**/*.md".to_owned()],
        merge_queue: false,
        manual: false,
    };
    Options {
        triggers: Some(triggers),
        runner: vec!["self-hosted".to_owned(), "linux".to_owned()],
        ..fixture::options()
    }
}

/// An environment for each of two branches.
fn branches() -> Options {
    let triggers = Triggers { branches: vec!["main".to_owned(), "develop".to_owned()], ..Triggers::default() };
    let of_branch =
        |name: &str, branch: &str| Environment { branch: Some(branch.to_owned()), ..Environment::new(name) };
    let environments =
        vec![of_branch("development", "develop"), of_branch("staging", "main"), of_branch("production", "main")];
    Options { triggers: Some(triggers), environments: Some(environments), ..fixture::options() }
}
