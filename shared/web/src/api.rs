//! Routes as values: what is served, who may call it, and what it takes and answers.

use axum::handler::Handler;
use axum::http::Method;
use axum::routing::{MethodRouter, on};
use schemars::{JsonSchema, Schema, SchemaGenerator};

use crate::access::Access;
use crate::caching::Keeping;
use crate::limits::Group;
use crate::request::Request;
use crate::version::Version;

/// How a schema is made when the description is written.
pub(crate) type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// One endpoint: method, path, who may call it, and its handler.
#[derive(Clone)]
pub struct Route<S = ()> {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    pub(crate) access: Access,
    pub(crate) group: Group,
    pub(crate) key: Key,
    pub(crate) keeping: Keeping,
    pub(crate) paged: bool,
    pub(crate) id: &'static str,
    pub(crate) summary: &'static str,
    pub(crate) body: Option<SchemaOf>,
    pub(crate) query: Option<SchemaOf>,
    pub(crate) answers: Vec<(u16, Option<SchemaOf>)>,
    pub(crate) handler: MethodRouter<S>,
}

/// What a write does with an `Idempotency-Key`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// Takes no notice of it: a read, or a write that is idempotent by itself.
    Ignored,
    /// Uses it if it comes.
    Accepted,
    /// Refuses a v2 request without it.
    Required,
}

macro_rules! methods {
    ($($name:ident = $method:ident;)*) => {$(
        #[doc = concat!("A `", stringify!($method), "` endpoint.")]
        pub fn $name<S, H, T>(path: &'static str, access: Access, handler: H) -> Route<S>
        where
            H: Handler<T, S>,
            T: 'static,
            S: Clone + Send + Sync + 'static,
        {
            Route::new(Method::$method, path, access, on(axum::routing::MethodFilter::$method, handler))
        }
    )*};
}

methods! {
    get = GET;
    post = POST;
    put = PUT;
    patch = PATCH;
    delete = DELETE;
}

impl<S: Clone + Send + Sync + 'static> Route<S> {
    fn new(method: Method, path: &'static str, access: Access, handler: MethodRouter<S>) -> Self {
        Self {
            group: Group::of(&method, access),
            method,
            path,
            access,
            key: Key::Ignored,
            keeping: Keeping::Private,
            paged: false,
            id: "",
            summary: "",
            body: None,
            query: None,
            answers: Vec::new(),
            handler,
        }
    }

    /// The stable operation id and one line on what it does.
    #[must_use]
    pub fn named(mut self, id: &'static str, summary: &'static str) -> Self {
        (self.id, self.summary) = (id, summary);
        self
    }

    /// What it does with an `Idempotency-Key`.
    #[must_use]
    pub fn keyed(mut self, key: Key) -> Self {
        self.key = key;
        self
    }

    /// What it is limited together with, where that is not what [`Group`] says of reads, of writes and of what anybody may write to.
    #[must_use]
    pub fn limited(mut self, group: Group) -> Self {
        self.group = group;
        self
    }

    /// Anybody may keep the answer for this long. It is the same for every caller: the handler is told of none.
    #[must_use]
    pub fn cached_publicly(mut self, seconds: u32) -> Self {
        self.keeping = Keeping::Public(seconds);
        self
    }

    /// Nobody may keep the answer. Without this and the above it is whoever asked who may; of a write, nobody.
    #[must_use]
    pub fn never_kept(mut self) -> Self {
        self.keeping = Keeping::Nobody;
        self
    }

    /// It takes `limit` and `cursor`, by [`PageQuery`](crate::PageQuery).
    #[must_use]
    pub fn paged(mut self) -> Self {
        self.paged = true;
        self
    }

    /// The body it takes.
    #[must_use]
    pub fn takes<T: Request>(mut self) -> Self {
        self.body = Some(T::schema);
        self
    }

    /// The query parameters it takes.
    #[must_use]
    pub fn queried<T: Request>(mut self) -> Self {
        self.query = Some(T::schema);
        self
    }

    /// A status it answers with, and the data in that answer. In v2 the data of the envelope, in v1 the whole object.
    #[must_use]
    pub fn answers<T: JsonSchema>(mut self, status: u16) -> Self {
        self.answers.push((status, Some(SchemaGenerator::subschema_for::<T>)));
        self
    }

    /// A status it answers with and no JSON, e.g. 204 or a calendar.
    #[must_use]
    pub fn answers_empty(mut self, status: u16) -> Self {
        self.answers.push((status, None));
        self
    }

    fn with_state(self, state: S) -> Route<()> {
        Route {
            method: self.method,
            path: self.path,
            access: self.access,
            group: self.group,
            key: self.key,
            keeping: self.keeping,
            paged: self.paged,
            id: self.id,
            summary: self.summary,
            body: self.body,
            query: self.query,
            answers: self.answers,
            handler: self.handler.with_state(state),
        }
    }
}

impl Route {
    /// The method.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The path with `{parameters}`, without the version.
    pub fn path(&self) -> &'static str {
        self.path
    }

    /// Who may call it.
    pub fn access(&self) -> Access {
        self.access
    }

    /// What it is limited together with.
    pub fn group(&self) -> Group {
        self.group
    }

    /// Who may keep what it answers to a read.
    pub fn keeping(&self) -> Keeping {
        self.keeping
    }

    /// What it does with an `Idempotency-Key`.
    pub fn key(&self) -> Key {
        self.key
    }

    /// The operation id.
    pub fn id(&self) -> &'static str {
        self.id
    }
}

/// All routes of one group, or of several put together.
#[derive(Clone, Default)]
pub struct Api {
    /// By version; `None` for those outside the versions, such as `/health`.
    pub(crate) routes: Vec<(Option<Version>, Route)>,
}

impl Api {
    /// No routes yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the routes of a version.
    #[must_use]
    pub fn version<S: Clone + Send + Sync + 'static>(
        mut self,
        version: Version,
        routes: Vec<Route<S>>,
        state: &S,
    ) -> Self {
        let routes = routes.into_iter().map(|route| (Some(version), route.with_state(state.clone())));
        self.routes.extend(routes);
        self
    }

    /// Adds routes outside the versions.
    #[must_use]
    pub fn root<S: Clone + Send + Sync + 'static>(mut self, routes: Vec<Route<S>>, state: &S) -> Self {
        self.routes.extend(routes.into_iter().map(|route| (None, route.with_state(state.clone()))));
        self
    }

    /// Adds another group's routes.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.routes.extend(other.routes);
        self
    }

    /// Every route with its version.
    pub fn table(&self) -> impl Iterator<Item = (Option<Version>, &Route)> {
        self.routes.iter().map(|(version, route)| (*version, route))
    }
}
