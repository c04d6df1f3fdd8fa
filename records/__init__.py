"""How anything that has a life is kept: a table of moves, one door, a chain of events. Abstract: each app owns its tables."""
