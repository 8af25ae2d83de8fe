//! The HTTP client: Amazon's own roots for AWS, the system's for another endpoint, none for plain text.
//!
//! Reading the system's two hundred roots took more than half of a function's start. AWS answers with certificates below five:
//! <https://docs.aws.amazon.com/acm/latest/userguide/acm-concepts.html#concept-trust-services>.

use std::sync::OnceLock;

use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

/// Amazon Trust Services' roots, and the older one that some of them are signed by.
pub const ROOTS: [&str; 5] = [
    include_str!("../roots/amazon-1.pem"),
    include_str!("../roots/amazon-2.pem"),
    include_str!("../roots/amazon-3.pem"),
    include_str!("../roots/amazon-4.pem"),
    include_str!("../roots/starfield-g2.pem"),
];

/// What carries the requests to an endpoint, or to AWS itself without one. The client for AWS is one in a process, so that
/// its roots are read once for all services; nothing is read before the first request.
pub fn http(endpoint: Option<&str>) -> SharedHttpClient {
    static AWS: OnceLock<SharedHttpClient> = OnceLock::new();
    match endpoint {
        Some(url) if url.starts_with("http://") => Builder::new().build_http(),
        Some(url) if !is_amazon(url) => https(TrustStore::default()),
        _ => AWS.get_or_init(|| https(trusting(&ROOTS))).clone(),
    }
}

/// Whether Amazon's roots are those of this endpoint: a private one of a network, one for FIPS, a cache. China has others.
pub fn is_amazon(url: &str) -> bool {
    let (_, rest) = url.split_once("://").unwrap_or(("", url));
    let host = rest.split(['/', ':']).next().unwrap_or_default();
    host.ends_with(".amazonaws.com") || host.ends_with(".api.aws")
}

fn trusting(roots: &[&str]) -> TrustStore {
    roots.iter().fold(TrustStore::empty(), |store, root| store.with_pem_certificate(*root))
}

#[expect(clippy::expect_used, reason = "it cannot fail, and to trust others instead would be worse")]
fn https(trusted: TrustStore) -> SharedHttpClient {
    let context =
        TlsContext::builder().with_trust_store(trusted).build().expect("a trust store is all it takes");
    let builder = Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).tls_context(context);
    SharedHttpClient::new(Lazy(builder.build_https()))
}

/// A client whose connector is made with the first request. By itself it would also make one with each service, to see
/// whether it can, and throw it away.
#[derive(Debug)]
struct Lazy(SharedHttpClient);

impl HttpClient for Lazy {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        self.0.http_connector(settings, components)
    }
}

#[cfg(test)]
mod tests;
