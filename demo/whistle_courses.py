"""The courses of whistles: what each is about, how far it comes, and what is out of the ordinary on the way."""

from dataclasses import dataclass, field

from demo.life import Traits
from demo.whistle_words import Matter
from governance.roles import Role
from partybuilding.workflow import ClockStep, Side, Source, State


@dataclass(frozen=True)
class Part:
    """What is out of the ordinary about a called unit; the usual one does each step within its time."""

    last: str = ClockStep.SETTLE  # the last step that it takes; "" for none
    shares: dict[str, float] = field(default_factory=dict)  # of the clock of a step; above one is late
    right: str = ""  # it refuses and names this unit
    stays_away: bool = False
    by_code: bool = False
    leaves_early: bool = False
    answers_order: bool = True


@dataclass(frozen=True)
class Errand:
    """A task on the spot for one of the parties; ``case`` is the category of the case that it becomes."""

    party: str
    title: str
    case: str = ""
    is_named: bool = False  # a person of the unit is named with it


@dataclass(frozen=True)
class Course:
    """What a whistle is about, who blows it, and how far it comes."""

    matter: Matter
    kind: str
    ends: State
    level: str = "street"
    role: Role = Role.SECRETARY
    asked: bool = False
    answer: str = "blow_asked"
    parties: tuple[str, ...] = ()
    parts: dict[str, Part] = field(default_factory=dict)
    usual: Part = Part()
    source: Source = Source.JUDGEMENT
    source_note: str = ""
    notes: int = 1
    errands: tuple[Errand, ...] = ()
    settles: bool = True
    withdrawn: bool = False
    rests: str = ""  # the state in which the case waits for somebody
    solved_meanwhile: bool = False
    scoring: tuple[Side, ...] = tuple(Side)
    traits: Traits = field(default_factory=Traits)

    @property
    def called(self) -> tuple[str, ...]:
        return self.parties or self.matter.parties
