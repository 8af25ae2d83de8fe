//! `holdfast admin`.

use clap::Args;
use domain::text::{Email, UserName};
use env::Clock;
use web::{Core, Keys};

use super::{Outcome, Place, say};

/// Where the password is taken from instead of asking for it.
const PASSWORD: &str = "HOLDFAST_ADMIN_PASSWORD";

#[derive(Args)]
pub(crate) struct Admin {
    #[command(flatten)]
    place: Place,
    /// E-mail address. If there is an account with it, it becomes an administrator's and gets the new password.
    #[arg(long, value_parser = parsed::<Email>)]
    email: Email,
    /// Name to sign in with; made from the address when not given.
    #[arg(long, value_parser = parsed::<UserName>)]
    user_name: Option<UserName>,
}

impl Admin {
    pub(crate) async fn run(self) -> Outcome {
        let user_name = match self.user_name {
            Some(name) => name,
            None => named_after(&self.email)?,
        };
        let password = password()?;
        let installation = self.place.open().await?;
        // Nothing of an account is made with the installation's secret: any will do, and none has to be fetched from AWS.
        let keys = Keys::from_secret(&env::random())?;
        let core = Core::new(installation.store().clone(), Clock::system(), keys);
        let user = auth::make_admin(&auth::App::new(&core), self.email.clone(), user_name, &password).await?;
        say(format_args!("{} ({}) is an administrator.", user.user_name, self.email))?;
        Ok(installation.close().await?)
    }
}

fn password() -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
    if let Some(password) = env::optional(PASSWORD) {
        return Ok(password);
    }
    let password = rpassword::prompt_password("Password: ")?;
    if rpassword::prompt_password("Once more: ")? != password {
        return Err("the two passwords differ".into());
    }
    Ok(password)
}

fn named_after(email: &Email) -> Result<UserName, Box<dyn std::error::Error + Send + Sync>> {
    let local = email.as_str().split('@').next().unwrap_or_default();
    let name: String =
        local.chars().filter(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-')).collect();
    name.parse().map_err(|_| "no name can be made from this address: give one with --user-name".into())
}

fn parsed<T: std::str::FromStr<Err = domain::text::InvalidText>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error: domain::text::InvalidText| error.to_string())
}
