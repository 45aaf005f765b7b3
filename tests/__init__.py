"""The tests that are not Rust: of the template, of the tools, and by clients of other makers."""
