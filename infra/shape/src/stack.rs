//! One installation: tables and queues of the template, its functions behind the gateway, and what else calls them.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use env::Clock;
use jiff::Timestamp;
use providers::Outbox;
use queue::{Queue, Settings, Sqs};
use razorpay::{Delivery, Fake};
use reqwest::Client;
use serde_json::{Value, json};
use store::{Config, Store};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::function::{Called, lock};
use crate::gateway::Gateway;
use crate::guard::{Deed, Guard};
use crate::sources::{Sources, ask};
use crate::values::Values;
use crate::{Database, Place, Template, Tools};

/// What to start.
#[derive(Debug, Clone)]
pub struct Options {
    /// What has to be there.
    pub tools: Tools,
    /// The project's folder, with `template.yaml` and `events/`.
    pub root: PathBuf,
    /// What holds the tables.
    pub database: Database,
    /// The time at which every clock stands.
    pub now: Timestamp,
    /// The port of the gateway; 0 for a free one.
    pub port: u16,
    /// Further binaries, each with the variables of `insights`.
    pub besides: Vec<String>,
    /// The installation's secret. As AWS's, its last half byte is zero.
    pub secret: [u8; 32],
    /// Whether the payment gateway's webhooks are delivered, or wait for a test to take them.
    pub webhooks: bool,
    /// The template's parameter `Limits`.
    pub limits: String,
}

/// A running installation. It ends when it is dropped.
pub struct Stack {
    url: String,
    database: String,
    store: Store,
    sources: Arc<Sources>,
    outbox: Outbox,
    refused: Arc<Mutex<BTreeSet<(String, Deed)>>>,
    clock: Clock,
    tasks: Vec<JoinHandle<io::Result<()>>>,
    place: Option<Place>,
    gateway: Fake,
    embedded: Option<database::Database>,
}

