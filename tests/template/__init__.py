"""Tests of `template.yaml` and of the tools around it, without AWS."""
