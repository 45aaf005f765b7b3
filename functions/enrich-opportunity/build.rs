//! Links the function at a fixed address, which saves a start the relocation of some 21 000 pointers.
//!
//! SECURITY.md says what that gives up. It stands here and not in `.cargo/config.toml`, because
//! `rustflags` there would replace those that `cargo lambda` passes for the processor.

#![expect(
    clippy::disallowed_methods,
    reason = "a build script is told by its environment"
)]

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // Only Linux is deployed; other linkers do not know the flag.
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
}
