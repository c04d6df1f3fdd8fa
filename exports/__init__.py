"""Lists as files: a short one at once, a long one in the background, with progress, for the person who asked."""
