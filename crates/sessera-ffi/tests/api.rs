//! What crosses is what `api.txt` says: a change of the API is a change that somebody reads.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "it is a test")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use goblin::elf::Elf;
use uniffi_meta::{FieldMetadata, FnParamMetadata, Metadata};

#[test]
fn what_is_exported_is_what_api_txt_says() {
    let exported: BTreeSet<String> = exported().iter().flat_map(lines).collect();
    let exported: String = exported.into_iter().map(|line| line + "\n").collect();
    let reviewed = Path::new(env!("CARGO_MANIFEST_DIR")).join("api.txt");
    if std::fs::read_to_string(&reviewed).unwrap_or_default() != exported {
        let new = Path::new(env!("CARGO_TARGET_TMPDIR")).join("api.txt");
        std::fs::write(&new, exported).unwrap();
        panic!(
            "the API changed: compare {} with {}, and put it in its place",
            new.display(),
            reviewed.display()
        );
    }
}

/// What uniffi has left in the library for its generator.
fn exported() -> Vec<Metadata> {
    let bytes = std::fs::read(library()).unwrap();
    let elf = Elf::parse(&bytes).unwrap();
    let is_metadata = |name: &str| name.starts_with("UNIFFI_META") && !name.contains("NAMESPACE");
    let symbols = elf.syms.iter().filter(|symbol| elf.strtab.get_at(symbol.st_name).is_some_and(is_metadata));
    symbols
        .map(|symbol| {
            let section = &elf.section_headers[symbol.st_shndx];
            let start = usize::try_from(section.sh_offset + symbol.st_value - section.sh_addr).unwrap();
            Metadata::read(&bytes[start..]).unwrap()
        })
        .collect()
}

/// The shared library, which Cargo has built for this test.
fn library() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let folder = test.parent().unwrap();
    [folder, folder.parent().unwrap()]
        .iter()
        .map(|folder| folder.join("libsessera_ffi.so"))
        .find(|library| library.exists())
        .expect("Cargo builds the shared library with its tests")
}

fn lines(item: &Metadata) -> Vec<String> {
    let named = |inputs: &[FnParamMetadata]| {
        inputs.iter().map(|input| input.name.as_str()).collect::<Vec<_>>().join(", ")
    };
    let fields = |owner: &str, fields: &[FieldMetadata]| {
        fields.iter().map(|field| format!("field {owner}.{}", field.name)).collect::<Vec<_>>()
    };
    match item {
        Metadata::Func(function) => vec![format!("function {}({})", function.name, named(&function.inputs))],
        Metadata::Object(object) => vec![format!("object {}", object.name)],
        Metadata::Constructor(made) => {
            vec![format!("constructor {}.{}({})", made.self_name, made.name, named(&made.inputs))]
        }
        Metadata::Method(method) => {
            vec![format!("method {}.{}({})", method.self_name, method.name, named(&method.inputs))]
        }
        Metadata::TraitMethod(method) => {
            vec![format!("method {}.{}({})", method.trait_name, method.name, named(&method.inputs))]
        }
        Metadata::Record(record) => fields(&record.name, &record.fields),
        Metadata::Enum(one) => {
            one.variants.iter().map(|variant| format!("variant {}.{}", one.name, variant.name)).collect()
        }
        Metadata::CustomType(custom) => vec![format!("type {}", custom.name)],
        Metadata::CallbackInterface(_)
        | Metadata::UniffiTrait(_)
        | Metadata::ObjectTraitImpl(_)
        | Metadata::Namespace(_)
        | Metadata::UdlFile(_) => Vec::new(),
    }
}
