"""What somebody with bad intentions tried, and what became of it."""

import datetime as dt
import uuid
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from cases import actions
from cases.actions import Forbidden, Refused, Stale, Unfit
from cases.actions.sweeping import RETRY, key_of
from cases.models import Case, CaseEvent, Contact
from cases.workflow import Lateness, Loop, State
from governance import telephones
from governance.models import SYSTEM, AccessLog, Organization, Post, User
from governance.roles import Role
from grid.models import GridDuty
from tests import people
from tests.cases.walks import appoint, limit_all, vacate
from tests.lives import MORNING, case_at, fresh, hands, inside, open_leg, reported, settled_by, walk
from tests.photos import jpeg, photo

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


def signed_in(user: User, **options) -> Client:
    client = Client(**options)
    client.force_login(user)
    return client


def do(case: Case, move: str, by: User, now: dt.datetime, key: uuid.UUID | None = None, **given):
    return actions.perform(case.uuid, move, by=by, now=now, key=key or uuid.uuid4(), given=given)


def named(username: str) -> User:
    return User.objects.get(username=username)


# Strange input ----------------------------------------------------------------------------------------------------


def test_an_address_with_nonsense_in_it_is_answered():
    answer = signed_in(people.clerk()).get(f"/cases/{reported().uuid}/moves/comment/?category=abc")
    assert answer.status_code == 200


@pytest.mark.parametrize("reason", ["回访\0核对", "", "看", " " * 9, "长" * 201])
def test_a_caller_is_not_shown_for_a_reason_that_cannot_be_written_down(reason):
    case = reported(source=Case.Source.PHONE, by=named("shouli"), contact_phone="13912345678")
    answer = signed_in(named("shouli")).post(f"/cases/{case.uuid}/contact/", {"reason": reason})
    assert answer.status_code == 422 and "13912345678" not in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert not AccessLog.objects.exists()


def test_a_body_of_nothing_but_brackets_is_refused():
    client = signed_in(people.worker())
    for body, status in (("[" * 100_000, 400), (f'{{"words": "{"长" * 400_000}"}}', 400)):
        answer = client.post(
            "/api/v1/cases/",
            body,
            content_type="application/json",
            headers={"Idempotency-Key": str(uuid.uuid4())},
        )
        assert answer.status_code == status


@pytest.mark.parametrize("degrees", ["nan", "inf", "-inf"])
def test_a_photo_taken_nowhere_is_refused(degrees):
    from django.core.files.uploadedfile import SimpleUploadedFile

    file = SimpleUploadedFile("a.jpg", jpeg())
    answer = signed_in(people.worker()).post(
        "/photos/", {"file": file, "longitude": degrees, "latitude": "25"}
    )
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "claim", ["0001-01-01T00:00", "9999-12-31T23:59:59-12:00", "9999-12-31T23:59", "not a time"]
)
def test_a_phone_that_claims_the_end_of_time_is_not_believed_and_poisons_no_list(claim):
    longitude, latitude = inside()
    client = signed_in(people.worker())
    answer = client.post(
        "/field/report/",
        {
            "key": uuid.uuid4(), "position_longitude": longitude, "position_latitude": latitude, "words": "路面有坑。",
            "category": settled_by(Loop.COMMUNITY).pk, "nearby_seen": "on", "device_time": claim,
        },
    )  # fmt: skip
    assert answer.status_code == 302
    assert Case.objects.latest("pk").device_time is None
    assert client.get("/field/?tab=mine").status_code == 200


def test_a_supervision_order_has_a_deadline_within_a_year():
    now = timezone.now()
    case = reported(now=now)
    client = signed_in(named("quling"))
    url = f"/cases/{case.uuid}/moves/order_supervision/"
    for deadline in ("9999-12-31T23:59", "0001-01-01T00:00", f"{now - HOUR:%Y-%m-%dT%H:%M}"):
        answer = client.post(url, {"key": uuid.uuid4(), "reason": "请速办", "deadline": deadline})
        assert answer.status_code == 400 and "一年之内" in answer.content.decode()
    assert not case.supervisions.exists()


