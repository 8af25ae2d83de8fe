//! Starting and stopping everything in one process.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::Request;
use axum::extract::connect_info::ConnectInfo;
use axum::middleware::{self, Next};
use axum::response::Response;
use cache::Cache;
use domain::DialCode;
use env::Clock;
use insights::Webhooks;
use providers::razorpay::Razorpay;
use providers::{Mail, Outbox, TextOutbox, Texts};
use razorpay::Fake;
use store::{Config, Store};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use web::{Api, Core, Keys, Limits, Origin};

use crate::front::Front;
use crate::installation::Serving;
use crate::sqs::{self, Endpoint};
use crate::status::{self, Watched};
use crate::workers::{self, Workers};
use crate::{checkout, crowd, dashboard, groups, house, outbox as page};
use database::{self, Data, Database};

/// Who mail is from on a laptop.
pub(crate) const SENDER: &str = "Holdfast <bookings@holdfast.example>";
/// Who is told of alerts on a laptop.
const OPERATORS: &str = "Operators <operators@holdfast.example>";

/// How often what requests took is looked at, to be kept once a minute.
const KEEP_EVERY: Duration = Duration::from_secs(10);

/// What to start.
#[derive(Clone)]
pub struct Options {
    /// Where data is kept.
    pub data: Data,
    /// The port to listen on; 0 for a free one.
    pub port: u16,
    /// The time.
    pub clock: Clock,
    /// The installation's secret.
    pub secret: [u8; 32],
    /// Whether answers tell in `X-Usage` what they consumed.
    pub show_usage: bool,
    /// Whether messages are worked off in the background, or only by [`Workers::settle`].
    pub background: bool,
    /// Who delivers mail instead of the outbox.
    pub mail: Option<Arc<dyn Mail>>,
    /// Who delivers SMS instead of the outbox.
    pub sms: Option<Arc<dyn Texts>>,
    /// Who delivers WhatsApp instead of the outbox.
    pub whatsapp: Option<Arc<dyn Texts>>,
    /// What callbacks of providers are proved by.
    pub webhooks: Webhooks,
    /// The country of phone numbers that say none.
    pub country: DialCode,
    /// What keeps what was read a moment ago.
    pub cache: Cache,
    /// How often somebody may ask; as often as they like, if it does not say.
    pub limits: Option<Limits>,
    /// Who takes payments from afar, instead of what stands for Razorpay in this process.
    pub gateway: Option<Razorpay>,
}

impl Options {
    /// On a free port, by the system's clock, with a secret that is made up; nothing in the background.
    pub fn new(data: Data) -> Self {
        let secret = env::random();
        let clock = Clock::system();
        Self {
            data,
            port: 0,
            clock,
            secret,
            show_usage: false,
            background: false,
            mail: None,
            sms: None,
            whatsapp: None,
            webhooks: Webhooks::default(),
            country: DialCode::default(),
            cache: Cache::memory(),
            limits: None,
            gateway: None,
        }
    }
}

/// A running installation.
pub struct Server {
    core: Core,
    api: Api,
    dir: Option<PathBuf>,
    address: SocketAddr,
    database: Database,
    queues: Endpoint,
    workers: Workers,
    outbox: Arc<Outbox>,
    texts: Arc<TextOutbox>,
    stand_in: Option<Arc<Fake>>,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<io::Result<()>>>,
}

