//! A key file that is looked at again.

use std::sync::{Arc, Mutex, PoisonError};

use crate::keyring::options;
use crate::{Keyring, Result};

/// A key file, which tells when it has changed, so that a running process takes up a rotation.
#[derive(uniffi::Object)]
pub struct KeyringFile {
    file: Mutex<sessera::KeyringFile>,
    keyring: Mutex<Arc<Keyring>>,
}

#[uniffi::export]
impl KeyringFile {
    /// Loads the ring, and remembers the file as it was then. Fails as `Keyring.load`.
    #[uniffi::constructor(default(allow_rs256 = false))]
    pub fn new(path: &str, allow_rs256: bool) -> Result<Self> {
        let (file, keyring) = sessera::KeyringFile::open_with(path, options(allow_rs256))?;
        Ok(Self { file: Mutex::new(file), keyring: Mutex::new(Arc::new(keyring.into())) })
    }

    /// The ring as it was loaded last.
    pub fn keyring(&self) -> Arc<Keyring> {
        Arc::clone(&self.keyring.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The ring, if the file is another one than at the last call. Costs one `stat` if it is not.
    ///
    /// Fails as `Keyring.load`, and again at each call until the file is good. Keep the ring that you have.
    pub fn reload_if_changed(&self) -> Result<Option<Arc<Keyring>>> {
        let loaded = self.file.lock().unwrap_or_else(PoisonError::into_inner).reload_if_changed()?;
        Ok(loaded.map(|keyring| {
            let keyring = Arc::new(Keyring::from(keyring));
            *self.keyring.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&keyring);
            keyring
        }))
    }
}
