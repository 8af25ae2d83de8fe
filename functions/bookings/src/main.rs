//! The bookings group on Lambda.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let core = web::Core::from_env()?;
    web::run(bookings::api(&bookings::App::from_env(&core)?), core).await
}