def test_a_file_in_a_field_that_takes_none_is_not_stored():
    from django.core.files.uploadedfile import SimpleUploadedFile

    from cases.models import Photo

    case, before = reported(), Photo.objects.count()
    file = SimpleUploadedFile("a.jpg", jpeg())
    signed_in(people.clerk()).post(
        f"/cases/{case.uuid}/moves/send_to_check/", {"key": uuid.uuid4(), "photos": file}
    )
    assert Photo.objects.count() == before


# Clocks -----------------------------------------------------------------------------------------------------------


def test_nobody_uses_up_the_key_of_the_sweep_before_it_comes():
    limit_all(settled_by(Loop.COMMUNITY), "10 紧急工作时")
    case = reported()
    leg = open_leg(case)
    namespace = uuid.UUID("6f1c2c1e-6a55-4d0e-9a3e-5f2b8c4d7e90")
    for name in ("warn", "overdue", "escalate"):  # all that a person can see of the leg
        guess = uuid.uuid5(namespace, f"{leg.pk}:{name}:{leg.due_at.isoformat()}")
        assert guess != key_of(leg, name)
        do(case, "comment", people.worker(), MORNING, key=guess, words="占用")
    actions.sweep(now=leg.due_at)
    assert fresh(case).loop == Loop.STREET


def test_a_leg_that_cannot_be_swept_does_not_stand_in_front_of_others(monkeypatch):
    from cases.actions import sweeping

    limit_all(settled_by(Loop.COMMUNITY), "10 紧急工作时")
    broken, sound = reported(), reported(now=MORNING + HOUR)
    real = sweeping.next_move

    def failing(leg, *others):
        if leg.case_id == broken.pk:
            raise RuntimeError("broken on purpose")
        return real(leg, *others)

    monkeypatch.setattr(sweeping, "next_move", failing)
    now = MORNING + 11 * HOUR
    actions.sweep(now=now, most=1)
    assert open_leg(broken).sweep_at == now + RETRY
    actions.sweep(now=now, most=1)
    assert fresh(sound).loop == Loop.STREET


def test_what_was_extended_while_the_sweep_looked_is_not_marked_late():
    limit_all(settled_by(Loop.COMMUNITY), "10 紧急工作时")
    case = case_at(State.HANDLING)
    looked_at = open_leg(case)
    walk(case, "ask_extension", "grant_extension", now=MORNING + HOUR)
    with pytest.raises(Stale):
        actions.perform(
            case.uuid, "overdue", by=SYSTEM, now=looked_at.due_at, key=uuid.uuid4(), leg=looked_at.pk,
            given={"lateness": Lateness.RED, "sweep_at": looked_at.escalate_at},
        )  # fmt: skip
    assert not fresh(case).was_late


def test_a_second_extension_is_measured_by_the_first_limit_too():
    limit_all(settled_by(Loop.COMMUNITY), "10 紧急工作时")
    case = walk(case_at(State.HANDLING), "ask_extension", now=MORNING + HOUR, amount=Decimal(10))
    walk(case, "grant_extension", now=MORNING + 2 * HOUR)
    with pytest.raises(Unfit, match="10 紧急工作时"):
        walk(case, "ask_extension", now=MORNING + 3 * HOUR, amount=Decimal(20))
    walk(case, "ask_extension", "grant_extension", now=MORNING + 4 * HOUR)
    assert open_leg(case).limit_amount == 30


def test_a_suspension_until_a_day_that_has_passed_is_refused_and_breaks_nothing():
    case = case_at(State.HANDLING)
    until = MORNING.date() + dt.timedelta(days=2)
    walk(case, "ask_suspension", until=until)
    walk(case, "endorse_suspension", now=MORNING + 2 * HOUR)
    for days in (2, 5):
        with pytest.raises(Refused, match="日期已过"):
            walk(case, "grant_suspension", now=MORNING + dt.timedelta(days=days))


# Two people where two are asked for ---------------------------------------------------------------------------------


