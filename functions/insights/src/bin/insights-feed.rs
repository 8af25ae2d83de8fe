//! Figures and the audit trail by person, on Lambda: called by the stream of the Events table.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    aws::log();
    let feed = insights::Feed::on_lambda(store::Store::from_env()?, cache::Cache::from_env()?);
    lambda_runtime::run(lambda_runtime::service_fn(async |event| {
        feed.handle(event).await.map_err(lambda_runtime::Error::from)
    }))
    .await
}
