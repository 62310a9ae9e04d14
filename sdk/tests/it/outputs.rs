//! What flows between declarations: functions, secrets, unknowns; and transforms of declarations.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use devopsflow::event::REDACTED;
use devopsflow::{Output, Result, Scope, format_output};

use crate::lab::{Lab, add, refused};
use crate::secrets::Mask;
use crate::world::Thing;

#[tokio::test]
async fn a_function_runs_once_when_all_that_it_takes_is_known() {
    let lab = Lab::default();
    let (early, late) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let count = |counter: &Arc<AtomicUsize>| {
        let counter = Arc::clone(counter);
        move |text: String| {
            counter.fetch_add(1, Ordering::SeqCst);
            text
        }
    };
    let (first, second) = (count(&early), count(&late));
    let program = move |scope: &mut Scope| {
        let known = Output::known(&"a".to_owned()).map(first.clone());
        let one = Thing::new("one", "one").text(&known).add(scope)?;
        let later = one.url.map(second.clone());
        scope.export("later", &later);
        scope.export("known", &known);
        Thing::new("two", "two").text(&later).labels([("later", later), ("known", known)]).add(scope)?;
        Ok(())
    };
    let counts = || (early.swap(0, Ordering::SeqCst), late.swap(0, Ordering::SeqCst));
    let preview = lab.stack(program.clone()).preview().await.unwrap();
    assert_eq!(counts(), (1, 0), "in the preview only what is known by then");
    assert!(preview.exports["later"].is_unknown() && !preview.exports["known"].is_unknown());
    let report = lab.stack(program.clone()).up().await.unwrap();
    assert_eq!(counts(), (1, 1), "plan and apply together");
    assert_eq!(report.exports["later"].as_str(), Some("thing:1"));
    lab.stack(program).up().await.unwrap();
    assert_eq!(counts(), (1, 1), "another run is another");
}

#[tokio::test]
async fn what_comes_of_a_secret_is_one_however_it_is_made() {
    let lab = Lab::default();
    let program = |scope: &mut Scope| {
        let secret = scope.secret("password")?;
        let plain = Output::known(&"plain".to_owned());
        let mapped = secret.clone().map(|text| text + "!");
        let zipped = plain.clone().zip(secret.clone()).map(|(a, b)| a + &b);
        let all = Output::all([plain.clone(), secret.clone()]).map(|all| all.join(" "));
        let formatted = format_output!("{} and {}", &plain, secret);
        let made = [("mapped", mapped), ("zipped", zipped), ("all", all), ("formatted", formatted)];
        for (name, output) in made {
            let thing = Thing::new(name, name).text(&output).add(scope)?;
            scope.export(name, output);
            scope.export(format!("{name}-url"), thing.url);
        }
        scope.export("plain", plain);
        Ok(())
    };
    let stack = lab.stack(program).key_holder(Mask::new(1)).config("password", "hunter2");
    let preview = stack.preview().await.unwrap();
    let report = stack.up().await.unwrap();
    for name in ["mapped", "zipped", "all", "formatted"] {
        assert_eq!(report.exports[name].as_str(), Some(REDACTED), "{name}");
        assert!(lab.thing(name).unwrap().text.unwrap().contains("hunter2"), "the provider gets it");
        assert!(
            report.exports[&format!("{name}-url")].as_str().unwrap().starts_with("thing:"),
            "what is none is shown"
        );
    }
    assert_eq!(report.exports["plain"].as_str(), Some("plain"));
    let records = devopsflow::store::Store::read(&lab.store, stack.id()).unwrap().unwrap().records;
    let records: String = records.iter().map(|record| String::from_utf8_lossy(record).into_owned()).collect();
    let all = format!("{preview:?} {report:?} {:?} {records}", lab.events());
    assert!(!all.contains("hunter2"), "{all}");
    let plan =
        lab.stack(program).key_holder(Mask::new(1)).config("password", "hunter3").preview().save().await.unwrap();
    assert!(!plan.plan.unwrap().to_json().contains("hunter3"));
}

