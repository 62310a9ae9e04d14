//! The derive macros of framework.
