//! The smallest function that asks the database for one item, built as ours are: what they are measured against. Nobody deploys it.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Region};
use aws_sdk_dynamodb::types::AttributeValue;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let endpoint = env::optional("HOLDFAST_DYNAMODB_ENDPOINT");
    let mut config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(env::required("AWS_REGION")?))
        .credentials_provider(aws::credentials()?)
        .http_client(aws::http(endpoint.as_deref()));
    config.set_endpoint_url(endpoint);
    let client = Client::from_conf(config.build());
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Value>| read(&client, &event.payload).await))
        .await
}

/// Reads the item that the event names, and tells how many attributes it has.
async fn read(client: &Client, event: &Value) -> Result<Value, Error> {
    let named = |field: &str| event.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
    let request = client.get_item().table_name(named("table"));
    let request = request.key("pk", AttributeValue::S(named("pk"))).key("sk", AttributeValue::S(named("sk")));
    let item = request.send().await?.item;
    Ok(json!({ "attributes": item.ok_or("no such item")?.len() }))
}
