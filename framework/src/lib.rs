//! Values, types, schemas and typed resources.
