//! The client against a server of one answer.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread::JoinHandle;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use serde_json::json;

use super::*;

/// A server for one connection that answers with this; gives what it was told.
pub(crate) fn server(answer: impl Into<String>) -> (String, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let answer = answer.into();
    let told = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let told = request(&mut stream);
        let _ = stream.write_all(answer.as_bytes());
        told
    });
    (url, told)
}

fn request(stream: &mut impl Read) -> String {
    let (mut told, mut part) = (Vec::new(), [0; 1024]);
    loop {
        let text = String::from_utf8_lossy(&told).to_lowercase();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                return String::from_utf8(told).unwrap();
            }
        }
        let read = stream.read(&mut part).unwrap();
        assert!(read > 0, "the request broke off");
        told.extend_from_slice(&part[..read]);
    }
}

pub(crate) fn answer(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n{body}", body.len())
}

async fn asked(url: &str) -> Result<Value> {
    Http::new(url).unwrap().get("/v1/x").basic("key", "secret").send().await
}

#[tokio::test]
async fn a_json_body_arrives_with_its_headers_and_the_answer_is_read() {
    let (url, told) = server(answer("200 OK", "", r#"{"id": "order_1"}"#));
    let http = Http::new(&format!("{url}/api/")).unwrap();
    let call = http.post("/v1/orders").basic("key", "secret").header("x-idempotency", "abc");
    assert_eq!(call.json(&json!({"amount": 5})).await.unwrap(), json!({"id": "order_1"}));
    let told = told.join().unwrap();
    assert!(told.starts_with("POST /api/v1/orders HTTP/1.1\r\n"), "{told}");
    for part in [
        "\r\nauthorization: Basic a2V5OnNlY3JldA==\r\n",
        "\r\nx-idempotency: abc\r\n",
        "\r\ncontent-type: application/json\r\n",
        "\r\n\r\n{\"amount\":5}",
    ] {
        assert!(told.contains(part), "{part} in {told}");
    }
}

#[tokio::test]
async fn a_form_and_a_token_arrive_and_an_empty_answer_is_null() {
    let (url, told) = server(answer("204 No Content", "", ""));
    let http = Http::new(&url).unwrap();
    let call = http.post("/send").bearer("token");
    assert_eq!(call.form(&[("To", "+91 1"), ("Body", "a&b")]).await.unwrap(), Value::Null);
    let told = told.join().unwrap();
    assert!(told.contains("\r\nauthorization: Bearer token\r\n"), "{told}");
    assert!(told.ends_with("\r\n\r\nTo=%2B91+1&Body=a%26b"), "{told}");
}

#[tokio::test]
async fn each_status_means_whether_to_try_again() {
    for (status, code) in [
        ("400 Bad Request", Code::BadRequest),
        ("401 Unauthorized", Code::UpstreamFailed),
        ("403 Forbidden", Code::UpstreamFailed),
        ("404 Not Found", Code::BadRequest),
        ("408 Request Timeout", Code::UpstreamFailed),
        ("429 Too Many Requests", Code::Unavailable),
        ("500 Internal Server Error", Code::UpstreamFailed),
        ("503 Service Unavailable", Code::UpstreamFailed),
    ] {
        let said = r#"{"error": {"code": "SOME_ERROR", "description": "call +919876543210"}}"#;
        let (url, _told) = server(answer(status, "retry-after: 7\r\n", said));
        let error = asked(&url).await.unwrap_err();
        assert_eq!(error.code(), code, "{status}");
        assert_eq!(error.is_transient(), code != Code::BadRequest, "{status}");
        assert_eq!(error.retry_after(), (code == Code::Unavailable).then_some(7), "{status}");
        let refused = Refused::of(&error).unwrap();
        assert_eq!(
            (refused.status.to_string().as_str(), refused.code.as_deref()),
            (&status[..3], Some("SOME_ERROR"))
        );
        assert!(!error.chain().contains("98765"), "{}", error.chain());
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    elsewhere.set_nonblocking(true).unwrap();
    let location = format!("location: http://{}/\r\n", elsewhere.local_addr().unwrap());
    let (url, _told) = server(answer("302 Found", &location, ""));
    assert_eq!(asked(&url).await.unwrap_err().code(), Code::UpstreamFailed);
    assert!(elsewhere.accept().is_err());
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_is_transient() {
    let huge = "[".to_owned() + &"1,".repeat(ANSWER_BYTES / 2) + "1]";
    for bad in [
        answer("200 OK", "", "<html>"),
        answer("200 OK", "", &huge),
        "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{".to_owned(),
        String::new(),
    ] {
        let (url, _told) = server(bad);
        assert_eq!(asked(&url).await.unwrap_err().code(), Code::UpstreamFailed);
    }
}

#[tokio::test]
async fn a_provider_that_is_silent_or_away_is_transient() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let hasty = Http::within(&url, Duration::from_millis(50)).unwrap();
    let error = hasty.get("/").send().await.unwrap_err();
    assert!(error.is_transient() && error.to_string().contains("in time"), "{}", error.chain());
    drop(silent);
    assert!(asked(&url).await.unwrap_err().is_transient());
}

#[tokio::test]
async fn a_header_that_is_none_is_a_defect_and_tells_no_secret() {
    let http = Http::new("http://127.0.0.1:9").unwrap();
    let error = http.get("/").bearer("s3cret\r\nx: y").send().await.unwrap_err();
    assert_eq!(error.code(), Code::Internal);
    assert!(!error.chain().contains("s3cret"), "{}", error.chain());
}

#[test]
fn plain_text_is_for_this_machine_and_addresses_have_no_secrets() {
    for fine in [
        "https://api.razorpay.com",
        "https://graph.facebook.com/v21.0/",
        "http://127.0.0.1:80",
        "http://localhost:1/x",
    ] {
        assert!(Http::new(fine).is_ok(), "{fine}");
    }
    for bad in [
        "",
        "api.razorpay.com",
        "http://api.razorpay.com",
        "ftp://localhost",
        "https://u:secret@host",
        "https://h/?a=secret",
        "http://localhost@h.example",
    ] {
        let error = Http::new(bad).unwrap_err();
        assert!(!error.chain().contains("secret"), "{bad}");
    }
}

/// A server for one connection with a certificate that it made itself; gives whether it was told anything.
fn stranger() -> (String, CertificateDer<'static>, JoinHandle<bool>) {
    let pem = include_bytes!("../../../aws/src/http/stranger.pem");
    let certificate = CertificateDer::from_pem_slice(pem).unwrap();
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("../../../aws/src/http/stranger.key")).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let told = std::thread::spawn(move || {
        let (socket, _) = listener.accept().unwrap();
        let mut stream = StreamOwned::new(ServerConnection::new(Arc::new(config)).unwrap(), socket);
        let told = stream.read(&mut [0; 1024]).is_ok_and(|read| read > 0);
        told && stream.write_all(answer("200 OK", "", "{}").as_bytes()).and_then(|()| stream.flush()).is_ok()
    });
    (url, certificate, told)
}

#[tokio::test]
async fn a_server_that_no_public_authority_certified_is_told_nothing() {
    let (url, _, told) = stranger();
    let error = asked(&url).await.unwrap_err();
    let mut cause: &dyn std::error::Error = error.cause().unwrap();
    while let Some(next) = cause.source() {
        cause = next;
    }
    assert!(cause.to_string().contains("UnknownIssuer"), "{cause}");
    assert!(error.is_transient() && !told.join().unwrap());
}

#[tokio::test]
async fn the_same_server_is_spoken_to_by_who_trusts_it() {
    let (url, certificate, told) = stranger();
    let mut roots = RootCertStore::empty();
    roots.add(certificate).unwrap();
    let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let http = Http { client: client(tls), ..Http::new(&url).unwrap() };
    assert_eq!(http.get("/").send().await.unwrap(), json!({}));
    assert!(told.join().unwrap());
}
