//! The file of a ring.

use std::fs;

use super::*;

#[test]
fn a_saved_file_loads_as_the_same_ring() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.json");
    for algorithm in SIGNING {
        let keyring = Keyring::generate(algorithm).unwrap();
        keyring.save(&path).unwrap();
        let again = Keyring::load(&path).unwrap();
        assert_eq!(*again.private_jwks(), *keyring.private_jwks());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file is left");
    }
}

#[test]
fn a_file_that_cannot_be_written_or_read_is_an_error_with_its_cause() {
    let folder = tempfile::tempdir().unwrap();
    let keyring = Keyring::generate(Algorithm::EdDsa).unwrap();
    let nowhere = folder.path().join("missing").join("keys.json");
    for error in [keyring.save(&nowhere).unwrap_err(), Keyring::load(&nowhere).unwrap_err()] {
        assert_eq!(error.kind(), ErrorKind::InvalidKey);
        assert!(std::error::Error::source(&error).is_some());
        assert!(error.to_string().ends_with("entity not found"), "{error}");
    }
    assert!(keyring.save("/").is_err());
}

#[test]
fn a_failed_save_leaves_the_file_as_it_was_and_nothing_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    // A folder of the same name can't be replaced by a file.
    let path = folder.path().join("keys.json");
    fs::create_dir(&path).unwrap();
    assert!(Keyring::generate(Algorithm::EdDsa).unwrap().save(&path).is_err());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_file_over_64_kib_or_of_other_bytes_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.json");
    write_private(&path, &vec![b' '; 1 << 20]);
    assert_eq!(refused(Keyring::load(&path)), "the key set is over 64 KiB");
    write_private(&path, b"\xff");
    assert_eq!(refused(Keyring::load(&path)), "the key file is not UTF-8");
}

#[test]
fn a_running_process_picks_up_each_change_once_and_keeps_asking_about_a_bad_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.json");
    let mut keyring = Keyring::generate(Algorithm::EdDsa).unwrap();
    keyring.save(&path).unwrap();
    let (mut file, loaded) = KeyringFile::open(&path).unwrap();
    assert_eq!(*loaded.private_jwks(), *keyring.private_jwks());
    assert!(file.reload_if_changed().unwrap().is_none());

    let next = keyring.rotate(time::OffsetDateTime::UNIX_EPOCH).unwrap();
    keyring.save(&path).unwrap();
    assert!(file.reload_if_changed().unwrap().unwrap().find(&next).is_some());
    assert!(file.reload_if_changed().unwrap().is_none());

    write_private(&path, b"{}");
    assert!(file.reload_if_changed().is_err());
    assert!(file.reload_if_changed().is_err());
    fs::remove_file(&path).unwrap();
    assert!(file.reload_if_changed().is_err());
    keyring.save(&path).unwrap();
    assert!(file.reload_if_changed().unwrap().is_some());
}

#[test]
fn a_watched_file_is_read_by_its_options() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.json");
    Keyring::generate(Algorithm::EdDsa).unwrap().save(&path).unwrap();
    let public = KeyringOptions::new().public_only();
    assert!(KeyringFile::open_with(&path, public).is_err() && public.load(&path).is_err());
}

