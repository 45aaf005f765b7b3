"""The tools for people who build or operate the bridge. A target of the Makefile runs each."""
