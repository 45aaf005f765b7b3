"""Tests of `template.yaml`, without AWS."""