fn write_private(path: &std::path::Path, bytes: &[u8]) {
    fs::write(path, bytes).unwrap();
    #[cfg(unix)]
    unix::set_mode(path, 0o600);
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
    use std::path::Path;

    use super::*;

    const NOBODY: u32 = 65_534;

    pub(super) fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_saved_file_is_for_its_owner_only_whatever_was_there_before() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.json");
        fs::write(&path, "old").unwrap();
        set_mode(&path, 0o666);
        let before = fs::metadata(&path).unwrap().ino();
        let keyring = Keyring::generate(Algorithm::EdDsa).unwrap();
        keyring.save(&path).unwrap();
        let after = fs::metadata(&path).unwrap();
        assert_eq!(after.mode() & 0o7777, 0o600);
        assert_ne!(after.ino(), before, "the file was replaced, and not overwritten");
    }

    #[test]
    fn a_file_that_is_replaced_keeps_its_owner() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.json");
        let keyring = Keyring::generate(Algorithm::EdDsa).unwrap();
        keyring.save(&path).unwrap();
        // Only root can give a file away; for others there is no other owner to keep.
        if chown(&path, Some(NOBODY), Some(NOBODY)).is_ok() {
            keyring.save(&path).unwrap();
            let after = fs::metadata(&path).unwrap();
            assert_eq!((after.uid(), after.gid(), after.mode() & 0o7777), (NOBODY, NOBODY, 0o600));
        }
    }

    fn saved(folder: &tempfile::TempDir) -> std::path::PathBuf {
        let path = folder.path().join("keys.json");
        Keyring::generate(Algorithm::EdDsa).unwrap().save(&path).unwrap();
        path
    }

    #[test]
    fn others_may_not_touch_a_private_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = saved(&folder);
        for mode in [0o604, 0o644, 0o444, 0o602, 0o601, 0o666, 0o777] {
            set_mode(&path, mode);
            let message = refused(Keyring::load(&path));
            assert!(message.contains(&format!("mode {mode:04o}")), "{message}");
            assert!(message.contains("every user") && message.contains("defaultMode: 0440"), "{message}");
        }
        for mode in [0o600, 0o400, 0o700] {
            set_mode(&path, mode);
            assert!(Keyring::load(&path).is_ok(), "{mode:o}");
        }
    }

    #[test]
    fn the_group_may_read_a_private_file_and_not_write_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = saved(&folder);
        for mode in [0o440, 0o640] {
            set_mode(&path, mode);
            assert!(Keyring::load(&path).is_ok(), "{mode:o}");
        }
        for mode in [0o660, 0o620, 0o610, 0o750] {
            set_mode(&path, mode);
            let message = refused(Keyring::load(&path));
            assert!(message.contains(&format!("mode {mode:04o}")), "{message}");
            assert!(message.contains("chmod 600 or 640"), "{message}");
        }
    }

    #[test]
    fn a_file_that_its_group_reads_belongs_to_root_or_to_us() {
        let folder = tempfile::tempdir().unwrap();
        let path = saved(&folder);
        set_mode(&path, 0o440);
        // Only root can give a file away; for others there is no other owner to refuse.
        if chown(&path, Some(NOBODY), None).is_ok() {
            let message = refused(Keyring::load(&path));
            assert!(message.contains("belongs to uid 65534"), "{message}");
            set_mode(&path, 0o400);
            assert!(Keyring::load(&path).is_ok(), "as before, where the group may not read it");
            chown(&path, Some(0), Some(NOBODY)).unwrap();
            set_mode(&path, 0o440);
            assert!(Keyring::load(&path).is_ok(), "root:fsGroup 0440");
        }
    }

    #[test]
    fn a_file_that_is_replaced_stays_readable_for_its_group() {
        let folder = tempfile::tempdir().unwrap();
        let path = saved(&folder);
        for (before, after) in
            [(0o640, 0o640), (0o440, 0o640), (0o600, 0o600), (0o644, 0o600), (0o660, 0o600)]
        {
            set_mode(&path, before);
            Keyring::generate(Algorithm::EdDsa).unwrap().save(&path).unwrap();
            assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, after, "{before:o}");
        }
    }

    #[test]
    fn a_public_file_may_be_read_by_all_and_not_written_by_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.json");
        fs::write(&path, Keyring::generate(Algorithm::EdDsa).unwrap().jwks()).unwrap();
        for mode in [0o644, 0o664, 0o444] {
            set_mode(&path, mode);
            assert!(Keyring::load(&path).is_ok(), "{mode:o}");
        }
        set_mode(&path, 0o666);
        let message = "the key file has mode 0666, so that anyone may replace the keys";
        assert_eq!(refused(Keyring::load(&path)), message);
    }

    #[test]
    fn saving_through_a_symbolic_link_replaces_what_it_points_to() {
        let folder = tempfile::tempdir().unwrap();
        let (target, link) = (folder.path().join("keys.json"), folder.path().join("link.json"));
        let keyring = Keyring::generate(Algorithm::EdDsa).unwrap();
        keyring.save(&target).unwrap();
        symlink(&target, &link).unwrap();
        let other = Keyring::generate(Algorithm::Es256).unwrap();
        other.save(&link).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(*Keyring::load(&target).unwrap().private_jwks(), *other.private_jwks());
    }
}