def test_one_person_with_two_posts_does_not_both_agree_to_and_grant_a_suspension():
    case = walk(case_at(State.HANDLING), "ask_suspension")
    clerk = people.clerk()
    appoint(clerk, Role.LEADER, people.COMMUNITY)
    do(case, "endorse_suspension", people.clerk(), MORNING + HOUR)
    with pytest.raises(Forbidden, match="两人"):
        do(case, "grant_suspension", people.clerk(), MORNING + HOUR)


def test_an_order_of_the_district_is_not_struck_off_by_the_street():
    case = case_at(State.HANDLING)
    do(case, "order_supervision", named("quling"), MORNING, reason="速办", deadline=MORNING + 48 * HOUR)
    walk(case, "reply_supervision", now=MORNING + HOUR)
    with pytest.raises(Forbidden, match="上级"):
        do(case, "accept_supervision", named("jielingdao"), MORNING + 2 * HOUR)
    do(case, "accept_supervision", named("quling"), MORNING + 2 * HOUR)


def test_one_of_several_reporters_does_not_withdraw_the_matter_of_all():
    target = reported()
    walk(reported(by=named("zhiyuan")), "merge", target=target)
    with pytest.raises(Refused, match="他人"):
        do(target, "withdraw", named("zhiyuan"), MORNING + HOUR)


def test_one_picture_is_not_both_before_and_after():
    by = people.worker()
    picture = photo(by=by, now=MORNING)
    twin = photo(by=by, now=MORNING)
    for after in (picture, twin):
        with pytest.raises(Unfit, match="两张"):
            reported(source=Case.Source.SELF, before_photo=[picture], after_photo=[after])


# Posts that ended ---------------------------------------------------------------------------------------------------


def test_who_left_every_post_keeps_neither_cases_nor_verification():
    case = case_at(State.HANDLED)
    drawn = open_leg(case).person
    reporter = people.worker()
    for user in (drawn, reporter):
        Post.objects.filter(user=user).update(ends_on=timezone.localdate())
        client = signed_in(user)
        assert client.get(f"/cases/{case.uuid}/").status_code == 404
        assert client.get(f"/api/v1/cases/{case.uuid}/").status_code == 404
        assert client.post(f"/cases/{case.uuid}/moves/comment/", {"words": "还在"}).status_code == 404


def test_who_was_drawn_and_moved_to_another_kind_of_post_does_not_verify():
    case = case_at(State.HANDLED)
    drawn = User.objects.get(pk=open_leg(case).person_id)
    Post.objects.filter(user=drawn).update(ends_on=dt.date(2026, 1, 2), starts_on=dt.date(2026, 1, 1))
    appoint(drawn, Role.VOLUNTEER, people.COMMUNITY)
    given = {"words": "好", "photos": [photo(by=drawn, now=MORNING)], "position": inside()}
    with pytest.raises(Forbidden):
        do(case, "pass", User.objects.get(pk=drawn.pk), MORNING + HOUR, **given)


def test_a_duty_on_a_grid_alone_draws_nobody():
    case = case_at(State.HANDLING)
    administrator = named("xitong")
    GridDuty.objects.filter(grid=case.grid).delete()
    GridDuty.objects.create(grid=case.grid, user=administrator, duty="worker", engagement="full_time")
    for place, role in ((people.COMMUNITY, Role.CLERK), (people.STREET, Role.SUPERVISOR)):
        vacate(role, place)
    assert open_leg(walk(case, "feedback")).person_id is None


# Administrators -----------------------------------------------------------------------------------------------------


def add_post(by: User, user: User, role: Role):
    place = Organization.objects.get(code=people.DISTRICT)
    body = {"user": user.pk, "organization": place.pk, "role": role, "starts_on": "2026-01-01"}
    return signed_in(User.objects.get(pk=by.pk)).post("/admin/governance/post/add/", body)


def test_the_security_admin_does_not_appoint_himself():
    security = named("anquan")
    assert add_post(security, security, Role.LEADER).status_code == 200
    assert security.posts.count() == 1


