//! The seam to the file system.
