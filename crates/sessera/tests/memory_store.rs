//! The rules that every store keeps.

use std::sync::Arc;

use sessera::{MemoryStore, Store};

sessera_testkit::conformance!({
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    move || Arc::clone(&store)
});
