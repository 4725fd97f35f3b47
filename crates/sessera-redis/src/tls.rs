//! Whom to trust where the server is reached by TLS.

use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use sessera::Result;

use crate::unavailable::wrong;

/// Servers whose certificate one of these has signed, in PEM; by default one of the system's.
pub(crate) fn config(root_certificates: Option<&[u8]>) -> Result<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    if let Some(pem) = root_certificates {
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate =
                certificate.map_err(|error| wrong("root_certificates can't be read").caused_by(error))?;
            roots
                .add(certificate)
                .map_err(|error| wrong("root_certificates can't be read").caused_by(error))?;
        }
        if roots.is_empty() {
            return Err(wrong("root_certificates holds no certificate in PEM"));
        }
    } else {
        // One that can't be read is not trusted, and the others are.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    // Whatever the application has chosen for its process is its own.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong("TLS can't be set up").caused_by(error))?;
    Ok(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
}
