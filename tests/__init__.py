"""Tests of GridLoop; `make test` runs them on servers of their own."""
