//! The proposed new state, one case a line.

use proptest::prelude::*;

use crate::Value;
use crate::conformance::arbitrary;
use crate::conformance::sample::{object, schema};
use crate::host::proposed_new;

#[track_caller]
fn check(prior: &str, config: &str, expected: &str) {
    assert_eq!(proposed_new(&schema(), &object(prior), &object(config)), object(expected));
}

#[test]
fn what_is_configured_is_taken() {
    check("null", "null", "null");
    check("null", r#"{"note":"a"}"#, r#"{"note":"a"}"#);
    check(r#"{"note":"b","zones":["x"]}"#, r#"{"note":"a"}"#, r#"{"note":"a"}"#);
    check(r#"{"note":"b"}"#, r#"{"note":"?","region":"?","one":"?"}"#, r#"{"note":"?","region":"?","one":"?"}"#);
}

#[test]
fn what_is_computed_is_kept() {
    check(r#"{"id":"i","region":"r"}"#, "{}", r#"{"id":"i","region":"r"}"#);
    check(r#"{"region":"r"}"#, r#"{"region":"s"}"#, r#"{"region":"s"}"#);
}

#[test]
fn nested_objects_are_paired_by_position_and_key() {
    let prior = r#"{"one":{"size":1,"code":"a"},"list":[{"size":1,"code":"b"}],"map":{"k":{"size":1,"code":"c"}}}"#;
    let config = r#"{"one":{"size":2},"list":[{"size":2},{"size":3}],"map":{"k":{"size":2},"l":{"size":3}}}"#;
    let proposed = r#"{"one":{"size":2,"code":"a"},"list":[{"size":2,"code":"b"},{"size":3}],
        "map":{"k":{"size":2,"code":"c"},"l":{"size":3}}}"#;
    check(prior, config, proposed);
    check(prior, "{}", "{}");
    check(prior, r#"{"list":[],"map":{}}"#, r#"{"list":[],"map":{}}"#);
}

#[test]
fn blocks_are_paired_by_position_and_key() {
    let prior = r#"{"b_one":{"size":1,"code":"a"},"b_list":[{"size":1,"code":"b"}],"b_map":{"k":{"size":1,"code":"c"}},
        "b_group":{"size":1,"code":"d"}}"#;
    let config =
        r#"{"b_one":{"size":2},"b_list":[{"size":2},{"size":3}],"b_map":{"k":{"size":2}},"b_group":{"size":2}}"#;
    let proposed = r#"{"b_one":{"size":2,"code":"a"},"b_list":[{"size":2,"code":"b"},{"size":3}],
        "b_map":{"k":{"size":2,"code":"c"}},"b_group":{"size":2,"code":"d"}}"#;
    check(prior, config, proposed);
    check(prior, "{}", r#"{"b_group":{"size":null,"code":"d"}}"#);
    check(prior, r#"{"b_list":"?"}"#, r#"{"b_list":"?","b_group":{"size":null,"code":"d"}}"#);
}

#[test]
fn elements_of_sets_are_paired_by_what_was_configured() {
    for set in ["set", "b_set"] {
        let with = |elements: &str| format!("{{\"{set}\":{elements}}}");
        let prior = with(r#"[{"size":1,"code":"a"},{"size":2,"code":"b"}]"#);
        check(&prior, &with(r#"[{"size":2}]"#), &with(r#"[{"size":2,"code":"b"}]"#));
        check(&prior, &with(r#"[{"size":3}]"#), &with(r#"[{"size":3}]"#));
        check(&prior, &with(r#"[{"size":1,"code":"z"}]"#), &with(r#"[{"size":1,"code":"z"}]"#));
        check(&prior, &with(r#"[{"size":1,"pass":"p"}]"#), &with(r#"[{"size":1,"pass":"p"}]"#));
        check(&prior, &with("[]"), &with("[]"));
        let prior = with(r#"[{"size":1,"code":"a","at":"x"},{"size":1,"code":"b","at":"y"}]"#);
        check(&prior, &with(r#"[{"size":1,"code":"z"}]"#), &with(r#"[{"size":1,"code":"z"}]"#));
        let (config, proposed) =
            (r#"[{"size":1},{"size":1,"code":"a"}]"#, r#"[{"size":1,"code":"a","at":"x"},{"size":1,"code":"a"}]"#);
        check(&prior, &with(config), &with(proposed));
    }
}

#[test]
fn a_computed_object_that_was_configured_is_not_kept() {
    check(r#"{"auto":[{"size":null,"code":"a"}]}"#, "{}", r#"{"auto":[{"size":null,"code":"a"}]}"#);
    check(r#"{"auto":[{"size":1,"code":"a"}]}"#, "{}", "{}");
}

proptest! {
    #[test]
    fn a_new_object_is_proposed_as_configured(config in arbitrary::config(&schema(), 0.2)) {
        prop_assert_eq!(proposed_new(&schema(), &Value::Null, &config), config);
    }

    #[test]
    fn what_is_proposed_conforms(
        prior in arbitrary::prior(&schema()),
        config in arbitrary::config(&schema(), 0.2),
    ) {
        prop_assert_eq!(schema().ty().check(&proposed_new(&schema(), &prior, &config)), Ok(()));
    }
}
