//! The payments group on Lambda.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let core = web::Core::from_env()?;
    web::run(payments::api(&payments::App::from_env(&core)?), core).await
}
