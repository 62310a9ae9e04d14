//! Cases as they were printed: each runs what it was found with.

/// Found with `DEVOPSFLOW_SEED=2`.
#[test]
fn seed_2() {
    use crate::fuzz::case::{Case, Flake, Method, Outcome, Place, Recorded, Status, Thing, Verb};
    crate::fuzz::reproduce(&Case {
        recorded: vec![
            Recorded {
                thing: Thing {
                    place: Place { inside: vec![], name: 0, component: false },
                    uses: vec![],
                    depends_on: vec![],
                    deleted_with: None,
                    kind: 0,
                    text: 1,
                    options: vec![],
                    aliases: vec![],
                },
                status: Status::Vacant,
            },
            Recorded {
                thing: Thing {
                    place: Place { inside: vec![], name: 1, component: false },
                    uses: vec![0],
                    depends_on: vec![0],
                    deleted_with: None,
                    kind: 1,
                    text: 1,
                    options: vec![],
                    aliases: vec![],
                },
                status: Status::Live,
            },
        ],
        settled: true,
        vanished: vec![],
        locates: true,
        program: vec![
            Thing {
                place: Place { inside: vec![], name: 1, component: false },
                uses: vec![],
                depends_on: vec![],
                deleted_with: None,
                kind: 0,
                text: 0,
                options: vec![],
                aliases: vec![],
            },
            Thing {
                place: Place { inside: vec![], name: 0, component: false },
                uses: vec![],
                depends_on: vec![],
                deleted_with: None,
                kind: 0,
                text: 1,
                options: vec![],
                aliases: vec![],
            },
        ],
        verb: Verb::Up,
        refresh: false,
        targets: vec![],
        excludes: vec![],
        replaces: vec![Place { inside: vec![], name: 1, component: false }],
        parallel: 4,
        flaky: vec![
            Flake {
                place: Place { inside: vec![], name: 1, component: false },
                method: Method::Update,
                outcome: Outcome::Fails,
            },
            Flake {
                place: Place { inside: vec![], name: 0, component: false },
                method: Method::Read,
                outcome: Outcome::Panics,
            },
            Flake {
                place: Place { inside: vec![], name: 0, component: false },
                method: Method::Read,
                outcome: Outcome::LosesAnswer,
            },
        ],
        kill: None,
    });
}