@pytest.mark.parametrize(
    ("username", "role"), [("shenji", Role.SYSTEM_ADMIN), ("quling", Role.AUDITOR), ("xitong", Role.CLERK)]
)
def test_the_three_administrators_are_nothing_else(username, role):
    user = named(username)
    assert add_post(named("anquan"), user, role).status_code == 200
    assert user.posts.count() == 1


# Personal data and keys -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("phone", ["63121234", "12345", "0871631", "13912345678", "0871-63121234"])
def test_a_masked_number_never_shows_more_than_seven_of_eleven_figures(phone):
    shown = sum(a.isdigit() for a in telephones.mask(phone))
    assert shown <= (7 if len(phone) >= 11 else 2)


def test_a_key_of_somebody_else_tells_nothing_of_the_answer():
    key, by = uuid.uuid4(), people.worker()
    given = {"position": inside(), "category": settled_by(Loop.COMMUNITY), "words": "井盖松动。"}
    mine = actions.report(by=by, now=MORNING, key=key, given=given)
    client = signed_in(people.stranger())
    longitude, latitude = inside()
    body = {
        "longitude": longitude,
        "latitude": latitude,
        "category": given["category"].pk,
        "words": given["words"],
    }
    for sent in (body, {}):
        answer = client.post(
            "/api/v1/cases/", sent, content_type="application/json", headers={"Idempotency-Key": str(key)}
        )
        assert answer.status_code in (400, 409)
        assert str(mine.uuid) not in answer.content.decode()
    assert CaseEvent.objects.filter(key=key).count() == 1


def test_the_contact_of_a_call_is_nowhere_in_the_list_the_map_or_the_interface():
    case = reported(
        source=Case.Source.PHONE, by=named("shouli"), contact_phone="13912345678", contact_name="王小明"
    )
    assert Contact.objects.filter(case=case).exists()
    client = signed_in(named("quling"))
    for url in (
        "/desk/?queue=all", f"/cases/{case.uuid}/", f"/api/v1/cases/{case.uuid}/", "/board/", "/desk/export/?queue=all",
        "/map/cases.json?box=102,24,103,26&zoom=22",
    ):  # fmt: skip
        answer = client.get(url)
        body = answer.getvalue()
        assert answer.status_code == 200
        assert b"13912345678" not in body and "王小明".encode() not in body, url


def test_a_write_from_another_site_is_refused_on_every_page():
    case = reported()
    client = signed_in(people.clerk(), enforce_csrf_checks=True)
    for url in (
        f"/cases/{case.uuid}/moves/comment/", f"/cases/{case.uuid}/contact/", "/field/report/", "/desk/phone/",
        "/inbox/read/", "/photos/", "/logout/",
    ):  # fmt: skip
        assert client.post(url, {"words": "x"}).status_code == 403, url
    for url in ("/api/v1/cases/", f"/api/v1/cases/{case.uuid}/moves/comment/"):
        assert client.post(url, {"words": "x"}, content_type="application/json").status_code == 403, url


@pytest.mark.parametrize(
    "then", ["//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:alert(1)"]
)
def test_a_move_never_leads_to_another_site(then):
    case = reported()
    client = signed_in(people.clerk())
    answer = client.post(
        f"/cases/{case.uuid}/moves/comment/", {"key": uuid.uuid4(), "words": "已知悉", "then": then}
    )
    assert answer.status_code == 302 and answer["Location"] == f"/cases/{case.uuid}/"


def test_words_that_are_script_stay_words():
    text = "<img src=x onerror=alert(1)><script>alert(2)</script>{{7*7}}\"'"
    case = reported(words=text, address=text[:120])
    hands().step(case.uuid, "comment", now=MORNING, by=people.clerk(), words=text)
    client = signed_in(people.clerk())
    for url in (
        f"/cases/{case.uuid}/",
        "/desk/?queue=all",
        "/board/",
        "/inbox/",
        "/field/near/",
        f"/cases/{case.uuid}/moves/comment/",
    ):
        body = client.get(url).content.decode()
        assert "<img src=x" not in body and "<script>alert" not in body, url
