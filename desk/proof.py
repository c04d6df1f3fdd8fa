"""Whether a case is still what was recorded: its steps, the words beside them and the files of its photos, one by one."""

import hashlib
from dataclasses import dataclass, field

from cases.models import Case, CaseEvent, Photo
from cases.workflow import MOVES
from desk import history
from records.chain import event_fits, words_fit
from records.pictures import path

#: So many files are read for one page; a case has a handful.
MOST_FILES = 60

FITS, DIFFERS, ERASED, GONE, UNCHECKED = "一致", "不一致", "已抹除", "文件不在或读不出", "没有核对"


@dataclass(frozen=True)
class CheckedStep:
    """A step, and what became of the words beside it; ``words`` is empty where there were none."""

    event: CaseEvent
    label: str
    fits: bool
    words: str

    @property
    def words_fit(self) -> bool:
        return self.words != DIFFERS

    @property
    def is_whole(self) -> bool:
        return self.fits and self.words_fit


@dataclass(frozen=True)
class CheckedPhoto:
    """A photo and whether its file is the one that was stored; ``is_recorded``: a step says that it came with it."""

    photo: Photo
    file: str
    is_recorded: bool

    @property
    def is_whole(self) -> bool:
        return self.is_recorded and self.file in (FITS, UNCHECKED)


@dataclass
class Proof:
    """What was checked; ``lost`` photos are named by a step and are not there, ``stray`` words belong to no step."""

    steps: list[CheckedStep] = field(default_factory=list)
    photos: list[CheckedPhoto] = field(default_factory=list)
    ends_well: bool = False
    lost: int = 0
    stray: int = 0

    @property
    def is_whole(self) -> bool:
        parts_fit = all(one.is_whole for one in [*self.steps, *self.photos])
        return self.ends_well and parts_fit and not self.lost and not self.stray

    def number_of_words(self, state: str) -> int:
        return sum(step.words == state for step in self.steps)

    def number_of_files(self, state: str) -> int:
        return sum(one.file == state for one in self.photos)


def proof_of(case: Case) -> Proof:
    """Check a case as it stands: the row and its events are read in one statement, between two moves."""
    events = list(case.events.select_related("case").order_by("sequence"))
    if not events:
        return Proof()
    row = events[0].case
    texts = {text.sequence: text for text in case.texts.filter(sequence__lte=row.version)}
    proof, previous, named = Proof(), "", set()
    for number, event in enumerate(events, 1):
        fits = event.sequence == number and event.previous == previous and event_fits(event)
        text = texts.pop(event.sequence, None)
        words = "" if text is None else ERASED if text.erased_at else FITS
        if not words_fit(event, text):
            words = DIFFERS
        label = history.move_of(case, event).label if event.move in MOVES else event.move
        proof.steps.append(CheckedStep(event, label, fits, words))
        if fits:  # of others not even the form is sure
            named |= set(event.facts.get("photos", ()))
        previous = event.digest
    # What was cut off at the end is missed on the row.
    proof.ends_well = (previous, len(events)) == (row.chain_head, row.version)
    proof.stray = len(texts)
    photos = [photo for photo in case.photos.all() if (photo.sequence or 0) <= row.version]
    proof.lost = len(named - {str(photo.uuid) for photo in photos})
    for number, photo in enumerate(photos):
        file = _file_of(photo) if number < MOST_FILES else UNCHECKED
        proof.photos.append(CheckedPhoto(photo, file, str(photo.uuid) in named))
    return proof


def _file_of(photo: Photo) -> str:
    try:
        with path(photo).open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return GONE
    return FITS if found == photo.sha256 else DIFFERS
