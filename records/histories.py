"""The histories of this installation: whoever keeps events says so here, so that all chains are verified and anchored.

Registered in a ``history.py`` of an app, loaded when the app is ready. Those of a module that the place leaves out are kept
and verified too: what happened does not change.
"""

from dataclasses import dataclass

from records import chain
from records.anchors import Anchors
from records.models import Event, Text

HISTORIES: "list[History]" = []


@dataclass
class History:
    """The events and words of one kind of record; ``counted`` is how a number of them is read, such as 件案件."""

    counted: str
    events: type[Event]
    texts: type[Text]
    anchors: Anchors

    def broken(self) -> list[int]:
        """Ids of records whose chain does not hold."""
        return chain.broken(self.events, self.texts)


def keep(counted: str, events: type[Event], texts: type[Text], *, anchors: str) -> History:
    """Add a history; ``anchors`` is the name of the file of its anchors."""
    history = History(counted, events, texts, Anchors(events, anchors))
    HISTORIES.append(history)
    return history
