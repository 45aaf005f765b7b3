//! What is deployed: how large it is, and whether CPU jitter entropy is in it.

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

/// The builds of AWS-LC beside the programs that name `jent_`, which CPU jitter entropy begins with.
/// The programs themselves are stripped of their names. `None` where there is no build.
pub(crate) fn builds_with_jitter() -> Option<Vec<String>> {
    let build = Contestant::Floor.binary().with_file_name("build");
    let entries = fs::read_dir(build).ok()?.filter_map(Result::ok);
    let outs = entries.filter(|entry| {
        entry
            .file_name()
            .to_string_lossy()
            .starts_with("aws-lc-sys-")
    });
    let files = outs.filter_map(|entry| fs::read_dir(entry.path().join("out")).ok());
    let files = files
        .flatten()
        .filter_map(Result::ok)
        .map(|file| file.path());
    let mut libraries = files
        .filter(|path| path.extension().is_some_and(|extension| extension == "a"))
        .peekable();
    libraries.peek()?;
    let with_jitter = libraries.filter(|library| {
        let bytes = fs::read(library).expect("a library");
        bytes.windows(5).any(|window| window == b"jent_")
    });
    Some(with_jitter.map(|path| path.display().to_string()).collect())
}
