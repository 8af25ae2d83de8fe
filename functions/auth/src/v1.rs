//! Version 1.
pub(crate) fn routes() -> Vec<web::Route<crate::App>> { vec![] }
