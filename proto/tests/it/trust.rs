//! Who is let in: exactly the one whose certificate was handed over, if it holds the key.

use std::path::Path;
use std::sync::Arc;

use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P521_SHA512, SignatureAlgorithm};
use tfplugin::client::{Options, Plugin};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio_rustls::rustls::client::ResolvesClientCert;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{ClientConfig, DigitallySignedStruct, Error, ServerConfig, SignatureScheme};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::support::{hosted, start};

/// A certificate, and a key that may be another's.
#[derive(Debug, Clone)]
struct Shown(Arc<CertifiedKey>);

impl ResolvesClientCert for Shown {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }

    fn has_certs(&self) -> bool {
        true
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

fn identity(algorithm: &'static SignatureAlgorithm) -> (rcgen::Certificate, KeyPair) {
    let key = KeyPair::generate_for(algorithm).unwrap();
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    // As Go's hosts make theirs.
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    (params.self_signed(&key).unwrap(), key)
}

fn shown(certificate: &rcgen::Certificate, key: &KeyPair) -> Shown {
    let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
    let key = aws_lc_rs::default_provider().key_provider.load_private_key(key).unwrap();
    Shown(Arc::new(CertifiedKey::new(vec![certificate.der().clone()], key)))
}

/// Trusts everyone: what is tested is the other end.
#[derive(Debug)]
struct Anyone;

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        aws_lc_rs::default_provider().signature_verification_algorithms.supported_schemes()
    }
}

/// Whether a plugin that was started for `expected` talks to a host that shows `certificate` and signs with `key`.
async fn plugin_talks(expected: &rcgen::Certificate, certificate: &rcgen::Certificate, key: &KeyPair) -> bool {
    let (mut plugin, handshake) = start(hosted().env("PLUGIN_CLIENT_CERT", expected.pem()));
    assert!(handshake.certificate.is_some());
    let talks = greet(&handshake.socket, shown(certificate, key)).await;
    plugin.kill();
    drop(std::fs::remove_dir_all(handshake.socket.parent().unwrap()));
    talks
}

/// Whether the server answers the greeting of HTTP/2.
async fn greet(socket: &Path, shown: Shown) -> bool {
    let mut config = ClientConfig::builder()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anyone))
        .with_client_cert_resolver(Arc::new(shown));
    config.alpn_protocols = vec![b"h2".to_vec()];
    let stream = UnixStream::connect(socket).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let Ok(mut stream) = TlsConnector::from(Arc::new(config)).connect(name, stream).await else { return false };
    let greeting = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    if stream.write_all(greeting).await.is_err() || stream.flush().await.is_err() {
        return false;
    }
    stream.read(&mut [0; 9]).await.is_ok_and(|read| read > 0)
}

#[tokio::test]
async fn a_plugin_talks_to_its_host_whatever_curve_it_uses() {
    for algorithm in [&PKCS_ECDSA_P256_SHA256, &PKCS_ECDSA_P521_SHA512] {
        let (certificate, key) = identity(algorithm);
        assert!(plugin_talks(&certificate, &certificate, &key).await);
    }
}

#[tokio::test]
async fn a_plugin_refuses_a_host_with_another_certificate() {
    let ((expected, _), (other, key)) = (identity(&PKCS_ECDSA_P521_SHA512), identity(&PKCS_ECDSA_P521_SHA512));
    assert!(!plugin_talks(&expected, &other, &key).await);
}

#[tokio::test]
async fn a_plugin_refuses_a_host_that_shows_the_certificate_without_having_its_key() {
    let ((expected, _), (_, other)) = (identity(&PKCS_ECDSA_P521_SHA512), identity(&PKCS_ECDSA_P521_SHA512));
    assert!(!plugin_talks(&expected, &expected, &other).await);
}

/// What a host says of a plugin that announces `announced`, shows `certificate` and signs with `key`.
async fn host_says(announced: &rcgen::Certificate, certificate: &rcgen::Certificate, key: &KeyPair) -> String {
    use base64::Engine;
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("socket");
    let listener = UnixListener::bind(&socket).unwrap();
    let mut config =
        ServerConfig::builder().with_no_client_auth().with_cert_resolver(Arc::new(shown(certificate, key)));
    config.alpn_protocols = vec![b"h2".to_vec()];
    let server = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        drop(TlsAcceptor::from(Arc::new(config)).accept(stream).await);
    });
    let der = base64::engine::general_purpose::STANDARD.encode(announced.der());
    let mut command = tokio::process::Command::new("sh");
    command.arg("-c").arg(format!("echo '1|6|unix|{}|grpc|{der}'; exec sleep 60", socket.display()));
    let error = Plugin::launch(command, Options::default()).await.err().unwrap();
    server.await.unwrap();
    error.to_string()
}

#[tokio::test]
async fn a_host_refuses_a_plugin_with_another_certificate_or_without_its_key() {
    let ((announced, _), (other, key)) = (identity(&PKCS_ECDSA_P256_SHA256), identity(&PKCS_ECDSA_P256_SHA256));
    let said = host_says(&announced, &other, &key).await;
    assert!(said.contains("invalid peer certificate: ApplicationVerificationFailure"), "{said}");
    let said = host_says(&announced, &announced, &key).await;
    assert!(said.contains("invalid peer certificate: BadSignature"), "{said}");
}
