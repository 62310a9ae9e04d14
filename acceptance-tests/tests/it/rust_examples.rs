//! Every folder of `examples/rust` is a program that works, and does what its README says.

use std::path::Path;

use acceptance_tests::{Program, console, rust_examples};

/// What is recorded of a stack.
fn recorded(program: &Program, stack: &str) -> String {
    program.run(&["state", "list", "--stack", stack]).expect_success().stdout.clone()
}

#[test]
fn every_program_goes_through_its_life() {
    for example in rust_examples() {
        example.run(|program| {
            let name = example.name();
            let files = program.files();
            program.run(&["preview", "--detailed-exitcode"]).expect_code(2);
            assert_eq!(program.files(), files, "{name}: a preview changes nothing");

            let outputs = program.run(&["up", "--yes"]).expect_success().stdout.clone();
            assert!(!outputs.is_empty() && outputs.lines().all(|line| line.contains(" = ")), "{name}: {outputs:?}");
            assert!(!recorded(program, "dev").is_empty(), "{name}");
            for idle in [&["preview", "--detailed-exitcode"][..], &["preview", "--refresh", "--detailed-exitcode"]] {
                assert_eq!(program.run(idle).expect_success().stdout, outputs, "{name}");
            }
            assert_eq!(program.run(&["up", "--yes"]).expect_success().stdout, outputs, "{name}");

            program.run(&["destroy", "--yes"]).expect_success();
            assert_eq!(recorded(program, "dev"), "", "{name}");
            assert_eq!(program.files(), files, "{name}: what was made is gone, and nothing else is");
        });
    }
}

/// Pages that show commands without what they print, for a reader who has a program already.
const PAGES: [&str; 2] = ["README.md", "docs/guides/sdk.md"];

#[test]
fn the_commands_of_the_documents_are_commands() {
    let examples = rust_examples();
    let any = examples.iter().find(|example| example.name() == "quickstart").unwrap();
    any.run(|program| {
        for page in PAGES {
            let text = fs_err::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(page)).unwrap();
            let commands = console::commands(&text).into_iter();
            let mut ours = commands.filter(|typed| typed.command.starts_with("cargo run -- ")).peekable();
            assert!(ours.peek().is_some(), "{page} shows no command");
            for console::Typed { line, command, .. } in ours {
                // With `--help` at its end a command is read and not run; a comment may stand behind it.
                let args = command.split_whitespace().skip(3).take_while(|word| *word != "#");
                let read = program.run(&args.chain(["--help"]).collect::<Vec<_>>());
                assert!(read.status.success(), "{page}:{line}: {}", read.stderr);
            }
        }
    });
}

#[test]
fn what_the_readmes_say_is_what_happens() {
    for example in rust_examples() {
        example.run(|program| {
            program.follow_readme();
            for stack in program.list(&format!(".devopsflow/{}", example.name())) {
                assert_eq!(recorded(program, &stack), "", "{}: its README cleans up", example.name());
            }
        });
    }
}