#[tokio::test]
async fn a_secret_that_is_passed_over_stays_one() {
    let lab = Lab::default();
    let program = |text: &'static str, secret: bool| {
        lab.stack(move |scope| {
            let value = if secret { scope.secret("password")? } else { Output::known(&text.to_owned()) };
            let options = devopsflow::Options::new().ignore_changes("text");
            add(scope, Thing::new("one", "one").text(value).kind(text).with(options))
        })
        .key_holder(Mask::new(1))
        .config("password", "hunter2")
    };
    program("a", true).up().await.unwrap();
    program("b", false).up().await.unwrap();
    let records = devopsflow::store::Store::read(&lab.store, program("a", true).id()).unwrap().unwrap().records;
    assert!(records.iter().all(|record| !String::from_utf8_lossy(record).contains("hunter2")));
    let told = format!("{:?}", lab.events());
    assert!(!told.contains("hunter2"), "{told}");
    assert_eq!(lab.thing("one").unwrap().text.as_deref(), Some("hunter2"));
}

#[tokio::test]
async fn a_function_that_fails_on_what_is_known_refuses_the_plan() {
    let lab = Lab::default();
    let program = |scope: &mut Scope| -> Result<()> {
        let number =
            Output::known(&"x".to_owned()).try_map(|text| text.parse::<u64>().map(|number| number.to_string()));
        Thing::new("one", "one").text(&number).add(scope)?;
        scope.export("number", number);
        Ok(())
    };
    let text = refused(lab.stack(program).up().await);
    assert!(text.contains("test_thing.one (") && text.contains("Export \"number\" has no value"), "{text}");
    assert_eq!(text.matches("outputs.rs:").count(), 3, "resource, its function, and that of the export: {text}");
    assert_eq!(lab.labels(), [""; 0]);
    let panics = |scope: &mut Scope| -> Result<()> {
        let text = Output::known(&"x".to_owned()).map(|_: String| -> String { panic!("oh") });
        add(scope, Thing::new("one", "one").text(text))
    };
    assert!(refused(lab.stack(panics).up().await).contains("the function panicked"));
}

#[tokio::test]
async fn transforms_change_inputs_and_options_of_what_is_declared_below() {
    let lab = Lab::default();
    let program = |kind: &'static str, protect: bool| {
        move |scope: &mut Scope| {
            Thing::new("outside", "outside").kind(kind).add(scope)?;
            scope.component("shop:Web", "web", |scope| {
                scope.transform(move |declaration| {
                    declaration.options.protect = protect;
                    declaration.options.delete_before_replace = Some(true);
                    let labels = devopsflow::Input::<BTreeMap<String, String>>::map([("owner", "web")]);
                    declaration.inputs.insert("labels".to_owned(), labels.into_expr());
                });
                scope.component("shop:Inner", "inner", |scope| add(scope, Thing::new("inside", "inside").kind(kind)))
            })?;
            Ok(())
        }
    };
    lab.up(program("wood", true)).await;
    assert_eq!(lab.thing("inside").unwrap().labels.unwrap()["owner"], "web");
    assert_eq!(lab.thing("outside").unwrap().labels, None);
    let text = refused(lab.stack(program("iron", true)).up().await);
    assert!(text.starts_with("web/inner/test_thing.inside (") && !text.contains("outside"), "{text}");
    lab.up(program("wood", false)).await;
    let done = lab.up(program("iron", false)).await;
    let place = |what: &str| done.iter().position(|operation| operation == what);
    assert!(place("delete inside") < place("create inside") && place("create outside") < place("delete outside"));
}

#[tokio::test]
async fn a_program_that_is_wrong_says_where() {
    let lab = Lab::default();
    let twice = |scope: &mut Scope| -> Result<()> {
        Thing::new("one", "one").add(scope)?;
        Thing::new("one", "two").add(scope)?;
        Ok(())
    };
    let text = lab.stack(twice).preview().await.unwrap_err().to_string();
    assert!(text.contains("test_thing.one is declared twice") && text.matches("outputs.rs:").count() == 2, "{text}");
    let name = |scope: &mut Scope| add(scope, Thing::new("a/b", "one"));
    let text = lab.stack(name).preview().await.unwrap_err().to_string();
    assert!(text.contains("\"a/b\" cannot be a name") && text.contains("outputs.rs:"), "{text}");
    let panics = |_: &mut Scope| -> Result<()> { panic!("oh no") };
    let text = lab.stack(panics).preview().await.unwrap_err().to_string();
    assert!(text.contains("it panicked") && text.contains("oh no"), "{text}");
}
