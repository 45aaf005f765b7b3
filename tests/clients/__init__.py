"""Tests of the bridge by programs that know nothing else of it."""
