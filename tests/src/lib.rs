//! Tests only: see `it/`.
