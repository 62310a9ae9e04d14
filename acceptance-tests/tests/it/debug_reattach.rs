//! A provider that a developer started with `-debug`.

use std::process::Stdio;

use acceptance_tests::{Plugin, Signal, poll};

use crate::fixture::{CI, FILE, pipeline_case};

#[test]
fn terraform_uses_the_provider_that_runs_and_leaves_it_running() {
    pipeline_case(|case| {
        let output = case.logs().join("debug");
        let mut command = case.command(Plugin::ours().program());
        command.arg("-debug").stdout(fs_err::File::create(&output).unwrap().into_file()).stderr(Stdio::null());
        let mut provider = command.spawn().unwrap();
        let reattach = poll("the variable for terraform", || {
            let text = fs_err::read_to_string(&output).unwrap();
            let (_, rest) = text.split_once("TF_REATTACH_PROVIDERS='")?;
            Some(rest.split_once('\'')?.0.to_owned())
        });
        case.set_env("TF_REATTACH_PROVIDERS", reattach);
        case.apply(CI);
        assert!(case.exists(FILE));
        case.set_env("TF_REATTACH_PROVIDERS", "");
        assert!(provider.try_wait().unwrap().is_none(), "the provider ended with terraform");
        let pid = rustix::process::Pid::from_child(&provider);
        rustix::process::kill_process(pid, Signal::INT).unwrap();
        poll("the provider to end", || provider.try_wait().unwrap());
    });
}
