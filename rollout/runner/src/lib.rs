//! The loop around the machine: it keeps the journal, asks the clock and sends commands to a target.
