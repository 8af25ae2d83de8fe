//! What follows from payments, on Lambda: called by the queue, and by a schedule every five minutes.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    aws::log();
    let store = store::Store::from_env()?;
    let gateway = providers::Razorpay::from_env()?;
    let queue = queue::Queue::from_env(queue::PAYMENTS)?;
    let worker = payments::Worker::new(store, gateway, queue);
    lambda_runtime::run(lambda_runtime::service_fn(async |event| {
        Box::pin(payments::handle(&worker, event)).await.map_err(lambda_runtime::Error::from)
    }))
    .await
}
