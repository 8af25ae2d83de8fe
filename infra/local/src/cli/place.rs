//! Where the installation is that a command works on: a directory, or an AWS account.

use std::path::PathBuf;

use clap::Args;
use local::database::{self, Data};
use local::{Aws, Installation};
use web::Keys;

use super::Outcome;

/// Which installation.
#[derive(Args, Clone)]
pub(crate) struct Place {
    /// Directory of the data.
    #[arg(long, default_value = ".holdfast")]
    data: PathBuf,
    /// Work on an installation in AWS, with the credentials in `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and
    /// `AWS_SESSION_TOKEN`.
    #[arg(long, conflicts_with = "data")]
    aws: bool,
    /// What the names of its tables start with: the stack's `TablePrefix`.
    #[arg(long, requires = "aws", default_value = "Holdfast-")]
    prefix: String,
    /// Its region, if not the one in `AWS_REGION`.
    #[arg(long, requires = "aws")]
    region: Option<String>,
    /// URL of what answers in the place of AWS.
    #[arg(long, requires = "aws")]
    endpoint: Option<String>,
}

impl Place {
    /// Reaches the installation.
    pub(crate) async fn open(&self) -> Result<Installation, Box<dyn std::error::Error + Send + Sync>> {
        match self.aws() {
            Some(aws) => Ok(Installation::on_aws(&aws)?),
            None => Ok(Installation::open(&Data::Dir(self.data.clone())).await?),
        }
    }

    /// Fails where there is no data: to open a directory is to make it, and a slip of the finger must not be told that all is
    /// well.
    pub(crate) fn has_data(&self) -> Outcome {
        let elsewhere = self.aws || env::optional("HOLDFAST_DYNAMODB_ENDPOINT").is_some();
        if elsewhere || self.data.join(database::FILE).exists() {
            return Ok(());
        }
        Err(format!("there is no data in {}", self.data.display()).into())
    }

    /// Whether it is in AWS.
    pub(crate) fn is_aws(&self) -> bool {
        self.aws
    }

    /// The installation's keys: of the directory, or of the secret in `HOLDFAST_SECRET`.
    pub(crate) fn keys(&self) -> Result<Keys, Box<dyn std::error::Error + Send + Sync>> {
        if self.aws { Ok(Keys::from_env()?) } else { Ok(Keys::from_secret(&local::secret(&self.data)?)?) }
    }

    fn aws(&self) -> Option<Aws> {
        let place = || Aws {
            prefix: self.prefix.clone(),
            region: self.region.clone(),
            endpoint: self.endpoint.clone(),
        };
        self.aws.then(place)
    }
}
