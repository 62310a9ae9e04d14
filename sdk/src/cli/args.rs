//! The command line's form.

use std::path::PathBuf;

use clap::{Args as Arguments, ColorChoice, Parser, Subcommand};

use super::output::Format;

/// Declares infrastructure and makes it so.
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true)]
pub(super) struct Args {
    /// The stack: which instance of the program.
    #[arg(long, short, global = true, default_value = "dev", env = "DEVOPSFLOW_STACK")]
    pub(super) stack: String,
    /// The directory in which states are kept.
    #[arg(long, global = true, default_value = ".devopsflow", env = "DEVOPSFLOW_BACKEND")]
    pub(super) backend: PathBuf,
    /// A setting as `key=value`, beside those in devopsflow.<stack>.toml.
    #[arg(long, short, global = true)]
    pub(super) config: Vec<String>,
    /// Runs the devopsflow provider as this program instead of in this process.
    #[arg(long, global = true, env = "DEVOPSFLOW_PLUGIN")]
    pub(super) plugin: Option<PathBuf>,
    /// Prints JSON on standard output: events of runs as lines, and what other commands print as one document.
    #[arg(long, global = true)]
    pub(super) json: bool,
    /// When texts are coloured: `auto` on a terminal, unless `NO_COLOR` is set, and with `CLICOLOR_FORCE` anywhere.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(super) color: ColorChoice,
    #[command(subcommand)]
    pub(super) verb: Verb,
}

