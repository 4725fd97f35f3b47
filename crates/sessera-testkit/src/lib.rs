//! What every Sessera store and binding is tested with.
