//! Audit, messages, health and the description of the API on Lambda.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let core = web::Core::from_env()?;
    let country = env::parsed("HOLDFAST_DIAL_CODE", domain::DialCode::default())?;
    let app = insights::App::new(&core, &queue::Queues::from_env()?).in_country(country);
    web::run(insights::api(&app.hearing(insights::Webhooks::from_env())), core).await
}
