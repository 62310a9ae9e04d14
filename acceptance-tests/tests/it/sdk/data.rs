//! Data sources, declared and looked up, at both ends.

use super::fixture::{BOTH, Settings, run, up};
use crate::fixture::pipeline_case;

#[test]
fn a_data_source_says_the_same_declared_and_looked_up_in_process_and_as_a_plugin() {
    pipeline_case(|case| {
        let settings = Settings::service();
        for end in BOTH {
            up(case, end, &settings);
            for how in ["add", "lookup"] {
                let told = run(case, end, &settings.with("data", how), &["up", "--yes"]);
                told.expect_success();
                let told: Vec<&str> = told.stdout.lines().filter(|line| !line.starts_with("url")).collect();
                assert_eq!(told, ["language = python", "status = healthy v1 1"], "{end:?} {how}");
            }
            run(case, end, &settings, &["destroy", "--yes"]).expect_success();
        }
    });
}

#[test]
fn what_cannot_be_read_names_declaration_and_line() {
    pipeline_case(|case| {
        for (end, how) in BOTH.into_iter().flat_map(|end| [(end, "add"), (end, "lookup")]) {
            let refused = run(case, end, &Settings::default().with("data", how), &["up", "--yes"]);
            refused.expect_code(1);
            for part in ["devopsflow_rollout.shop (", "program.rs:", "shop"] {
                assert!(refused.stderr.contains(part), "{end:?} {how}: {part} in {}", refused.stderr);
            }
        }
    });
}
