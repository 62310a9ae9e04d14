//! What a terminal and a log get of a real program.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use serde_json::Value as Json;

use crate::program::{run, shop};
use crate::programs::build;
use crate::quickstart::program;

/// Runs it with a terminal of 80 columns and 12 lines, and gives all that it writes. `react` sees all of it so far with every
/// part that comes, and the process.
#[track_caller]
fn on_terminal(mut command: Command, mut react: impl FnMut(&str, u32, &mut File)) -> (Option<i32>, String) {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap();
    let slave = OpenOptions::new().read(true).write(true).open(name.to_str().unwrap()).unwrap();
    tcsetwinsize(&slave, Winsize { ws_row: 12, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
    command.stdin(slave.try_clone().unwrap()).stdout(slave.try_clone().unwrap()).stderr(slave);
    command.env("TERM", "xterm").env_remove("CLICOLOR").env_remove("CLICOLOR_FORCE");
    let mut child = command.spawn().unwrap();
    // The terminal is gone, and reading from it ends, once nobody has the other side.
    drop(command);
    let mut master = File::from(master);
    let (mut all, mut part) = (Vec::new(), [0; 4096]);
    while let Ok(read @ 1..) = master.read(&mut part) {
        all.extend_from_slice(&part[..read]);
        react(&String::from_utf8_lossy(&all), child.id(), &mut master);
    }
    (child.wait().unwrap().code(), String::from_utf8(all).unwrap())
}

fn coloured(text: &str) -> bool {
    text.split("\u{1b}[")
        .skip(1)
        .any(|rest| rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';').starts_with('m'))
}

#[test]
fn a_terminal_sees_progress_which_is_gone_at_the_end() {
    let root = tempfile::tempdir().unwrap();
    for (no_colour, count) in [("", 150), ("1", 300)] {
        let mut command = shop(root.path(), count);
        command.args(["up", "--yes", "--parallel", "3"]).env("NO_COLOR", no_colour);
        let (code, seen) = on_terminal(command, |_, _, _| ());
        assert_eq!(code, Some(0), "{seen}");
        assert_eq!(coloured(&seen), no_colour.is_empty(), "{seen}");
        let (_, after) = seen.rsplit_once(" of 150 done").expect("it says how much is done");
        let (cleared, end) = after.split_once("Done:").expect("it says that it is done");
        assert!(cleared.contains("\u{1b}[2K"), "the progress is taken away: {cleared:?}");
        assert!(end.contains("150 created") && end.contains("last = ") && !end.contains("running"), "{end}");
        for part in ["up shop/dev: ", "create devopsflow_pipeline.p", "waits for devopsflow_pipeline.p", "more waiting"]
        {
            let plain = console::strip_ansi_codes(&seen);
            assert!(plain.contains(part), "{part}: {plain}");
        }
        assert!(!seen.contains(": create ..."), "what runs is drawn, and not told as well");
    }
}

#[test]
fn ctrl_c_is_answered_on_a_line_of_its_own() {
    let root = tempfile::tempdir().unwrap();
    let mut command = shop(root.path(), 400);
    command.args(["up", "--yes", "--parallel", "1", "--color", "never"]);
    let mut sent = false;
    let (code, seen) = on_terminal(command, |seen, process, _| {
        if !sent && seen.contains(" of 400 done") {
            sent = Command::new("kill").args(["-INT", &process.to_string()]).status().unwrap().success();
        }
    });
    assert_eq!(code, Some(1), "{seen}");
    let lines: Vec<&str> = seen.lines().collect();
    let stopping = lines.iter().position(|line| line.contains("Stopping: what runs is let end")).expect("it is told");
    // What was drawn there was taken away before.
    let before = lines[stopping].split("Stopping").next().unwrap();
    assert!(before.is_empty() || before.ends_with("\u{1b}[2K") || before.ends_with('A'), "{before:?}");
    let end = lines[stopping..].join("\n");
    assert!(end.contains("The run was stopped") && end.contains("run `up` again"), "{end}");
}

/// The README's example in a project of its own.
fn quickstart(root: &Path, args: &[&str]) -> Command {
    program(&quickstart_path(), root, args)
}

fn quickstart_path() -> PathBuf {
    build("quickstart", &[], "quickstart")
}

#[test]
fn somebody_at_a_terminal_is_asked() {
    let root = tempfile::tempdir().unwrap();
    let mut asked = false;
    let (code, seen) = on_terminal(quickstart(root.path(), &["up"]), |seen, _, terminal| {
        if !asked && seen.contains("Only `yes`") {
            terminal.write_all(b"yes\n").unwrap();
            asked = true;
        }
    });
    assert_eq!(code, Some(0), "{seen}");
    assert!(root.path().join(".github/workflows/ci.yml").exists());
    let plain = console::strip_ansi_codes(&seen);
    let at = |part| plain.find(part).unwrap_or_else(|| panic!("{part}: {plain}"));
    assert!(at("1 to create") < at("Do you want to make these changes?"), "{plain}");
    assert!(at("Do you want to make these changes?") < at("devopsflow_pipeline.ci: create done"), "{plain}");
    assert!(coloured(&seen), "{seen}");
}

#[test]
fn a_log_gets_no_escapes_unless_they_are_asked_for() {
    let root = tempfile::tempdir().unwrap();
    let piped = |args: &[&str], variables: &[(&str, &str)]| {
        let mut command = quickstart(root.path(), args);
        command
            .env_remove("NO_COLOR")
            .env_remove("CLICOLOR_FORCE")
            .env("TERM", "xterm")
            .envs(variables.iter().copied());
        let (stdout, stderr) = run(&mut command, 0);
        assert!(!stdout.contains('\u{1b}'), "{stdout}");
        stderr
    };
    let up = piped(&["up", "--yes"], &[]);
    assert_eq!(
        up.matches("warning: devopsflow_pipeline.ci: language: Types").count(),
        1,
        "planned twice, told once: {up}"
    );
    assert!(!up.contains('\u{1b}') && up.contains("devopsflow_pipeline.ci: create ...\n"), "{up}");
    let destroy = ["preview", "--replace", "devopsflow_pipeline.ci"];
    assert!(!piped(&destroy, &[]).contains('\u{1b}'));
    assert!(coloured(&piped(&destroy, &[("CLICOLOR_FORCE", "1")])));
    assert!(!coloured(&piped(&destroy, &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")])));
    let always = [&destroy[..], &["--color", "always"]].concat();
    assert!(coloured(&piped(&always, &[("NO_COLOR", "1")])));
    let never = [&destroy[..], &["--color", "never"]].concat();
    assert!(!coloured(&piped(&never, &[("CLICOLOR_FORCE", "1")])));
}

/// The lines of JSON that a command prints; it prints nothing else.
#[track_caller]
fn json(command: &mut Command, code: i32) -> Vec<Json> {
    let (stdout, stderr) = run(command, code);
    assert_eq!(stderr, "");
    let line = |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    stdout.lines().map(line).collect()
}

#[test]
fn json_is_all_that_is_printed_and_holds_results_and_errors() {
    let root = tempfile::tempdir().unwrap();
    let shop = |count: usize, args: &[&str]| {
        let mut command = shop(root.path(), count);
        command.args(["--json"]).args(args);
        command
    };
    let up = json(&mut shop(1, &["up", "--yes"]), 0);
    assert_eq!(
        (&up[0]["type"], &up[0]["version"], &up[0]["stack"]),
        (&"started".into(), &1.into(), &"shop/dev".into())
    );
    let end = up.last().unwrap();
    assert_eq!((&end["type"], &end["counts"]["created"]), (&"ended".into(), &1.into()));
    assert!(end["exports"]["last"].as_str().unwrap().ends_with("p0/.github/workflows/ci.yml"), "{end}");
    // The page shows what these print.
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/sdk-events.md");
    let page = std::fs::read_to_string(page).unwrap();
    for args in [["state", "list"], ["stack", "list"]] {
        let (stdout, stderr) = run(&mut shop(1, &args), 0);
        assert!(stderr.is_empty() && page.contains(&format!("```json\n{stdout}```\n")), "{stdout}");
    }
    let (shown, _) = run(&mut shop(1, &["state", "show", "devopsflow_pipeline.p0"]), 0);
    assert_eq!(serde_json::from_str::<Json>(&shown).unwrap()["address"], "devopsflow_pipeline.p0");
    let (unlocked, _) = run(&mut shop(1, &["unlock"]), 0);
    assert_eq!(unlocked, "{\n  \"holder\": null\n}\n");
    // Errors: of a run, of one that did not begin, and of a verb with a document.
    let refused = json(&mut shop(1, &["up", "--target", "test_thing.none"]), 1);
    let told = refused.iter().filter(|line| line["severity"] == "error");
    assert_eq!(told.count(), 1, "{refused:?}");
    let end = refused.last().unwrap();
    assert_eq!((&end["type"], &end["succeeded"]), (&"ended".into(), &false.into()));
    assert_eq!(end["failures"][0]["summary"], "No resource test_thing.none");
    for args in [&["preview", "--config", "no equals sign"][..], &["state", "show", "test_thing.none"]] {
        let error = json(&mut shop(1, args), 1);
        assert_eq!((error.len(), &error[0]["severity"]), (1, &"error".into()), "{error:?}");
    }
}

#[test]
fn a_run_that_is_locked_out_says_by_whom() {
    let root = tempfile::tempdir().unwrap();
    let mut first = shop(root.path(), 400);
    first.args(["up", "--yes", "--parallel", "1"]).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = first.spawn().unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stderr.take().unwrap()));
    assert!(lines.by_ref().map_while(Result::ok).any(|line| line.contains(".p0: create")));
    let drain = std::thread::spawn(move || lines.for_each(drop));
    let (_, stderr) = run(shop(root.path(), 400).args(["up", "--yes"]), 1);
    child.kill().unwrap();
    child.wait().unwrap();
    drain.join().unwrap();
    assert_eq!(stderr.matches("is locked by `up` of ").count(), 1, "{stderr}");
    assert!(stderr.contains(&format!("process {} on ", child.id())) && stderr.contains("unlock"), "{stderr}");
}

#[test]
fn a_failed_run_ends_with_what_failed_and_tells_it_once() {
    let root = tempfile::tempdir().unwrap();
    std::fs::write(root.path().join("p0"), "in the way").unwrap();
    let (_, stderr) = run(shop(root.path(), 2).args(["up", "--yes"]), 1);
    let (told, end) = stderr.split_once("Not done:").unwrap();
    assert_eq!(told.matches("error: devopsflow_pipeline.p0").count(), 1, "{stderr}");
    assert!(!end.contains("error:") && end.contains("  devopsflow_pipeline.p0: "), "{stderr}");
    assert!(end.contains("shop.rs:") && end.contains("run `up` again once that is mended."), "{stderr}");
    assert!(end.lines().count() < 6, "{end}");
}
