"""Programs for people who build or operate the bridge. Each is run by a target of the Makefile."""
