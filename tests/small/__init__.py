"""A small app above the loop: what a module may add without being known below."""
