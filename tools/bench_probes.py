"""What is measured: the rows of the speed table, and a thousand escalations of the sweep."""

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from functools import partial

from bench_boards import board_probes, getting, trigger
from bench_rows import Probe, cpu
from django.db import connection
from django.db.models import QuerySet
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from cases.models import Case, CaseEvent, Photo
from cases.workflow import Loop, State
from governance.models import Organization, User
from grid.models import Grid
from partybuilding.models import Call, Whistle
from partybuilding.workflow import CallState

DISTRICT_BOX, TOWN_BOX = "102.69,25.02,103.04,25.47", "102.69,25.02,102.76,25.07"


def reports() -> Callable[[Client, int], HttpResponse]:
    """A report with one photo each; the pictures are rows that share a file."""
    user, model = User.objects.get(username="wangge"), Photo.objects.order_by("pk").first()
    assert model is not None, "the demo has photos"
    columns = {f.attname: getattr(model, f.attname) for f in Photo._meta.concrete_fields if f.attname != "id"}
    columns |= {"by_id": user.pk, "case_id": None, "sequence": None}
    photos = Photo.objects.bulk_create(Photo(**(columns | {"uuid": uuid.uuid4()})) for _ in range(60))
    like = Case.objects.filter(community=user.authority.posts[0].organization_id).order_by("pk")[0]

    def send(client: Client, number: int) -> HttpResponse:
        body = {
            "category": like.category_id,
            "longitude": like.longitude,
            "latitude": like.latitude,
            "address": "拓东路 88 号门口",
            "words": "单元门口堆放旧家具,影响通行。",
            "photos": [str(photos[number].uuid)],
        }
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        return client.post("/api/v1/cases/", body, content_type="application/json", headers=headers)

    return send


def moves(name: str, cases: list[uuid.UUID], **given: object) -> Callable[[Client, int], HttpResponse]:
    """The same move on one case after another."""

    def send(client: Client, number: int) -> HttpResponse:
        url = f"/api/v1/cases/{cases[number]}/moves/{name}/"
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        return client.post(url, given, content_type="application/json", headers=headers)

    return send


def uuids_of(cases: QuerySet) -> list[uuid.UUID]:
    return list(cases.order_by("-pk").values_list("uuid", flat=True)[:180])


def dispatching(unit: int) -> Iterator[Probe]:
    """A move; the same with the trigger that notes it for the tallies, and without it: of a table that was changed all is read anew."""
    uuids = uuids_of(Case.objects.filter(state=State.REGISTERED, loop=Loop.DISTRICT))
    ways: dict[str, Callable[[], AbstractContextManager[object]]] = {
        "": nullcontext,
        ", counted": partial(trigger, "ENABLE"),
        ", not counted": partial(trigger, "DISABLE"),
    }
    for number, (words, amid) in enumerate(ways.items()):
        mine, name = uuids[number::3], f"move: dispatch (API){words}"
        send = moves("dispatch", mine, unit=unit)
        yield Probe(name, "q_paiqian", send, 12, 10, writes=True, most=len(mine), amid=amid)


def case_pages() -> Callable[[Client, int], HttpResponse]:
    uuids = list(
        Case.objects.filter(closed_at__isnull=False).order_by("-pk").values_list("uuid", flat=True)[:60]
    )
    return lambda client, number: client.get(f"/cases/{uuids[number]}/")


def adjudicating() -> Iterator[Probe]:
    """The form of a decision in a dispute, where the demo has one at the top; precedents are looked for among all events."""
    disputed = uuids_of(Case.objects.filter(state=State.DISPUTED, loop=Loop.DISTRICT))

    def ask(client: Client, number: int) -> HttpResponse:
        url = f"/cases/{disputed[number % len(disputed)]}/moves/adjudicate/"
        return client.get(url, headers={"HX-Request": "true"})

    if disputed:
        yield Probe("dispute: form with precedents", "q_zhiban", ask, 20, 20)


def whistle_pages(state: str, address: str) -> Callable[[Client, int], HttpResponse]:
    """Pages about whistles in a state, one after another; ``address`` names whistle or case."""
    rows = Whistle.objects.filter(state=state).order_by("-pk").values_list("uuid", "case__uuid")[:60]
    addresses = [address.format(whistle=whistle, case=case) for whistle, case in rows]
    return lambda client, number: client.get(addresses[number % len(addresses)])


