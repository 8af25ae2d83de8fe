//! Whom the client trusts: exactly Amazon's five, and nobody on the way.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::thread::JoinHandle;

use aws_credential_types::Credentials;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::retry::RetryConfig;
use aws_sdk_sqs::config::timeout::TimeoutConfig;
use aws_sdk_sqs::config::{BehaviorVersion, Region};
use aws_sdk_sqs::error::DisplayErrorContext;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use sha2::{Digest, Sha256};

use super::*;

/// As Amazon publishes them, at <https://www.amazontrust.com/repository/>.
const FINGERPRINTS: [&str; 5] = [
    "8ecde6884f3d87b1125ba31ac3fcb13d7016de7f57cc904fe1cb97c6ae98196e",
    "1ba5b2aa8c65401a82960118f80bec4f62304d83cec4713a19c39c011ea46db4",
    "18ce6cfe7bf14e60b2e347b8dfe868cb31d02ebb3ada271569f50343b46db3a4",
    "e35d28419ed02025cfa69038cd623962458da5c695fbdea3c22b0bfb25897092",
    "568d6905a2c88708a4b3025190edcfedb1974a606a13c6e5290fcb2ae63edab5",
];

const STRANGER: &str = include_str!("stranger.pem");

#[test]
fn the_pinned_roots_are_amazon_s_and_can_be_read() {
    let mut store = RootCertStore::empty();
    for (root, fingerprint) in ROOTS.iter().zip(FINGERPRINTS) {
        let certificates: Vec<_> = CertificateDer::pem_slice_iter(root.as_bytes()).collect();
        assert_eq!(certificates.len(), 1);
        let certificate = certificates.into_iter().next().unwrap().unwrap();
        let digest: [u8; 32] = Sha256::digest(&certificate).into();
        let expected = (0..32).map(|at| u8::from_str_radix(&fingerprint[2 * at..2 * at + 2], 16).unwrap());
        assert!(digest.into_iter().eq(expected), "{fingerprint}");
        store.add(certificate).unwrap();
    }
    assert_eq!(store.len(), FINGERPRINTS.len());
}

#[test]
fn amazon_s_roots_are_for_amazon_s_names_alone() {
    for amazon in [
        "https://dynamodb.eu-central-1.amazonaws.com",
        "https://vpce-1-2.dynamodb.eu-central-1.vpce.amazonaws.com:443/",
        "https://sqs-fips.us-east-1.api.aws/",
    ] {
        assert!(is_amazon(amazon), "{amazon}");
    }
    for other in [
        "https://dynamodb.cn-north-1.amazonaws.com.cn",
        "https://database.example",
        "https://amazonaws.com.example/.amazonaws.com",
    ] {
        assert!(!is_amazon(other), "{other}");
    }
}

/// A server for one connection with a certificate that it made itself.
fn stranger() -> (String, JoinHandle<std::io::Result<usize>>) {
    let certificate = CertificateDer::from_pem_slice(STRANGER.as_bytes()).unwrap();
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("stranger.key")).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let read = std::thread::spawn(move || {
        let (socket, _) = listener.accept()?;
        let mut stream =
            StreamOwned::new(ServerConnection::new(Arc::new(config)).map_err(std::io::Error::other)?, socket);
        let read = stream.read(&mut [0; 64])?;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}")?;
        stream.flush()?;
        Ok(read)
    });
    (url, read)
}

async fn call(url: &str, http: SharedHttpClient) -> Result<(), String> {
    let config = aws_sdk_sqs::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(Credentials::new("key", "secret", None, None, "test"))
        .endpoint_url(url)
        .http_client(http)
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::builder().connect_timeout(crate::CONNECT_TIMEOUT).build())
        .build();
    let answer = Client::from_conf(config).list_queues().send().await;
    answer.map(drop).map_err(|error| DisplayErrorContext(error).to_string())
}

#[tokio::test]
async fn a_server_that_amazon_did_not_certify_is_refused_before_it_reads_a_word() {
    let (url, read) = stranger();
    let refused = call(&url, http(None)).await.unwrap_err();
    assert!(refused.contains("UnknownIssuer"), "{refused}");
    assert!(read.join().unwrap().is_err());
}

#[tokio::test]
async fn the_same_server_is_spoken_to_by_who_trusts_it() {
    let (url, read) = stranger();
    call(&url, https(trusting(&[STRANGER]))).await.unwrap();
    assert!(read.join().unwrap().unwrap() > 0);
}