impl Args {
    /// What stdout gets.
    pub(super) fn format(&self) -> Format {
        match self.verb {
            _ if !self.json => Format::Text,
            Verb::State { .. } | Verb::Stack { .. } | Verb::Unlock => Format::Document,
            _ => Format::Events,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Says what `up` would do.
    Preview {
        #[command(flatten)]
        scoped: Scoped,
        /// Saves the plan in this file, as the most that `up --plan` may do.
        #[arg(long)]
        save: Option<PathBuf>,
        /// Ends with exit code 2 when there is something to do.
        #[arg(long)]
        detailed_exitcode: bool,
    },
    /// Makes the world what the program declares.
    Up {
        #[command(flatten)]
        scoped: Scoped,
        /// Does at most what this saved plan says.
        #[arg(long)]
        plan: Option<PathBuf>,
        /// Does not ask.
        #[arg(long, short)]
        yes: bool,
    },
    /// Records what the world is.
    Refresh {
        #[command(flatten)]
        scoped: Scoped,
    },
    /// Removes everything that is recorded.
    Destroy {
        #[command(flatten)]
        scoped: Scoped,
        /// Does not ask.
        #[arg(long, short)]
        yes: bool,
    },
    /// Takes an existing object into the state.
    Import {
        /// The address of the resource, such as `devopsflow_pipeline.ci`.
        address: String,
        /// What the provider knows the object by.
        id: String,
    },
    /// Shows and changes what is recorded.
    State {
        #[command(subcommand)]
        verb: StateVerb,
    },
    /// Lists and removes the stacks of this project.
    Stack {
        #[command(subcommand)]
        verb: StackVerb,
    },
    /// Shows and changes the settings in devopsflow.<stack>.toml.
    Config {
        #[command(subcommand)]
        verb: ConfigVerb,
    },
    /// Shows and changes who can open the secrets.
    Secrets {
        #[command(subcommand)]
        verb: SecretsVerb,
    },
    /// Ends the lease of a run that no longer runs, or hangs.
    Unlock,
}

#[derive(Debug, Arguments)]
pub(super) struct Scoped {
    /// Only this address, or the component there, with what it needs; `destroy`: with what uses it. May be repeated.
    #[arg(long, short)]
    pub(super) target: Vec<String>,
    /// All but this address, or the component there. May be repeated.
    #[arg(long)]
    pub(super) exclude: Vec<String>,
    /// Replaces this resource, or all of the component there, changed or not. May be repeated.
    #[arg(long)]
    pub(super) replace: Vec<String>,
    /// Looks at the world, and not only at what is recorded.
    #[arg(long)]
    pub(super) refresh: bool,
    /// How many operations providers are asked for at once.
    #[arg(long, short, default_value_t = 10)]
    pub(super) parallel: usize,
}

#[derive(Debug, Subcommand)]
pub(super) enum StateVerb {
    /// Lists the addresses, and operations that never ended.
    List,
    /// Shows what is recorded of a resource, as JSON; secrets stay sealed.
    Show {
        /// Its address.
        address: String,
        /// Shows secrets in plain, for which the key is needed.
        #[arg(long)]
        show_secrets: bool,
    },
    /// Shows what is exported, as JSON; secrets stay sealed.
    Exports {
        /// Shows secrets in plain, for which the key is needed.
        #[arg(long)]
        show_secrets: bool,
    },
    /// Forgets a resource, which stays in the world.
    Remove {
        /// Its address.
        address: String,
    },
    /// Gives a resource another address.
    Move {
        /// Its address.
        from: String,
        /// Its new address.
        to: String,
    },
    /// Protects a resource from being removed or replaced, until the next `up` says otherwise.
    Protect {
        /// Its address.
        address: String,
    },
    /// No longer protects a resource, until the next `up` says otherwise.
    Unprotect {
        /// Its address.
        address: String,
    },
    /// Forgets an operation that never ended and had no effect.
    ClearPending {
        /// Its number.
        operation: u64,
    },
    /// Writes the whole state as JSON; secrets stay sealed.
    Export {
        /// The file; standard output when there is none.
        #[arg(long, short)]
        out: Option<PathBuf>,
    },
    /// Puts an exported state in place of the recorded one. The history goes on.
    Import {
        /// The file.
        file: PathBuf,
        /// Takes a state that is older than what is recorded, or that was edited.
        #[arg(long)]
        force: bool,
        /// Does not ask.
        #[arg(long, short)]
        yes: bool,
    },
    /// Mends a state that breaks rules.
    Repair {
        /// Does not ask.
        #[arg(long, short)]
        yes: bool,
    },
    /// Shows the latest runs that changed something, or were about to, the newest first.
    History,
}

#[derive(Debug, Subcommand)]
pub(super) enum StackVerb {
    /// Lists the stacks of this project.
    List,
    /// Removes the stack and its history. Nothing may be recorded in it any more.
    Remove {
        /// Does not ask.
        #[arg(long, short)]
        yes: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum ConfigVerb {
    /// Gives a setting a value.
    Set {
        /// Seals it with the key of the stack; programs get it by `scope.secret`.
        #[arg(long)]
        secret: bool,
        /// Its name.
        key: String,
        /// Its value; `-` reads it from standard input, and without one you are asked.
        #[arg(allow_hyphen_values = true)]
        value: Option<String>,
    },
    /// Prints a setting.
    Get {
        /// Its name.
        key: String,
        /// Opens it if it is sealed, for which the key is needed.
        #[arg(long)]
        show_secrets: bool,
    },
    /// Lists the settings; secrets are not shown.
    List,
    /// Takes a setting away.
    Remove {
        /// Its name.
        key: String,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum SecretsVerb {
    /// Lists the key holders: number, kind, and whom it is for.
    Holders,
    /// Wraps the key for one holder more, by default a passphrase that you are asked for. A stack without a key gets one.
    Add {
        #[command(flatten)]
        holder: NewHolder,
    },
    /// Drops a key holder. It may have kept the key: `secrets rotate` shuts it out.
    Remove {
        /// Its number in `secrets holders`.
        number: usize,
    },
    /// Makes a new key for the same holders, and seals everything with it.
    Rotate,
}

#[derive(Debug, Arguments)]
#[group(multiple = false)]
pub(super) struct NewHolder {
    /// The passphrase in this file.
    #[arg(long)]
    pub(super) passphrase_file: Option<PathBuf>,
    /// This age recipient. May be repeated.
    #[cfg(feature = "age")]
    #[arg(long)]
    pub(super) age_recipient: Vec<String>,
}
