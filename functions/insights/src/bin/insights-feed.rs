//! The audit trail by person, on Lambda: called by the stream of the Events table.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    aws::log();
    let (store, cache) = (store::Store::from_env()?, cache::Cache::from_env()?);
    lambda_runtime::run(lambda_runtime::service_fn(async |event: lambda_runtime::LambdaEvent<_>| {
        insights::handle(&store, &cache, event.payload).await.map_err(lambda_runtime::Error::from)
    }))
    .await
}
