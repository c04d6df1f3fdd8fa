"""My day on the phone: the to-do list by when it is due, what is done, what is near, finding by number, the next one."""

import datetime as dt
import re
import uuid
from io import BytesIO
from json import loads

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from PIL import Image

from cases.models import Case, Leg
from cases.workflow import Loop, State
from governance.models import User
from governance.roles import Role
from grid.models import GridDuty
from tests import people
from tests.field.test_field import FLOOR, NOT_COUNTED
from tests.lives import MORNING, case_at, inside, open_leg, reported, walk
from tests.photos import photo

pytestmark = pytest.mark.django_db


def phone(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def handler_of(case: Case) -> User:
    return User.objects.filter(posts__organization=case.unit, posts__role=Role.HANDLER).order_by("pk")[0]


@pytest.fixture
def handling(time_machine) -> list[Case]:
    """Three cases of one unit: overdue, due today, due later; and who handles them."""
    now = MORNING + dt.timedelta(hours=1)
    cases = [case_at(State.DISPATCHED, now=MORNING) for _ in range(3)]
    for case, due_at in zip(
        cases,
        (now - dt.timedelta(hours=1), now + dt.timedelta(hours=3), now + dt.timedelta(days=3)),
        strict=True,
    ):
        Case.objects.filter(pk=case.pk).update(due_at=due_at)
    time_machine.move_to(now, tick=False)
    return cases


def parts_of(answer) -> dict[str, list[int]]:
    """Cases by the part of the list in which they stand."""
    found: dict[str, list[int]] = {}
    for case in answer.context["page_obj"]:
        if case.part:
            part = found.setdefault(case.part.label, [])
            assert case.part.count >= 1
        part.append(case.pk)
    return found


def test_the_list_stands_in_parts_overdue_today_and_later(handling):
    answer = phone(handler_of(handling[0])).get("/field/")
    late, today, later = (case.pk for case in handling)
    assert parts_of(answer) == {"已超时": [late], "今天": [today], "以后": [later]}
    page = answer.content.decode()
    assert page.index("已超时") < page.index("今天 <span") < page.index("以后")


def test_a_case_due_at_midnight_is_due_today(handling):
    midnight = timezone.localtime(timezone.now()).replace(hour=0, minute=0, second=0) + dt.timedelta(days=1)
    Case.objects.filter(pk=handling[2].pk).update(due_at=midnight)
    answer = phone(handler_of(handling[0])).get("/field/")
    assert parts_of(answer)["今天"] == [handling[1].pk, handling[2].pk]


def test_parts_count_all_pages_and_only_the_work_that_is_chosen(handling):
    client = phone(handler_of(handling[0]))
    walk(handling[1], "accept", now=timezone.now())
    parts = {
        case.part.label: case.part.count
        for case in client.get("/field/?do=dispatched").context["page_obj"]
        if case.part
    }
    assert parts == {"已超时": 1, "以后": 1}


def test_a_clerk_who_was_drawn_sees_the_check_and_the_way_to_the_desk():
    GridDuty.objects.filter(grid__code=f"{people.COMMUNITY}001").update(ends_on=MORNING.date())
    case = case_at(State.HANDLED)
    clerk = open_leg(case).person
    assert clerk.authority.posts[0].role == Role.CLERK
    page = phone(clerk).get("/field/")
    assert [one.pk for one in page.context["page_obj"]] == [case.pk]
    assert 'href="/desk/">' in page.content.decode()


def test_what_was_done_today_is_counted_and_listed(handling):
    person = handler_of(handling[0])
    client = phone(person)

    def done() -> tuple[int, set[int]]:
        answer = client.get("/field/?tab=done")
        tab = next(tab for tab in answer.context["tabs"] if tab["label"] == "今天办了")
        return tab["count"], {case.pk for case in answer.context["page_obj"]}

    assert done() == (0, set())
    walk(handling[0], "accept", by=person, now=timezone.now())
    walk(handling[1], "accept", by=person, now=timezone.now() - dt.timedelta(days=1))
    walk(handling[1], "comment", by=person, now=timezone.now())
    assert done() == (1, {handling[0].pk})


# Finding ----------------------------------------------------------------------------------------------------------


def test_the_last_figures_of_a_number_lead_to_the_case():
    case = reported(now=timezone.now())
    client = phone(people.worker())
    for asked in (case.number, case.number[-6:], case.number[-4:], f" {case.number[-3:]} "):
        assert client.get("/field/", {"q": asked}).url == f"/cases/{case.uuid}/", asked


def test_of_several_the_open_ones_come_first_and_nobody_finds_what_is_out_of_sight():
    case = reported(now=timezone.now())
    assert "没有找到" in phone(people.stranger()).get("/field/", {"q": case.number}).content.decode()
    page = phone(people.worker()).get("/field/", {"q": "12"}).content.decode()
    assert "请输入编号" in page and "后 3 位" in page
    for odd in ("<b>", "0" * 30, "١٢٣", "1-2-3", "9" * 9):
        assert phone(people.worker()).get("/field/", {"q": odd}).status_code == 200, odd


# Near -------------------------------------------------------------------------------------------------------------


def test_without_a_position_the_own_grids_are_near():
    mine = reported(now=timezone.now())
    answer = phone(people.worker()).get("/field/near/")
    assert [case.pk for case in answer.context["cases"]] == [mine.pk]
    assert "本网格在办 1 件" in answer.content.decode()


def test_with_a_position_the_nearest_stand_first_and_what_is_far_is_left_out():
    longitude, latitude = inside()
    near = reported(now=timezone.now(), position=[longitude + 0.0005, latitude])
    here = reported(now=timezone.now(), loop=Loop.STREET)
    query = {"lon": longitude, "lat": latitude}
    answer = phone(people.worker()).get("/field/near/", query)
    assert [case.pk for case in answer.context["cases"]] == [here.pk, near.pk]
    far = phone(people.worker()).get("/field/near/", {"lon": longitude + 0.1, "lat": latitude})
    assert far.context["cases"] == [] and "附近没有在办案件" in far.content.decode()


@pytest.mark.parametrize(
    "query", [{"lon": "x", "lat": 25}, {"lon": "nan", "lat": 25}, {"lat": 25}, {"lon": 900, "lat": 0}]
)
def test_what_is_no_position_shows_the_own_grids(query):
    assert phone(people.worker()).get("/field/near/", query).status_code == 200


def test_a_card_says_what_to_do_how_it_looks_and_where_it_is():
    taken = str(photo(by=people.worker(), now=MORNING))
    case = reported(photos=[uuid.UUID(taken)])
    walk(case, "send_to_check")
    person = open_leg(case).person
    page = phone(person).get("/field/").content.decode()
    card = re.search(r"<article class=.case-card.*?</article>", page, re.S)[0]
    assert f"/photos/{taken}-s.jpg" in card and 'card-verb">核实<' in card
    assert f'data-at="{case.longitude:.6f},{case.latitude:.6f}"' in card and "拓东路 88 号门口" in card


# Ways and calls ---------------------------------------------------------------------------------------------------


def called(**given) -> Case:
    from cases.models import Contact
    from governance import secrets

    case = case_at(
        State.HANDLING,
        source=Case.Source.PHONE,
        by=people.someone(Role.ACCEPTOR, people.STREET),
        loop=Loop.STREET,
        **given,
    )
    Case.objects.filter(pk=case.pk).update(is_from_resident=True)
    Contact.objects.create(
        case=case,
        called_about=case,
        name=secrets.seal("王女士"),
        phone=secrets.seal("13912345678、0871-63000000转801"),
    )
    return case


def test_the_page_of_a_case_leads_into_three_map_apps():
    case = case_at(State.HANDLING)
    client = phone(handler_of(case))
    client.get("/field/")
    page = client.get(f"/cases/{case.uuid}/").content.decode()
    for host in ("uri.amap.com", "apis.map.qq.com", "api.map.baidu.com"):
        assert f"https://{host}/" in page
    for word in ("拓东路", "家具"):
        assert all(word not in link for link in re.findall(r'href="(https://[^"]*)"', page)), (
            "nothing of the case"
        )


def test_the_caller_is_rung_after_a_reason_and_the_number_stands_nowhere_else():
    case = called()
    client = phone(handler_of(case))
    for path in ("/field/", "/field/near/", f"/cases/{case.uuid}/", f"/field/moved/{case.uuid}/"):
        page = client.get(path).content.decode()
        assert "13912345678" not in page and "63000000" not in page and "tel:" not in page, path
    assert "139" in client.get(f"/cases/{case.uuid}/").content.decode(), "masked"
    assert client.post(f"/cases/{case.uuid}/contact/", {"reason": ""}).status_code == 422
    shown = client.post(f"/cases/{case.uuid}/contact/", {"reason": "上门前联系"})
    page = shown.content.decode()
    assert "no-store" in shown["Cache-Control"]
    assert 'href="tel:13912345678"' in page and 'href="tel:0871-63000000,801"' in page
    assert phone(people.worker()).post(f"/cases/{case.uuid}/contact/", {"reason": "好奇"}).status_code in (
        403,
        404,
    )


# After a move -----------------------------------------------------------------------------------------------------


def test_after_a_move_on_the_phone_the_next_one_is_offered(handling):
    person = handler_of(handling[0])
    client = phone(person)
    client.get("/field/")
    page = client.get(f"/cases/{handling[0].uuid}/").content.decode()
    then = f"/field/moved/{handling[0].uuid}/"
    assert f'name="then" value="{then}"' in page
    sent = {"key": str(uuid.uuid4()), "leg": Leg.objects.open().get(case=handling[0]).pk, "then": then}
    assert client.post(f"/cases/{handling[0].uuid}/moves/accept/", sent).url == then
    shown = client.get(then)
    assert "办好了" in shown.content.decode() and shown.context["case"].pk == handling[0].pk
    assert [case.pk for case in shown.context["following"]] == [handling[1].pk]
    assert f'href="/cases/{handling[1].uuid}/"' in shown.content.decode()


def test_after_the_last_one_it_says_that_nothing_is_left():
    case = case_at(State.CHECKING)
    person = open_leg(case).person
    walk(case, "found", by=person)
    page = phone(person).get(f"/field/moved/{case.uuid}/").content.decode()
    assert "要您办的都办完了" in page


def test_my_own_page_says_who_i_am_and_leads_out():
    page = phone(people.clerk()).get("/field/me/").content.decode()
    assert (
        people.clerk().name in page and "社区坐席" in page and "退出登录" in page and 'href="/desk/"' in page
    )


# Among the apps of the phone --------------------------------------------------------------------------------------


def test_the_site_may_be_installed_by_a_manifest_of_its_own_type_with_icons_that_exist():
    answer = Client().get("/static/manifest.webmanifest")
    assert answer["Content-Type"].startswith("application/manifest+json")
    manifest = loads(b"".join(answer.streaming_content))
    for icon in manifest["icons"]:
        if icon["type"] == "image/png":
            picture = Image.open(BytesIO(b"".join(Client().get(icon["src"]).streaming_content)))
            assert icon["sizes"] == f"{picture.width}x{picture.height}"
    page = phone(people.worker()).get("/field/").content.decode()
    assert f'<meta name="theme-color" content="{manifest["theme_color"]}">' in page
    assert manifest["start_url"] == "/field/"


# Cost -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "most"),
    [("/cases/{}/moves/pass/", 7), ("/field/moved/{}/", 3), ("/field/me/", 1), ("/field/?q=123", 2)],
)
def test_a_page_of_the_day_costs_few_statements(path, most):
    case = case_at(State.HANDLED)
    client = phone(open_leg(case).person)
    client.get("/field/")
    with CaptureQueriesContext(connection) as captured:
        client.get(path.format(case.uuid))
    counted = [query["sql"] for query in captured if not query["sql"].startswith(NOT_COUNTED)]
    assert len(counted) - FLOOR <= most, "\n".join(counted)
