//! Saved plans, targets and replacements as a user types them.

use crate::program::{run, shop};

#[test]
fn plans_targets_and_replacements_from_the_command_line() {
    let root = tempfile::tempdir().unwrap();
    let plan = root.path().join("plan.json").display().to_string();
    let shop = |count: usize, args: &[&str], code: i32| run(shop(root.path(), count).args(args), code);
    let exists = |number: usize| root.path().join(format!("p{number}/.github/workflows/ci.yml")).exists();
    shop(2, &["preview", "--save", &plan], 0);
    let (_, stderr) = shop(3, &["up", "--yes", "--plan", &plan], 1);
    assert!(stderr.contains("for devopsflow_pipeline.p2 (") && stderr.contains("preview --save"), "{stderr}");
    assert!(!exists(0), "nothing is made");
    let (_, stderr) = shop(2, &["up", "--yes", "--plan", &plan], 0);
    assert_eq!(
        stderr.matches("p0: tests: The project has no unit tests").count(),
        1,
        "a warning is told once: {stderr}"
    );
    std::fs::write(&plan, "{").unwrap();
    let (_, stderr) = shop(2, &["up", "--yes", "--plan", &plan], 1);
    assert!(stderr.contains("it cannot be read"), "{stderr}");
    // Each but every fifth uses the one before it.
    let (_, stderr) = shop(7, &["up", "--yes", "--target", "devopsflow_pipeline.p5"], 0);
    assert!(stderr.contains("6 of 7 declarations are left out") && exists(5) && !exists(4) && !exists(6), "{stderr}");
    let (_, stderr) = shop(7, &["up", "--yes", "--exclude", "devopsflow_pipeline.p9"], 1);
    assert!(stderr.contains("No resource devopsflow_pipeline.p9"), "{stderr}");
    let (_, stderr) = shop(7, &["preview", "--replace", "devopsflow_pipeline.p5"], 0);
    assert!(stderr.contains("1 to replace") && stderr.contains("4 to create"), "{stderr}");
    let (_, stderr) = shop(7, &["destroy", "--yes", "--exclude", "devopsflow_pipeline.p1"], 0);
    let kept = "devopsflow_pipeline.p0: skipped, for devopsflow_pipeline.p1, which is left out, still uses it";
    assert!(stderr.contains(kept) && exists(0) && exists(1) && !exists(5), "{stderr}");
}