def blowing() -> Callable[[Client, int], HttpResponse]:
    """Three departments called on one open case after another."""
    departments = Organization.objects.filter(parent__code="530103")
    lead, *helpers = (departments.get(function=name).pk for name in ("urban_management", "market", "ecology"))
    free = Case.objects.open().exclude(street=None).exclude(whistles__in=Whistle.objects.open())
    cases = list(free.order_by("-pk").values_list("uuid", flat=True)[:60])

    def send(client: Client, number: int) -> HttpResponse:
        form = {
            "kind": "enforcement",
            "source": "judgement",
            "words": "占道反复，请到场联合处置。",
            "demands": ["on_site"],
            "lead": lead,
            "helpers": helpers,
            "key": uuid.uuid4(),
        }
        answer = client.post(f"/party/blow/{cases[number]}/", form)
        assert answer.status_code == 302, "the whistle was not blown"
        return answer

    return send


def signing() -> Callable[[Client, int], HttpResponse]:
    """The same unit signs one call after another."""
    waiting = Call.objects.filter(state=CallState.CALLED, unit__code="530103-urban_management")
    calls = list(waiting.order_by("-pk").values_list("whistle__uuid", "pk")[:60])

    def send(client: Client, number: int) -> HttpResponse:
        whistle, call = calls[number]
        answer = client.post(f"/party/whistles/{whistle}/calls/{call}/moves/sign/", {"key": uuid.uuid4()})
        assert answer.status_code == 302, "the call was not signed"
        return answer

    return send


def whistle_probes() -> Iterator[Probe]:
    """Rows of the whistles."""
    lists = {
        "whistles: district": ("qushuji", "/party/whistles/"),
        "whistles: street": ("jieshuji", "/party/whistles/"),
        "whistles: department": ("cg_lianluo", "/party/whistles/"),
        "whistles: everything": ("qushuji", "/party/whistles/?state=all"),
    }
    for name, (person, url) in lists.items():
        yield Probe(name, person, getting(url), 6, 15)
    yield Probe("whistles: first screen", "jieshuji", getting("/party/"), 8, 15)
    yield Probe("whistle page", "qushuji", whistle_pages("scored", "/party/whistles/{whistle}/"), 10, 15)
    yield Probe("case page with whistle", "qushuji", whistle_pages("on_site", "/cases/{case}/"), 9, 20)
    yield Probe("whistle: blow, three units", "qushuji", blowing(), 40, 30, writes=True)
    yield Probe("whistle: sign", "cg_lianluo", signing(), 12, 15, writes=True)


