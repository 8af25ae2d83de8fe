//! The Lambda function of this group.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let core = web::Core::from_env()?;
    let country = env::parsed("HOLDFAST_DIAL_CODE", domain::DialCode::default())?;
    web::run(auth::api(&auth::App::new(&core).in_country(country)), core).await
}
