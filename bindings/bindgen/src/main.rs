//! Writes the Kotlin and Swift sources from the built library: `scripts/bindings.sh` calls it.

fn main() {
    uniffi::uniffi_bindgen_main();
}
