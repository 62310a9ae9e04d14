//! What `examples/` shows works as it stands there.

use std::path::{Path, PathBuf};

use acceptance_tests::load::{Call, Load, Mix};
use acceptance_tests::{Case, Config, Step, free_port};

use crate::fixture::PIPELINE;

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples")
}

fn read(path: &str) -> String {
    fs_err::read_to_string(examples().join(path)).unwrap()
}

fn copy(from: &Path, to: &Path) {
    fs_err::create_dir_all(to).unwrap();
    for entry in fs_err::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs_err::copy(entry.path(), target).unwrap();
        }
    }
}

/// A case in a copy of the example project, which names its providers itself.
fn in_project(case: &Case, name: &str) {
    copy(&examples().join("terraform").join(name), &case.work());
    fs_err::remove_file(case.work().join("versions.tf")).unwrap();
    if name == "rollout" {
        case.write("terraform.tfvars", &format!("port = {}\npause = \"1s\"\n", free_port()));
    }
}

#[test]
fn every_project_can_be_applied() {
    for entry in fs_err::read_dir(examples().join("terraform")).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        acceptance_tests::each_terraform(|case| {
            in_project(case, &name);
            let config = case.read("main.tf");
            assert!(!case.apply(&config).state.managed().is_empty());
        });
    }
}

#[test]
fn the_snippets_of_the_documentation_work_in_such_a_project() {
    acceptance_tests::case(|case| {
        in_project(case, "pipeline");
        let provider = read("provider/provider.tf");
        let data = read("data-sources/devopsflow_project/data-source.tf");
        assert_eq!(case.apply(&format!("{provider}{data}")).state.output("language"), "python");

        let resource = format!("{provider}{}", read("resources/devopsflow_pipeline/resource.tf"));
        let created = case.apply(&resource).state;
        case.run(&["state", "rm", PIPELINE]).expect_success();
        let import = read("resources/devopsflow_pipeline/import.sh");
        let import: Vec<&str> = import.split_whitespace().collect();
        let ["terraform", "import", address, id] = import[..] else { panic!("not an import: {import:?}") };
        let imported = case.step(Step::Import { config: &resource, address, id }).state;
        assert_eq!(imported.at(PIPELINE, "/files"), created.at(PIPELINE, "/files"));
        case.step(Step::Apply(Config::of(&resource)));
    });
}

#[test]
fn the_rollout_takes_over_and_its_bad_version_is_taken_back() {
    acceptance_tests::case(|case| {
        in_project(case, "rollout");
        let config = case.read("main.tf");
        case.apply(&config);
        case.run(&["apply", "-auto-approve", "-no-color", "-var=release=v2"]).expect_success();
        let port: u16 = case.status("shop").service.port;
        let calls = Mix::of([(1, Call::get("/"))]);
        let load = Load::new(([127, 0, 0, 1], port).into(), calls, 200.0).start().unwrap();
        case.run(&["apply", "-auto-approve", "-no-color", "-var=release=v3", "-var=pause=30s"]).expect_code(1);
        let summary = load.stop_blocking();
        assert_eq!(summary.by_version["v2"].failed, 0, "{summary}");
        assert_eq!(case.state().output("users_have"), "v2");
    });
}

#[test]
fn the_snippets_about_rollouts_work_in_such_a_project() {
    acceptance_tests::case(|case| {
        in_project(case, "rollout");
        fs_err::remove_file(case.work().join("terraform.tfvars")).unwrap();
        let provider = read("provider/provider.tf");
        let snippet = read("resources/devopsflow_rollout/resource.tf");
        assert!(snippet.contains("= 8080"));
        let resource = format!("{provider}{}", snippet.replace("= 8080", &format!("= {}", free_port())));
        case.apply(&resource);
        let data = read("data-sources/devopsflow_rollout/data-source.tf");
        case.apply(&format!("{resource}{data}"));
        let address = "devopsflow_rollout.api";
        case.run(&["state", "rm", address]).expect_success();
        let import = read("resources/devopsflow_rollout/import.sh");
        assert_eq!(import.trim(), format!("terraform import {address} api"));
        case.step(Step::Import { config: &resource, address, id: "api" });
        case.step(Step::Apply(Config::of(&resource)));
    });
}
