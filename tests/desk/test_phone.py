"""Calls: taken in one screen, with what is open near by; the caller's number as people say it."""

import re
import uuid

import pytest
from django.test import Client

from cases.actions import Unfit
from cases.models import Case, Contact
from cases.nearby import BY_TELEPHONE, open_nearby
from cases.workflow import Loop, State
from governance import secrets
from governance.models import User
from grid.models import Grid
from grid.tiles import metres_between
from tests import people
from tests.lives import MORNING, inside, reported, settled_by, walk
from tests.people import COMMUNITY

pytestmark = pytest.mark.django_db


def named(username: str) -> User:
    return User.objects.get(username=username)


def page(user: User, path: str, **query):
    client = Client()
    client.force_login(user)
    return client.get(path, query)


def call(**given):
    longitude, latitude = given.pop("position", inside())
    return {
        "key": str(uuid.uuid4()),
        "contact_phone": "13800001234",
        "contact_name": "王女士",
        "words": "楼道里堆满旧家具",
        "category": settled_by(Loop.COMMUNITY).pk,
        "address": "拓东路 88 号",
        "position_longitude": longitude,
        "position_latitude": latitude,
    } | given


def taken(data: dict, user: User | None = None):
    client = Client()
    client.force_login(user or people.clerk())
    return client.post("/desk/phone/", data)


def test_a_call_becomes_a_case_whose_next_step_is_a_check():
    answer = taken(call())
    case = Case.objects.get()
    assert answer.headers["Location"] == f"/cases/{case.uuid}/"
    assert (case.source, case.state) == (Case.Source.PHONE, State.REPORTED)
    context = page(people.clerk(), f"/cases/{case.uuid}/").context
    assert context["next_moves"][0].name == "send_to_check"
    shown = [(one["name"], one["phone"]) for one in context["contacts"]]
    assert shown == [("王**", "138****1234")]


def test_the_cursor_begins_at_the_number_and_the_next_call_has_an_empty_form():
    clerk, client = people.clerk(), Client()
    client.force_login(clerk)
    empty = client.get("/desk/phone/").content.decode()
    (number,) = re.findall(r'<input[^>]*name="contact_phone"[^>]*>', empty)
    assert "autofocus" in number and empty.count("autofocus") == 1
    case_page = client.post("/desk/phone/", call(), follow=True).content.decode()
    assert '<a href="/desk/phone/" data-key="n">接下一个来电</a>' in case_page
    following = client.get("/desk/phone/")
    assert following.context["form"]["contact_phone"].value() is None
    refused = client.post("/desk/phone/", call(contact_phone="")).content.decode()
    assert "autofocus" not in re.findall(r'<input[^>]*name="contact_phone"[^>]*>', refused)[0]
    assert Case.objects.count() == 1, "the call that was taken stays"


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("(0871)63000000", "0871-63000000"),
        ("0871-63000000转801", "0871-63000000转801"),
        ("138 0000 1234 或 63000000", "13800001234、63000000"),
    ],
)
def test_the_callers_number_is_taken_as_people_write_it(written, kept):
    assert taken(call(contact_phone=written)).status_code == 302
    assert secrets.unseal(Contact.objects.get().phone) == kept


@pytest.mark.parametrize("written", ["-----", "    5", "1380000123", "电话号码"])
def test_what_is_no_number_comes_back_with_a_sentence_at_its_field(written):
    answer = taken(call(contact_phone=written))
    assert answer.status_code == 422
    assert "contact_phone" in answer.context["form"].errors
    assert "座机" in answer.content.decode()
    assert not Case.objects.exists()


def test_the_door_refuses_what_is_no_number_too():
    with pytest.raises(Unfit, match="座机"):
        reported(by=people.clerk(), source=Case.Source.PHONE, contact_phone="-----")
    assert not Case.objects.exists()


def test_a_call_placed_by_grid_lies_in_that_grid():
    grid = Grid.objects.get(code=f"{COMMUNITY}002")
    taken(call(position=("", ""), grid=grid.pk))
    assert Case.objects.get().grid == grid


def test_a_call_without_any_position_is_asked_for_one():
    answer = taken(call(position=("", "")))
    assert answer.status_code == 422
    assert "请在地图上点选位置，或选择网格。" in answer.content.decode()


def test_a_call_about_something_open_near_by_is_asked_about_once():
    earlier = reported()
    data = call()
    answer = taken(data)
    assert answer.status_code == 422
    assert [case.uuid for case in answer.context["nearby"]] == [earlier.uuid]
    assert taken(data | {"seen": "on"}).status_code == 302
    assert taken(data | {"seen": "on"}).status_code == 302
    assert Case.objects.count() == 2


def test_what_is_open_near_by_is_shown_while_the_caller_speaks():
    earlier = reported()
    grid = Grid.objects.get(code=f"{COMMUNITY}001")
    answer = page(people.clerk(), "/desk/phone/nearby/", grid=grid.pk, category=earlier.category_id)
    assert str(earlier.uuid) in answer.content.decode()
    assert "data-guessed" in answer.content.decode()


def test_a_caller_is_shown_what_is_open_close_by_and_the_same_matter_anywhere_in_the_community():
    here = inside()
    same, other = settled_by(Loop.COMMUNITY), settled_by(Loop.STREET)
    codes = Grid.objects.filter(community__code=COMMUNITY).values_list("code", flat=True)
    elsewhere = max(map(inside, codes), key=lambda there: metres_between(tuple(here), tuple(there)))
    assert metres_between(tuple(here), tuple(elsewhere)) > BY_TELEPHONE.metres
    close, far = reported(loop=Loop.STREET), reported(position=elsewhere)
    reported(loop=Loop.STREET, position=elsewhere)
    reported(position=inside(f"{people.ELSEWHERE}001"))
    walk(reported(), "decline")
    assert (close.category, far.category) == (other, same)

    def found(category):
        acceptor = named("q_shouli")  # sees all four
        return open_nearby(acceptor, *here, BY_TELEPHONE, now=MORNING, category=category)

    assert [case.pk for case in found(same)] == [far.pk, close.pk]
    assert [case.pk for case in found(None)] == [close.pk]


def test_only_who_accepts_takes_calls():
    assert page(named("paiqian"), "/desk/phone/").status_code == 403
    assert taken(call(), named("zhifa")).status_code == 403
    assert Case.objects.count() == 0
