//! Why a replica is not started.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use agent::supervisor::{Launch, SpawnError};
use disk::Digest;

use super::support::{World, child, fake_service, http};

async fn refused(world: &World, launch: &Launch) -> SpawnError {
    let error = world.supervisor.spawn(launch, 0).await.expect_err("it must not start");
    assert!(world.pids().is_empty());
    error
}

#[tokio::test]
async fn a_program_that_is_not_there() {
    let world = World::new();
    for program in ["./missing", "/missing/program", "no-such-program-in-any-path", "/dev/null/x"] {
        let error = refused(&world, &world.launch(&[program])).await;
        assert!(matches!(&error, SpawnError::NotFound { program: named, .. } if named == program), "{error}");
    }
}

#[tokio::test]
async fn a_file_that_is_not_a_program() {
    let world = World::new();
    let plain = world.executable("plain", "text");
    fs::set_permissions(&plain, fs::Permissions::from_mode(0o644)).unwrap();
    world.executable("bad-interpreter", "#!/no/such/interpreter\n");
    world.executable("garbage", "\u{1}\u{2}\u{3}");
    let mut by_path = world.launch(&["plain"]);
    by_path.env.insert("PATH".to_owned(), world.path().to_str().unwrap().to_owned());
    let launches = [
        (world.launch(&["./plain"]), "chmod +x"),
        (by_path, "chmod +x"),
        (world.launch(&["./bad-interpreter"]), "interpreter"),
        (world.launch(&["./garbage"]), "script with #!"),
        (world.launch(&["/tmp"]), "not a file"),
    ];
    for (launch, text) in launches {
        let error = refused(&world, &launch).await;
        assert!(matches!(error, SpawnError::NotExecutable { .. }), "{error}");
        assert!(error.to_string().contains(text), "{error}");
    }
}

#[tokio::test]
async fn a_file_that_is_not_the_deployed_one() {
    let world = World::new();
    let deployed = Digest::of(b"the deployed file");
    let found = Digest::of(&fs::read(fake_service()).unwrap());
    let launch = Launch { sha256: Some(deployed), ..world.service(&[]) };
    let error = refused(&world, &launch).await;
    assert!(matches!(error, SpawnError::HashDiffers { .. }));
    let text = error.to_string();
    assert!(text.contains(&deployed.to_string()) && text.contains(&found.to_string()), "{text}");

    assert_eq!(world.supervisor.digest(&launch).await.unwrap(), found);
    let launch = Launch { sha256: Some(found), ..launch };
    assert_eq!(world.supervisor.spawn(&launch, 0).await.unwrap().identity().sha256, found);
}

#[tokio::test]
async fn a_working_directory_that_is_not_there() {
    let world = World::new();
    let launch = Launch { working_dir: world.path().join("missing"), ..world.service(&[]) };
    assert!(matches!(refused(&world, &launch).await, SpawnError::WorkingDir { path } if path == launch.working_dir));
}

#[tokio::test]
async fn a_launch_that_makes_no_sense() {
    let world = World::new();
    let good = world.service(&[]);
    let mut equals = good.clone();
    equals.env.insert("A=B".to_owned(), String::new());
    let mut path = good.clone();
    path.readiness.probe = http("healthz");
    let launches = [
        Launch { argv: Vec::new(), ..good.clone() },
        Launch { argv: vec![String::new()], ..good.clone() },
        Launch { argv: vec!["a\0b".to_owned()], ..good.clone() },
        Launch { service: "a/b".to_owned(), ..good.clone() },
        Launch { revision: "..".to_owned(), ..good.clone() },
        equals,
        path,
    ];
    for launch in launches {
        assert!(matches!(refused(&world, &launch).await, SpawnError::Invalid { .. }), "{launch:?}");
    }
}

#[test]
fn no_descriptor_is_left() {
    let world = World::new();
    let output = child("supervisor::errors::descriptors_child", world.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
#[ignore = "run as a child"]
fn descriptors_child() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let world = World::new();
        let launch = world.launch(&["sleep", "60"]);
        let maximum = getrlimit(Resource::Nofile).maximum;
        let limit = |current| setrlimit(Resource::Nofile, Rlimit { current: Some(current), maximum }).unwrap();
        limit(40);
        let mut running = 0;
        let error = loop {
            match world.supervisor.spawn(&launch, running).await {
                Ok(_) => running += 1,
                Err(error) => break error,
            }
        };
        limit(256);
        assert!(running > 0 && matches!(error, SpawnError::TooManyFiles { .. }), "{running}: {error}: {error:?}");
        // The one that failed half-way is not there.
        assert_eq!(world.pids().len(), usize::try_from(running).unwrap());
    });
}
