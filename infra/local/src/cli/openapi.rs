//! `holdfast openapi`.

use clap::Args;
use local::{Options, database::Data};

use super::{Outcome, say};

#[derive(Args)]
pub(crate) struct Openapi {
    /// The version to describe.
    #[arg(long, default_value = "v2", value_parser = ["v1", "v2"])]
    api: String,
}

impl Openapi {
    pub(crate) async fn run(self) -> Outcome {
        let server = local::start(Options { secret: [0; 32], ..Options::new(Data::Memory) }).await?;
        let version = if self.api == "v1" { web::Version::V1 } else { web::Version::V2 };
        let document = web::openapi::document(server.api(), version, env!("CARGO_PKG_VERSION"));
        say(format_args!("{document:#}"))?;
        Ok(server.stop().await?)
    }
}