impl Stack {
    /// Starts everything; functions start with their first call, as on Lambda.
    ///
    /// # Errors
    /// When a part cannot be started, or the template is not understood.
    pub async fn start(options: Options) -> io::Result<Self> {
        let client = Client::new();
        let template = Template::read(&options.root.join("template.yaml"))?;
        let place = Place::take(&options.tools, &options.root, options.now, &client).await?;
        let clock = Clock::at(options.now);
        let embedded = match options.database {
            Database::Moto => None,
            Database::Embedded => Some(database::start(&database::Data::Memory, clock.clone()).await?),
        };
        let database = embedded.as_ref().map_or(place.url(), database::Database::url).to_owned();
        let listener = TcpListener::bind(("127.0.0.1", options.port)).await?;
        let guarded = TcpListener::bind(("127.0.0.1", 0)).await?;
        let (url, endpoint) = (address(&listener)?, address(&guarded)?);

        let webhooks = options.webhooks.then(|| format!("{url}/v2/webhooks/razorpay"));
        let gateway = gateway(webhooks.map_or(Delivery::Held, Delivery::Background), &clock).await?;

        let (queues, queue_names) = queues(&template, place.url()).await?;
        let mut known: BTreeMap<String, String> =
            queues.iter().map(|(id, queue)| (id.clone(), queue.url().to_owned())).collect();
        known.extend([
            ("Mail".to_owned(), format!("outbox:{}", place.mail().display())),
            ("EnableCache".to_owned(), "true".to_owned()),
            ("Limits".to_owned(), options.limits),
            ("RequestMetrics".to_owned(), "on".to_owned()),
            ("MailFrom".to_owned(), "Holdfast <bookings@holdfast.example>".to_owned()),
            ("PublicUrl".to_owned(), url.clone()),
            ("RazorpayKeyId".to_owned(), KEY_ID.to_owned()),
            ("RazorpayKeySecret".to_owned(), KEY_SECRET.to_owned()),
            ("RazorpayWebhookSecrets".to_owned(), WEBHOOK_SECRET.to_owned()),
            ("AWS::StackName".to_owned(), "holdfast".to_owned()),
        ]);
        let secret = BASE64.encode(options.secret);
        let made =
            secret.strip_suffix('A').ok_or_else(|| io::Error::other("not such a secret as AWS makes"))?;
        let values = Values::new(&template, known, made.to_owned());
        for table in template.resources("AWS::DynamoDB::Table").into_values() {
            create(&client, &database, table, &values).await?;
        }

        let mut all = template.functions();
        for name in options.besides {
            let like =
                all.get("insights").cloned().ok_or_else(|| io::Error::other("there is no insights"))?;
            all.insert(name.clone(), crate::Function { name, sources: Vec::new(), ..like });
        }
        let started = all.into_iter().map(|(name, function)| {
            let mut variables: BTreeMap<String, String> = function
                .variables
                .iter()
                .filter_map(|(name, value)| Some((name.clone(), values.text(value)?)))
                .collect();
            variables.extend(
                [
                    ("AWS_REGION", "us-east-1"),
                    ("AWS_ACCESS_KEY_ID", &name),
                    ("AWS_SECRET_ACCESS_KEY", "secret"),
                    ("HOLDFAST_DYNAMODB_ENDPOINT", &endpoint),
                    ("HOLDFAST_SQS_ENDPOINT", &endpoint),
                    ("HOLDFAST_RAZORPAY_URL", gateway.url()),
                    ("HOLDFAST_SHOW_USAGE", "true"),
                ]
                .map(|(name, value)| (name.to_owned(), value.to_owned())),
            );
            if let Some(url) = variables.get_mut("REDIS_URL") {
                *url = place.redis().url();
            }
            let called = Called::new(function, options.tools.clone(), &place, variables, client.clone());
            (name, Arc::new(called))
        });
        let functions: BTreeMap<String, Arc<Called>> = started.collect();
        let guard = Guard::new(
            (client.clone(), database.clone(), place.url().to_owned()),
            &template,
            &values,
            queue_names,
        );
        let refused = guard.refused();
        let front = Gateway::new(&template, functions.clone());
        let tasks = vec![guard.serve(guarded), front.serve(listener)];
        let store = Store::new(Config::local(database.clone()));
        let events = store.name(&store::schema::EVENTS);
        let sources = Sources::new((client, database.clone(), events), functions, queues, options.root);
        let outbox = Outbox::in_directory(place.mail()).map_err(io::Error::other)?;
        let sources = Arc::new(sources);
        Ok(Self {
            url,
            database,
            store,
            sources,
            outbox,
            refused,
            clock,
            tasks,
            place: Some(place),
            gateway,
            embedded,
        })
    }

    /// Where the gateway listens.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where the tables answer, past every function and right.
    pub fn database(&self) -> &str {
        &self.database
    }

    /// The folder of what was sent.
    pub fn mail(&self) -> Option<PathBuf> {
        self.place.as_ref().map(Place::mail)
    }

    /// The tables, past every function and right.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// What calls functions besides the gateway.
    pub fn sources(&self) -> &Arc<Sources> {
        &self.sources
    }

    /// A queue, by its id in the template.
    ///
    /// # Errors
    /// When there is none.
    pub fn queue(&self, id: &str) -> io::Result<&Queue> {
        self.sources.queues.get(id).ok_or_else(|| io::Error::other(format!("there is no {id}")))
    }

    /// What stands for Razorpay.
    pub fn gateway(&self) -> &Fake {
        &self.gateway
    }

    /// What was sent.
    pub fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    /// Sets the clock of every part.
    ///
    /// # Errors
    /// When the file that says it cannot be written.
    pub fn set_clock(&self, now: Timestamp) -> io::Result<()> {
        self.clock.advance(now.duration_since(self.clock.now()));
        self.place.as_ref().map_or(Ok(()), |place| place.set(now))
    }

    /// Kills every process of a function that is at work this moment, as `kill -9` does; how many.
    pub fn kill(&self, function: &str) -> usize {
        self.sources.functions.get(function).map_or(0, |function| function.kill())
    }

    /// Ends every process of a function that waits for a call, as Lambda does after a while.
    pub fn retire(&self, function: &str) {
        if let Some(function) = self.sources.functions.get(function) {
            function.retire();
        }
    }

