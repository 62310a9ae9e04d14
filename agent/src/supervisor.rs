//! The supervisor: starts, adopts, watches and ends the processes of revisions.
