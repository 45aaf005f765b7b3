"""Tests of a release: how it is made, and what is in its archive."""
