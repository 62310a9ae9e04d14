//! The command line's form.

use std::path::PathBuf;

use clap::{Args as Arguments, Parser, Subcommand};

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
    /// Prints events as JSON lines on standard output.
    #[arg(long, global = true)]
    pub(super) json: bool,
    #[command(subcommand)]
    pub(super) verb: Verb,
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
    /// Ends the lease of a run that no longer runs, or hangs.
    Unlock,
}

#[derive(Debug, Arguments)]
pub(super) struct Scoped {
    /// Only this address, or the component there, with what it needs. May be repeated.
    #[arg(long, short)]
    pub(super) target: Vec<String>,
    /// All but this address, or the component there. May be repeated.
    #[arg(long)]
    pub(super) exclude: Vec<String>,
    /// Replaces this resource, changed or not. May be repeated.
    #[arg(long)]
    pub(super) replace: Vec<String>,
    /// Looks at the world, and not only at what is recorded.
    #[arg(long)]
    pub(super) refresh: bool,
    /// How many operations may run at once.
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
}