/// Starts everything; returns once it answers.
///
/// # Errors
/// When the data cannot be opened, the port is in use, or a table cannot be made.
pub async fn start(options: Options) -> io::Result<Server> {
    let database = database::start(&options.data, options.clock.clone()).await?;
    let queues = sqs::start(&options.data, options.clock.clone()).await?;
    let all = workers::queues(queues.url()).await.map_err(io::Error::other)?;
    let store = Store::new(Config::local(database.url().to_owned()));
    while !store.migrate().await.map_err(io::Error::other)?.is_empty() {}
    let keys = Keys::from_secret(&options.secret).map_err(io::Error::other)?;
    let mut core = Core::cached(store, options.clock, keys, options.cache);
    core.show_usage = options.show_usage;
    let core = core.limited(options.limits.unwrap_or_else(Limits::off));
    let listener = TcpListener::bind(("127.0.0.1", options.port)).await?;
    let address = listener.local_addr()?;
    let outbox = Arc::new(outbox(&options.data)?);
    let texts = Arc::new(text_outbox(&options.data)?);
    let notify = notify::App {
        store: core.store.clone(),
        clock: core.clock.clone(),
        keys: Arc::clone(&core.keys),
        queue: all.notify.clone(),
        mail: options.mail.unwrap_or_else(|| Arc::clone(&outbox) as Arc<dyn Mail>),
        sms: Some(options.sms.unwrap_or_else(|| Arc::clone(&texts) as Arc<dyn Texts>)),
        whatsapp: Some(options.whatsapp.unwrap_or_else(|| Arc::clone(&texts) as Arc<dyn Texts>)),
        sender: SENDER.parse().map_err(io::Error::other)?,
        alerts_to: Some(OPERATORS.parse().map_err(io::Error::other)?),
        public_url: format!("http://{address}"),
        site_url: None,
    };
    let (gateway, stand_in) = if let Some(gateway) = options.gateway {
        (gateway, None)
    } else {
        let webhooks = options.background.then(|| format!("http://{address}/v2/webhooks/razorpay"));
        let (gateway, stand_in) =
            checkout::start(&options.data, &core.clock, &options.secret, webhooks).await?;
        (gateway, Some(Arc::new(stand_in)))
    };
    let paying = payments::App::new(&core, Some(gateway.clone()));
    let api =
        groups::merged(groups::hearing(&core, &all, Some(gateway), (options.webhooks, options.country)));
    let relay = relay::App { store: core.store.clone(), clock: core.clock.clone(), queues: all.clone() };
    let payments = payments::Worker { app: paying, queue: all.payments.clone() };
    let tasks = tasks::App { store: core.store.clone(), clock: core.clock.clone(), queue: all.tasks.clone() };
    let watch = insights::Watch::new(core.reads.clone(), core.clock.clone(), all.clone());
    let workers = Workers::new(relay, notify, tasks, payments, watch, core.reads.clone());
    let (stop, stopped) = watch::channel(false);
    let service = web::service(api.clone(), &core);
    let mut everything = page::routes(Arc::clone(&outbox), Arc::clone(&texts));
    everything = everything.merge(dashboard::routes(core.clone())).merge(house::routes(core.clone()));
    everything =
        everything.merge(status::routes(Watched { core: core.clone(), watch: workers.watch().clone() }));
    if let Some(stand_in) = &stand_in {
        everything = everything.merge(checkout::routes(Arc::clone(stand_in)));
    }
    let everything = everything.fallback_service(service);
    let everything = crowd::bounded(everything.layer(middleware::from_fn(origin)));
    let http = axum::serve(listener, everything.into_make_service_with_connect_info::<SocketAddr>())
        .with_graceful_shutdown(until(stopped.clone()));
    let mut tasks = vec![tokio::spawn(async move { http.await })];
    if options.background {
        let (background, stopping) = (workers.clone(), stopped.clone());
        tasks.push(tokio::spawn(async move {
            Box::pin(background.run(|| until(stopped.clone()))).await;
            Ok(())
        }));
        tasks.push(tokio::spawn(keeping(core.clone(), stopping)));
    }
    let dir = match options.data {
        Data::Dir(dir) => Some(dir),
        Data::Memory => None,
    };
    if let Some(dir) = &dir {
        let url = format!("http://{address}");
        let (database, queues) = (database.url().to_owned(), queues.url().to_owned());
        Serving { url, database, queues }.note(dir)?;
    }
    Ok(Server { core, api, dir, address, database, queues, workers, outbox, texts, stand_in, stop, tasks })
}

impl Server {
    /// Where it listens: `http://127.0.0.1:<port>`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What the edge has: store, clock, keys.
    pub fn core(&self) -> &Core {
        &self.core
    }

    /// The whole API.
    pub fn api(&self) -> &Api {
        &self.api
    }

    /// The API as somebody with this access token uses it, without a socket and without limits.
    pub fn front(&self, token: String) -> Front {
        Front::new(web::service(self.api.clone(), &self.core.clone().limited(Limits::off())), token)
    }

    /// The relay and the workers of messages and tasks.
    pub fn workers(&self) -> &Workers {
        &self.workers
    }

    /// The mail that was sent.
    pub fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    /// The SMS and WhatsApp messages that were sent.
    pub fn texts(&self) -> &TextOutbox {
        &self.texts
    }

    /// What stands for Razorpay, unless payments are taken elsewhere.
    pub fn stand_in(&self) -> Option<&Fake> {
        self.stand_in.as_deref()
    }

    /// The embedded database.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Finishes the requests under way and stops.
    ///
    /// # Errors
    /// When a part failed.
    pub async fn stop(self) -> io::Result<()> {
        if let Some(dir) = &self.dir {
            Serving::forget(dir);
        }
        self.stop.send_replace(true);
        for task in self.tasks {
            task.await??;
        }
        self.queues.stop().await?;
        self.database.stop().await
    }
}

fn outbox(data: &Data) -> io::Result<Outbox> {
    match data {
        Data::Memory => Ok(Outbox::in_memory()),
        Data::Dir(dir) => Outbox::in_directory(dir.join("outbox")).map_err(io::Error::other),
    }
}

fn text_outbox(data: &Data) -> io::Result<TextOutbox> {
    match data {
        Data::Memory => Ok(TextOutbox::in_memory()),
        Data::Dir(dir) => TextOutbox::in_directory(dir.join("texts")).map_err(io::Error::other),
    }
}

async fn until(mut stopped: watch::Receiver<bool>) {
    // An error means that the sender is gone: there is nobody left to serve for.
    let _ = stopped.wait_for(|stop| *stop).await;
}

/// Keeps what requests and the work behind them took, now and then.
async fn keeping(core: Core, mut stopped: watch::Receiver<bool>) -> io::Result<()> {
    loop {
        let over = tokio::time::timeout(KEEP_EVERY, stopped.wait_for(|stop| *stop)).await.is_ok();
        let now = core.clock.now();
        tokio::join!(core.telemetry.write(&core.store, now, None), core.store.keep_work(now));
        if over {
            return Ok(());
        }
    }
}

/// Says where a request came from, as API Gateway does on AWS.
async fn origin(ConnectInfo(address): ConnectInfo<SocketAddr>, mut request: Request, next: Next) -> Response {
    request.extensions_mut().insert(Origin { ip: Some(address.ip().to_string()) });
    next.run(request).await
}
