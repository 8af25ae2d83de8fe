//! The Lambda function of this group.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let core = web::Core::from_env()?;
    web::run(auth::api(&auth::App::new(&core)), core).await
}
