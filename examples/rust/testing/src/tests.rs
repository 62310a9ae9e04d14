//! Tests of the program with the testing kit: it runs against a provider that only remembers.
//!
//! Whatever else a test asks, the kit checks what holds for every program: it declares the same when it is run again, there
//! is nothing left to do after `up`, and everything can be removed.

use devopsflow::testing::{self, Program, Request, World};

use super::declare;

fn program() -> Program {
    testing::program(declare).config("services", "api,worker")
}

#[test]
fn every_service_has_a_pipeline() {
    let declared = program().preview().unwrap();
    let addresses: Vec<_> = declared.of_type("devopsflow_pipeline").map(testing::Resource::address).collect();
    assert_eq!(addresses, ["devopsflow_pipeline.api", "devopsflow_pipeline.overview", "devopsflow_pipeline.worker"]);
    assert_eq!(declared.resource("devopsflow_pipeline.api").input("name"), "api");
}

#[test]
fn the_overview_is_made_of_what_the_others_give() {
    // In a preview nobody knows yet what they give.
    let declared = program().preview().unwrap();
    let overview = declared.resource("devopsflow_pipeline.overview");
    assert!(overview.input("variables").is_unknown());
    assert_eq!(overview.dependencies(), ["devopsflow_pipeline.api", "devopsflow_pipeline.worker"]);

    // The world of a test says what a type gives; what it does not say is made up.
    let world = World::new().outputs("devopsflow_pipeline", |pipeline| [("path", pipeline.member("name").clone())]);
    let declared = program().provider("devopsflow", &world).up().unwrap();
    let overview = declared.resource("devopsflow_pipeline.overview");
    assert_eq!(overview.input("variables").member("PIPELINES"), "api worker");
    assert_eq!(declared.export("pipelines"), "api worker");
}

#[test]
fn production_is_protected() {
    let protected = |stack: &str| {
        let declared = program().stack(stack).preview().unwrap();
        declared.resource("devopsflow_pipeline.api").options().protect
    };
    assert!(protected("production"));
    assert!(!protected("dev"));
}

#[test]
fn without_the_setting_it_says_how_to_give_it() {
    let error = testing::program(declare).preview().unwrap_err();
    assert!(error.to_string().contains("--config services="), "{error}");
}

#[test]
fn when_one_pipeline_cannot_be_written_the_other_is() {
    let world = World::new();
    world.on(Request::Create).at("devopsflow_pipeline.api").fail("the disk is full");
    // A program that is meant to fail is not checked for what holds when all goes well.
    let error = program().provider("devopsflow", &world).unchecked().up().unwrap_err();
    assert!(error.to_string().contains("the disk is full"), "{error}");
    let made: Vec<_> = world.objects().into_iter().filter_map(|object| object.address).collect();
    assert_eq!(made, ["devopsflow_pipeline.worker"], "and nothing that depends on the one that failed");
}
