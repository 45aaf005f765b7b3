"""The tests that are not Rust: of the template, and by other people's clients."""