    /// Sends a command to the cache as one types it in its shell; the answer, or its first line.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn tell_cache(&self, command: &str) -> io::Result<String> {
        let place = self.place.as_ref().ok_or_else(|| io::Error::other("nothing runs"))?;
        place.redis().tell(command)
    }

    /// How many environments of a function were started so far.
    pub fn environments(&self, function: &str) -> usize {
        self.sources.functions.get(function).map_or(0, |function| function.environments())
    }

    /// What environments of a function wrote to their logs.
    ///
    /// # Errors
    /// When a log cannot be read.
    pub fn log(&self, function: &str) -> io::Result<String> {
        self.sources.functions.get(function).map_or_else(|| Ok(String::new()), |function| function.log())
    }

    /// What functions tried that the template does not allow them.
    pub fn refused(&self) -> Vec<String> {
        let each = lock(&self.refused);
        each.iter()
            .map(|(function, (action, resource))| format!("{function}: {action} on {resource}"))
            .collect()
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
        if let Some(database) = &self.embedded {
            database.close();
        }
        if let Some(place) = self.place.take() {
            place.give_back();
        }
    }
}

/// Of the payment gateway, which nobody else reaches. The key's id is that of a laptop: the tour shows it.
const KEY_ID: &str = "rzp_test_laptop";
const KEY_SECRET: &str = "key secret of the stand-in";
const WEBHOOK_SECRET: &str = "webhook secret of the stand-in";

async fn gateway(webhooks: Delivery, clock: &Clock) -> io::Result<Fake> {
    let options = razorpay::Options {
        port: 0,
        key_id: KEY_ID.to_owned(),
        key_secret: KEY_SECRET.to_owned(),
        webhook_secret: WEBHOOK_SECRET.to_owned(),
        seed: u64::from_be_bytes(env::random()),
        clock: clock.clone(),
        file: None,
        webhooks,
    };
    Fake::start(options).await.map_err(io::Error::other)
}

/// The queues of the template, by id; and the ids of these and of their dead letters by name.
async fn queues(
    template: &Template,
    endpoint: &str,
) -> io::Result<(BTreeMap<String, Queue>, BTreeMap<String, String>)> {
    let sqs = Sqs::local(endpoint);
    let (mut queues, mut names) = (BTreeMap::new(), BTreeMap::new());
    for (id, queue) in template.resources("AWS::SQS::Queue") {
        let dead =
            queue.pointer("/Properties/RedrivePolicy/deadLetterTargetArn/!GetAtt").and_then(Value::as_str);
        let Some(dead) = dead.and_then(|dead| dead.strip_suffix(".Arn")) else { continue };
        let number = |pointer: &str| queue.pointer(pointer).and_then(Value::as_u64);
        let settings = Settings {
            visibility: Duration::from_secs(number("/Properties/VisibilityTimeout").unwrap_or(30)),
            max_receives: number("/Properties/RedrivePolicy/maxReceiveCount")
                .and_then(|count| u32::try_from(count).ok())
                .unwrap_or(1),
        };
        queues.insert(id.to_owned(), sqs.create(id, settings).await.map_err(io::Error::other)?);
        names.insert(id.to_owned(), id.to_owned());
        names.insert(format!("{id}-dead"), dead.to_owned());
    }
    Ok((queues, names))
}

/// Makes a table of the template.
async fn create(client: &Client, database: &str, table: &Value, values: &Values) -> io::Result<()> {
    let Some(is) = table.get("Properties") else {
        return Err(io::Error::other("a table without properties"));
    };
    let name = is.get("TableName").and_then(|name| values.text(name));
    let mut request = json!({ "TableName": name, "BillingMode": "PAY_PER_REQUEST" });
    for field in ["AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes"] {
        if let (Some(value), Some(into)) = (is.get(field), request.as_object_mut()) {
            into.insert(field.to_owned(), value.clone());
        }
    }
    ask(client, database, "DynamoDB_20120810.CreateTable", &request).await.map(drop)
}

fn address(listener: &TcpListener) -> io::Result<String> {
    Ok(format!("http://{}", listener.local_addr()?))
}
