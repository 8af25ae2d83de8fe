//! The stays group on Lambda.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let core = web::Core::from_env()?;
    web::run(stays::api(&stays::App::new(&core)), core).await
}
