//! The daily audit of the ledger, on Lambda: called by a schedule, or by an operator with `{"fix": true}` to repair.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    aws::log();
    let store = store::Store::from_env()?;
    let auditor = tasks::Auditor::on_lambda(store);
    lambda_runtime::run(lambda_runtime::service_fn(async |event| {
        Box::pin(auditor.called(event)).await.map_err(lambda_runtime::Error::from)
    }))
    .await
}
