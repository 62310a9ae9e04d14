//! What happens to files in the life of a pipeline.

use std::fs;

use framework::Value;
use framework::host::{Action, Error, Object};

use crate::project::{PIPELINE, Project, errors};

impl Project {
    /// Plans and applies; gives what is recorded and the errors.
    fn apply(&self, prior: Option<&Object>, config: &Value) -> (Option<Object>, Vec<String>) {
        let change = match pollster::block_on(self.host.plan(PIPELINE, prior, config)) {
            Ok(change) => change,
            Err(Error::Refused(diagnostics)) => return (prior.cloned(), errors(&diagnostics)),
            Err(error) => panic!("{error}"),
        };
        let outcome = pollster::block_on(self.host.apply(&change, config)).unwrap();
        (outcome.object, errors(&outcome.diagnostics))
    }

    fn refresh(&self, object: &Object) -> Option<Object> {
        pollster::block_on(self.host.refresh(PIPELINE, object)).unwrap().value
    }

    fn text(&self, path: &str) -> Option<String> {
        fs::read_to_string(self.path().join(path)).ok()
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

const FILE: &str = ".github/workflows/ci.yml";

#[test]
fn a_hand_edit_is_drift_and_repaired() {
    let project = Project::new();
    let config = project.config(&[]);
    let (object, found) = project.apply(None, &config);
    assert_eq!(found, [""; 0]);
    let (object, text) = (object.unwrap(), project.text(FILE).unwrap());
    project.write(FILE, "edited\n");
    let drifted = project.refresh(&object).unwrap();
    assert_eq!(drifted.value.member("files").member("ci.yml"), &"edited\n".into());
    let (_, found) = project.apply(Some(&drifted), &config);
    assert_eq!((found, project.text(FILE)), (vec![], Some(text)));
}

#[test]
fn without_a_refresh_a_hand_edit_stops_the_apply() {
    let project = Project::new();
    let object = project.apply(None, &project.config(&[])).0.unwrap();
    project.write(FILE, "edited\n");
    let (_, found) =
        project.apply(Some(&object), &project.config(&[("runner", Value::List(vec!["self-hosted".into()]))]));
    assert_eq!(found, ["error: The file has changed since the plan"]);
    assert_eq!(project.text(FILE).as_deref(), Some("edited\n"));
}

#[test]
fn a_file_that_is_gone_is_created_again() {
    let project = Project::new();
    let object = project.apply(None, &project.config(&[])).0.unwrap();
    fs::remove_file(project.path().join(FILE)).unwrap();
    assert_eq!(project.refresh(&object), None);
}

#[test]
fn a_file_of_somebody_else_is_refused_at_plan_unless_it_may_be_overwritten() {
    let project = Project::new();
    project.write(FILE, "name: theirs\n");
    let (object, found) = project.apply(None, &project.config(&[]));
    assert_eq!((object, found), (None, vec!["error: directory: The file exists already".to_owned()]));
    let (_, found) = project.apply(None, &project.config(&[("overwrite", true.into())]));
    assert_eq!(found, [""; 0]);
    assert_ne!(project.text(FILE).as_deref(), Some("name: theirs\n"));
}

#[test]
fn a_link_out_of_the_directory_is_not_followed() {
    let project = Project::new();
    project.write("outside.yml", "theirs\n");
    fs::create_dir_all(project.path().join(".github/workflows")).unwrap();
    std::os::unix::fs::symlink(project.path().join("outside.yml"), project.path().join(FILE)).unwrap();
    let (_, found) = project.apply(None, &project.config(&[("overwrite", true.into())]));
    assert_eq!(found, ["error: The file system refuses"]);
    assert_eq!(project.text("outside.yml").as_deref(), Some("theirs\n"));
}

#[test]
fn the_new_object_survives_the_removal_of_the_old_one() {
    let project = Project::new();
    let config = project.config(&[]);
    let old = project.apply(None, &config).0.unwrap();
    // As with create_before_destroy: the new object is made while the old one still exists.
    let new = project.apply(None, &config).0.unwrap();
    let destroy = pollster::block_on(project.host.plan_destroy(PIPELINE, &old)).unwrap();
    pollster::block_on(project.host.apply(&destroy, &Value::Null)).unwrap();
    assert!(project.text(FILE).is_some(), "the file is the new object's");
    let destroy = pollster::block_on(project.host.plan_destroy(PIPELINE, &new)).unwrap();
    pollster::block_on(project.host.apply(&destroy, &Value::Null)).unwrap();
    assert_eq!(project.text(FILE), None);
}

#[test]
fn an_import_is_an_update_whose_difference_is_the_text() {
    let project = Project::new();
    project.write(FILE, "name: theirs\n");
    let id = format!("github-actions:{}", project.path().join(FILE).display());
    let object = pollster::block_on(project.host.import(PIPELINE, &id)).unwrap().value;
    assert_eq!(object.value.member("files"), &Value::map([("ci.yml", "name: theirs\n".into())]));
    let change = pollster::block_on(project.host.plan(PIPELINE, Some(&object), &project.config(&[]))).unwrap();
    assert_eq!((change.action, change.replace), (Action::Update, vec![]));
    let (_, found) = project.apply(Some(&object), &project.config(&[]));
    assert_eq!(found, [""; 0]);
}
