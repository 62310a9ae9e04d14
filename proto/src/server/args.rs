//! The command line of a provider's program.

use std::ffi::OsString;

/// What the command line asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Args {
    /// Wait for a host to attach, instead of being started by one.
    pub(super) debug: bool,
}

/// An argument that is not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown argument `{0}`: the only one is -debug, which waits for Terraform to attach")]
pub(super) struct UnknownArgument(String);

impl Args {
    pub(super) fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Self, UnknownArgument> {
        let mut parsed = Self { debug: false };
        for arg in args {
            match arg.to_str() {
                Some("-debug" | "--debug") => parsed.debug = true,
                _ => return Err(UnknownArgument(arg.to_string_lossy().into_owned())),
            }
        }
        Ok(parsed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_is_the_only_argument() {
        assert_eq!(Args::parse([]), Ok(Args { debug: false }));
        assert_eq!(Args::parse(["-debug".into()]), Ok(Args { debug: true }));
        assert_eq!(Args::parse(["--version".into()]), Err(UnknownArgument("--version".into())));
    }
}
