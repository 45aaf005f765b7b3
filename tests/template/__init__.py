"""Tests of `template.yaml` and of what it deploys, without AWS."""