def probes() -> Iterator[Probe]:
    """Rows of the speed table."""
    management = Organization.objects.get(posts__user__username="chengguan")
    street = Organization.objects.get(code="530103001")
    mine = Case.objects.exclude(people__contains=[User.objects.get(username="chengguan").pk])
    to_accept = uuids_of(mine.filter(unit=management, state=State.DISPATCHED))
    yield Probe("bare view", "", getting("/bench/bare/"), 0, 1)
    yield Probe("signed in, nothing else", "quling", getting("/bench/signed-in/"), 0, 4)
    yield Probe("report (API, one photo)", "wangge", reports(), 10, 10, writes=True)
    yield Probe(
        "move: accept (API)",
        "chengguan",
        moves("accept", to_accept),
        12,
        10,
        writes=True,
        most=len(to_accept),
    )
    yield from dispatching(management.pk)
    queues = {
        "queue: duty chief's own": ("q_zhiban", "/desk/"),
        "queue: dispatcher's own": ("q_paiqian", "/desk/"),
        "queue: department's own": ("chengguan", "/desk/"),
        "queue: clerk's own": ("shequ", "/desk/"),
        "queue: all open": ("quling", "/desk/?queue=open"),
        "queue: overdue": ("quling", "/desk/?queue=open&lateness=red"),
        "queue: open, one street": ("quling", f"/desk/?queue=open&street={street.pk}"),
        "queue: open, state + loop": ("quling", "/desk/?queue=open&state=handling&loop=district"),
        "queue: open, kind": ("quling", "/desk/?queue=open&kind=matter"),
        "queue: everything": ("quling", "/desk/?queue=all"),
        "queue: closed in 30 days": ("quling", "/desk/?queue=closed&closed=30"),
        "queue: closed in time, base": ("quling", "/desk/?queue=closed&closed=30&was_late=no&loop=base"),
    }
    for name, (person, url) in queues.items():
        yield Probe(name, person, getting(url), 6, 15)
    yield Probe("list of 20 (API)", "quling", getting("/api/v1/cases/?state=handling&limit=20"), 6, 15)
    searches = {
        "search: two characters": ("quling", "/desk/?queue=all&q=井盖"),
        "search: two characters, clerk": ("shequ", "/desk/?queue=all&q=井盖"),
        "search: two characters (API)": ("quling", "/api/v1/cases/?q=井盖&limit=20"),
        "search: two characters, department": ("chengguan", "/desk/?queue=all&q=井盖"),
        "search: open cases": ("quling", "/desk/?queue=open&q=井盖"),
        "search: a sentence": ("quling", "/desk/?queue=all&q=单元门口 堆放旧家具 影响通行"),
        "search: nothing found": ("quling", "/desk/?queue=all&q=没有这种事"),
    }
    for name, (person, url) in searches.items():
        yield Probe(name, person, getting(url), 6, 50)
    near = Grid.objects.get(code="530103001001001").pk
    about = Case.objects.open().filter(grid=near).values_list("category", flat=True).first() or ""
    yield Probe(
        "telephone: open nearby",
        "q_shouli",
        getting(f"/desk/phone/nearby/?grid={near}&category={about}"),
        6,
        15,
    )
    yield Probe("case page", "quling", case_pages(), 8, 15)
    yield from adjudicating()
    for zoom, box in ((10, DISTRICT_BOX), (13, DISTRICT_BOX), (15, TOWN_BOX), (18, TOWN_BOX)):
        yield Probe(f"map: zoom {zoom}", "quling", getting(f"/map/cases.json?box={box}&zoom={zoom}"), 2, 15)
    narrow = f"/map/cases.json?box={DISTRICT_BOX}&zoom=12"
    yield Probe("map: kind and overdue", "quling", getting(f"{narrow}&kind=matter&lateness=red"), 2, 15)
    yield Probe("map: settled this week", "quling", getting(f"{narrow}&state=settled"), 2, 15)
    yield Probe("map: inspector's grids", "xuncha", getting(narrow), 2, 15)
    yield from board_probes()
    yield from whistle_probes()


ESCALATIONS = 1_000
#: The legs of cases that can be escalated, late beyond their grace; nothing else is due.
LATE = """
UPDATE cases_assignment SET sweep_at = NULL WHERE stopped_at IS NULL;
WITH late AS (
    SELECT leg.id, leg.case_id FROM cases_assignment leg JOIN cases_case c ON c.id = leg.case_id
    WHERE leg.stopped_at IS NULL AND c.loop <> 'district'
      AND c.state IN ('reported', 'registered', 'dispatched', 'handling') ORDER BY leg.id LIMIT {count}
), marked AS (
    UPDATE cases_case SET lateness = 'red', was_late = true WHERE id IN (SELECT case_id FROM late)
)
UPDATE cases_assignment
SET lateness = 'red', due_at = now() - interval '2 hours', warn_at = now() - interval '3 hours',
    escalate_at = now() - interval '1 minute', sweep_at = now() - interval '1 minute'
WHERE id IN (SELECT id FROM late);
"""


def sweep_escalations() -> None:
    """Print the seconds that a thousand escalations take, application and database together."""
    from cases.actions import sweep

    with connection.cursor() as cursor:
        cursor.execute(LATE.format(count=ESCALATIONS))
    escalated = CaseEvent.objects.filter(move="escalate")
    before, begun = escalated.count(), time.monotonic()
    app, database = cpu(lambda: sweep(now=timezone.now()), 1)
    print(
        f"sweep: {escalated.count() - before:,} escalations in {time.monotonic() - begun:.1f} s "
        f"({app / 1000:.1f} s application, {database / 1000:.1f} s database), aim 10 s\n",
        flush=True,
    )
