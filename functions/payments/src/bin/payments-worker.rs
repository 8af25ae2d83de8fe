//! What follows from payments, on Lambda: called by the queue, and by a schedule every five minutes.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    aws::log();
    let worker = payments::Worker::from_env()?;
    lambda_runtime::run(lambda_runtime::service_fn(async |event| {
        Box::pin(payments::handle(&worker, event)).await.map_err(lambda_runtime::Error::from)
    }))
    .await
}
