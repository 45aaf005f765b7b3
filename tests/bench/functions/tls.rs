//! Puts TLS in front of what speaks plain HTTP, with a certificate that the functions trust.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};
use tokio_rustls::{TlsAcceptor, rustls::ServerConfig, rustls::pki_types::PrivateKeyDer};

/// The system's roots, in the first file that exists. On Lambda, functions read as many.
const SYSTEM_ROOTS: [&str; 2] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
];

/// A certificate for 127.0.0.1, and the file of all trusted roots.
pub(crate) struct Certificate {
    acceptor: TlsAcceptor,
    roots: PathBuf,
}

impl Certificate {
    /// Makes a certificate, and appends it to a copy of the system's roots.
    pub(crate) fn new() -> Self {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()])
            .expect("a certificate for an address");
        let roots = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench-roots.pem");
        let mut system = SYSTEM_ROOTS.iter();
        let mut text = system
            .find_map(|path| fs::read_to_string(path).ok())
            .unwrap_or_default();
        text.push_str(&made.cert.pem());
        fs::write(&roots, text).expect("a file of roots");
        let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .expect("a certificate and its key");
        Self {
            acceptor: TlsAcceptor::from(Arc::new(config)),
            roots,
        }
    }

    /// The file of all trusted roots, in PEM, for `SSL_CERT_FILE`.
    pub(crate) fn roots(&self) -> &Path {
        &self.roots
    }
}

/// TLS in front of one server; stops when dropped.
#[derive(Debug)]
pub(crate) struct Front {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    accepting: JoinHandle<()>,
}

impl Front {
    /// Before the server at an `http` URL.
    pub(crate) async fn before(url: &str, certificate: &Certificate) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let connections = Arc::<AtomicUsize>::default();
        let server = url.trim_start_matches("http://").to_owned();
        let (acceptor, counted) = (certificate.acceptor.clone(), Arc::clone(&connections));
        let accepting = tokio::spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((outside, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::Relaxed);
                open.spawn(connect(outside, acceptor.clone(), server.clone()));
            }
        });
        Self {
            address,
            connections,
            accepting,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// TCP connections so far.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn connect(outside: TcpStream, acceptor: TlsAcceptor, server: String) {
    // Without this, small packets wait for each other, which costs 40 ms.
    let inside = TcpStream::connect(server).await.expect("the server");
    for stream in [&outside, &inside] {
        stream.set_nodelay(true).expect("no delay");
    }
    let mut inside = inside;
    let mut outside = acceptor.accept(outside).await.expect("a TLS handshake");
    // It fails only if a process has ended.
    let _ = copy_bidirectional(&mut outside, &mut inside).await;
}
