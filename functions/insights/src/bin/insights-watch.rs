//! Looks which rules are broken and tells it, on Lambda: called by a schedule.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    aws::log();
    let store = store::Store::from_env()?;
    let watch = insights::Watch::on_lambda(store, queue::Queues::from_env()?);
    lambda_runtime::run(lambda_runtime::service_fn(async |event| {
        watch.called(event).await.map_err(lambda_runtime::Error::from)
    }))
    .await
}
