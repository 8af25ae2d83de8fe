//! Messages on Lambda: called by the queue, and by a schedule each minute.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    aws::log();
    let app = notify::App::from_env()?;
    lambda_runtime::run(lambda_runtime::service_fn(async |event| {
        Box::pin(notify::handle(&app, event)).await.map_err(lambda_runtime::Error::from)
    }))
    .await
}
