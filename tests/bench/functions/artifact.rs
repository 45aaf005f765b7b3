//! Measures the size of what is deployed.

use std::{fs, path::Path, process::Command};

use crate::contestant::Contestant;

/// The size of a program, in bytes.
pub(crate) fn binary_size(contestant: Contestant) -> u64 {
    size(&contestant.binary())
}

/// The size of a program in a zip file, in bytes, compressed as `sam package` does it.
pub(crate) fn zip_size(contestant: Contestant) -> u64 {
    let zip = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}.zip", contestant.name()));
    let status = Command::new("python3")
        .args(["-m", "zipfile", "--create"])
        .args([&zip, &contestant.binary()])
        .status();
    assert!(status.expect("python3 runs").success(), "python3 zips");
    size(&zip)
}

fn size(path: &Path) -> u64 {
    let metadata = fs::metadata(path);
    metadata
        .unwrap_or_else(|error| panic!("`{}`: {error}", path.display()))
        .len()
}
