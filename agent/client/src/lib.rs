//! Finds or starts the agent, sends it commands and follows its events.
