"""On the spot: the screen, report-in by code or position, my calls on the phone; files and prints of whistles."""

import datetime as dt
import re
import uuid

import pytest
from django.test import Client
from django.utils import timezone

from cases.clocks import stamp
from demo.accounts import DEMO_PASSWORD
from governance.models import AccessLog, User
from partybuilding.codes import WINDOW, code_at, keep_scan, pass_until, screen_ticket
from partybuilding.models import Arrival
from partybuilding.workflow import CallState, State
from tests import people
from tests.lives import inside
from tests.partybuilding.blowing import MANAGEMENT, POLICE, do
from tests.partybuilding.test_pages import asked, call_of, closed, page, running, signed_in
from tests.sheets import sheets

pytestmark = pytest.mark.django_db


def now() -> dt.datetime:
    return timezone.now()


def arrive(whistle, code: str = "") -> str:
    return f"/field/arrive/{whistle.uuid}/" + (f"?code={code}" if code else "")


def pass_on(client: Client, address: str) -> str:
    """The pass that a page of report-in carries for who opened it."""
    found = re.search(r'name="scanned" value="([^"]*)"', client.get(address).content.decode())
    return found[1] if found else ""


def report(client: Client, whistle, **given):
    form = {"key": uuid.uuid4(), "call": call_of(whistle, MANAGEMENT).pk} | given
    return client.post(arrive(whistle), form)


# The screen -------------------------------------------------------------------------------------------------------


def test_the_screen_shows_the_code_of_this_half_minute_without_a_session_and_renews_itself():
    whistle = running()
    opened = signed_in("jieshuji").get(page(whistle, "screen/"))
    answer = Client().get(opened["Location"])
    text = answer.content.decode()
    assert answer.status_code == 200 and "<svg" in text and "style=" not in text
    seconds = int(re.search(r'http-equiv="refresh" content="(\d+)"', text)[1])
    assert 1 <= seconds <= WINDOW


def test_only_who_blew_opens_the_screen_and_a_ticket_is_of_one_whistle():
    whistle, other = running(), running()
    assert signed_in("cg_lianluo").get(page(whistle, "screen/")).status_code == 403
    ticket = signed_in("jieshuji").get(page(whistle, "screen/"))["Location"]
    assert Client().get(ticket.replace(str(whistle.uuid), str(other.uuid))).status_code == 404


def test_a_screen_shows_nothing_of_a_whistle_that_is_over():
    whistle = running()
    address = signed_in("jieshuji").get(page(whistle, "screen/"))["Location"]
    told = [whistle.number, whistle.label, whistle.category.name, whistle.address, "<path"]
    text = Client().get(address).content.decode()
    assert all(one in text for one in told)
    do(whistle, "withdraw", "jieshuji", now=now(), reason="已自行解决")
    text = Client().get(address).content.decode()
    assert not [one for one in (*told, "撤哨", "refresh") if one in text.replace(address, "")]
    assert "不需要报到" in text


def test_a_screen_ends_after_12_hours_and_with_the_post_of_who_opened_it():
    whistle = running()
    blower = User.objects.get(username="jieshuji")

    def opened(hours_ago: float) -> int:
        ticket = screen_ticket(whistle.uuid, blower.pk, now() - dt.timedelta(hours=hours_ago))
        return Client().get(f"/party/screens/{whistle.uuid}/{ticket}/").status_code

    assert (opened(11.99), opened(12.01)) == (200, 404), "what the page asks for again adds no time"
    address = signed_in("jieshuji").get(page(whistle, "screen/"))["Location"]
    assert Client().get(address).status_code == 200
    blower.posts.update(ends_on=timezone.localdate() - dt.timedelta(days=1))
    assert Client().get(address).status_code == 404


# Report-in --------------------------------------------------------------------------------------------------------


def test_who_scans_a_good_code_reports_in_by_one_press():
    whistle, client = running(), signed_in("cg_lianluo")
    scanned = pass_on(client, arrive(whistle, code_at(whistle.uuid, now())))
    assert (
        scanned
        and "定位"
        not in client.get(arrive(whistle, code_at(whistle.uuid, now()))).content.decode().split("<form")[1]
    )
    assert report(client, whistle, scanned=scanned).status_code == 302
    there = Arrival.objects.get()
    assert (there.proof, there.person.username) == ("code", "cg_lianluo")
    assert call_of(whistle, MANAGEMENT).state == CallState.ARRIVED


def test_an_old_code_gives_no_pass_and_a_pass_of_another_person_is_refused():
    whistle = running()
    old = code_at(whistle.uuid, now() - dt.timedelta(seconds=3 * WINDOW))
    client = signed_in("cg_lianluo")
    assert pass_on(client, arrive(whistle, old)) == ""
    assert "二维码已过期" in client.get(arrive(whistle, old)).content.decode()
    taken = pass_on(signed_in("chengguanju"), arrive(whistle, code_at(whistle.uuid, now())))
    answer = report(client, whistle, scanned=taken)
    assert answer.status_code == 400 and "二维码已失效" in answer.content.decode()
    assert not Arrival.objects.exists()


def test_a_scan_outlives_signing_in_on_the_same_browser_and_on_no_other():
    whistle, client = running(), Client()
    old = arrive(whistle, code_at(whistle.uuid, now()))
    answer = client.get(old)
    assert answer.status_code == 302 and answer["Location"].startswith("/login/?next=")
    cookie = client.cookies["scan"]
    assert cookie["httponly"] and cookie["path"] == arrive(whistle)
    kept = cookie.value
    late = arrive(whistle, code_at(whistle.uuid, now() - dt.timedelta(minutes=5)))
    client.get(late)
    assert client.cookies["scan"].value == kept, "an old code adds no time"
    assert client.post("/login/", {"username": "cg_lianluo", "password": DEMO_PASSWORD}).status_code == 302
    assert pass_on(client, late)
    assert pass_on(client, late) == "", "a scan that waited gives one pass"
    assert pass_on(signed_in("cg_lianluo"), late) == ""
    other = running()
    client.cookies["scan"] = kept
    assert pass_on(client, arrive(other)) == ""


def test_a_scan_that_waited_is_good_for_ten_minutes_however_late_its_pass_is_asked_for():
    whistle, client = running(), signed_in("cg_lianluo")
    at = now() - dt.timedelta(minutes=9)
    client.cookies["scan"] = keep_scan(whistle.uuid, at)
    scanned = pass_on(client, arrive(whistle))
    liaison = User.objects.get(username="cg_lianluo").pk
    end = pass_until(scanned, whistle.uuid, liaison, now())
    assert end == at.replace(microsecond=0) + dt.timedelta(minutes=10)
    assert pass_until(scanned, whistle.uuid, liaison, end + dt.timedelta(seconds=1)) is None
    client.cookies["scan"] = keep_scan(whistle.uuid, now() - dt.timedelta(minutes=10, seconds=1))
    assert pass_on(client, arrive(whistle)) == ""


def test_a_position_beside_a_scan_is_written_down_and_one_that_is_none_hinders_nothing():
    whistle = running()
    for name, longitude, distance in (("cg_lianluo", inside()[0], 0), ("chengguanju", "x", None)):
        client = signed_in(name)
        scanned = pass_on(client, arrive(whistle, code_at(whistle.uuid, now())))
        there = {"position_longitude": longitude, "position_latitude": inside()[1]}
        assert report(client, whistle, scanned=scanned, **there).status_code == 302
        assert Arrival.objects.get(person__username=name).distance == distance


def test_an_old_code_leaves_no_cookie():
    whistle, client = running(), Client()
    client.get(arrive(whistle, code_at(whistle.uuid, now() - dt.timedelta(minutes=5))))
    assert "scan" not in client.cookies


def test_by_position_within_the_distance_of_the_rule_and_not_beyond():
    whistle, client = running(), signed_in("cg_lianluo")
    longitude, latitude = inside()
    far = {"position_longitude": longitude + 0.05, "position_latitude": latitude}
    answer = report(client, whistle, **far)
    assert answer.status_code == 400 and "200 米以内" in answer.content.decode()
    near = {"position_longitude": longitude, "position_latitude": latitude}
    assert report(client, whistle, **near).status_code == 302
    assert Arrival.objects.get().proof == "position"
    assert "您已报到" in client.get(arrive(whistle)).content.decode()


def test_without_scan_and_position_it_is_said_what_to_do():
    whistle, client = running(), signed_in("cg_lianluo")
    answer = report(client, whistle)
    assert answer.status_code == 400 and "请扫描现场屏幕上的二维码" in answer.content.decode()


def test_a_phone_whose_clock_is_wrong_reports_in_and_both_times_are_shown():
    whistle, client = running(), signed_in("cg_lianluo")
    longitude, latitude = inside()
    near = {"position_longitude": longitude, "position_latitude": latitude}
    for odd in ("noon", "0001-01-01T00:00:00Z"):
        answer = report(client, whistle, **near, claimed_at=odd)
        assert answer.status_code in (400, 422) and "手机时间无法读取。" in answer.text, odd
    said = now() - dt.timedelta(days=2)
    assert report(client, whistle, **near, claimed_at=said.isoformat()).status_code == 302
    there = Arrival.objects.get()
    assert there.claimed_at == said and there.came_at > said + dt.timedelta(days=1)
    for rest in ("", "print/"):
        assert "手机时间" in signed_in("jieshuji").get(page(whistle, rest)).text, rest


def test_a_phone_whose_clock_is_right_is_not_mentioned():
    whistle, client = running(), signed_in("cg_lianluo")
    longitude, latitude = inside()
    near = {"position_longitude": longitude, "position_latitude": latitude}
    assert report(client, whistle, **near, claimed_at=now().isoformat()).status_code == 302
    assert Arrival.objects.get().claimed_at is not None
    assert "手机时间" not in signed_in("jieshuji").get(page(whistle)).text


# My calls ---------------------------------------------------------------------------------------------------------


def next_move(client: Client) -> str:
    rows = client.get("/field/calls/").context["rows"]
    return rows[0]["move"].name if rows else ""


def test_my_calls_offer_the_next_move_as_one_button_until_i_leave():
    whistle, client = running(), signed_in("cg_lianluo")
    call = call_of(whistle, MANAGEMENT)

    def press(name: str, **given) -> None:
        answer = client.post(f"/field/calls/{call.pk}/moves/{name}/", {"key": uuid.uuid4()} | given)
        assert (answer.status_code, answer["Location"]) == (302, "/field/calls/")

    assert next_move(client) == "sign"
    press("sign")
    assert next_move(client) == "contact"
    press("contact", words="明早八点到")
    assert next_move(client) == "arrive"
    do(whistle, "arrive", "cg_lianluo", of=MANAGEMENT, now=now(), position=inside())
    assert next_move(client) == "finish"
    press("finish", words="已清理")
    context = client.get("/field/calls/").context
    assert context["rows"] == [] and [one.call_id for one in context["leaving"]] == [call.pk]
    press("leave")
    assert client.get("/field/calls/").context["leaving"] == []


def test_a_call_of_another_unit_is_not_moved_on_the_phone():
    whistle = running()
    police = whistle.calls.exclude(unit__code=MANAGEMENT).get()
    answer = signed_in("cg_lianluo").post(f"/field/calls/{police.pk}/moves/sign/", {"key": uuid.uuid4()})
    assert answer.status_code == 403
    assert signed_in(people.stranger()).get(f"/field/calls/{police.pk}/moves/sign/").status_code == 404


def test_the_phone_shows_calls_in_its_bar_to_those_who_answer_and_to_nobody_else():
    assert 'href="/field/calls/"' in signed_in("cg_lianluo").get("/field/").content.decode()
    assert 'href="/field/calls/"' not in signed_in("wangge").get("/field/").content.decode()


def test_what_waits_in_whistles_stands_above_the_cases_of_the_phone_and_beside_the_queues_of_the_desk():
    whistle = running()
    for username, address in (("cg_lianluo", "/field/"), ("chengguanju", "/desk/")):
        assert page(whistle) in signed_in(username).get(address).content.decode(), address
    for username, address in (("wangge", "/field/"), ("zhiban", "/desk/")):
        assert 'class="others"' not in signed_in(username).get(address).content.decode(), address


def test_my_calls_cost_few_statements():
    running()
    found = asked(signed_in("cg_lianluo"), "/field/calls/")
    assert len(found) <= 4, found


# Board, files, print ----------------------------------------------------------------------------------------------


def test_the_board_counts_whistles_and_every_number_opens_its_list():
    running(kind="emergency", source="emergency")
    client = signed_in("quling")
    ((_, figures),) = client.get("/board/mine/").context["module_figures"]
    assert [one.label for one in figures] == ["在办哨单", "签收超期", "联系超期", "报到超期", "办结超期"]
    for one in figures:
        assert len(client.get(one.address).context["whistles"]) == one.value, one.label
    assert figures[1].value == 1


def test_a_board_without_whistles_says_nothing_of_them():
    assert "吹哨" not in signed_in("quling").get("/board/mine/").content.decode()


def book(answer) -> dict[str, list[list[str]]]:
    """A workbook that was downloaded."""
    return sheets(b"".join(answer.streaming_content))


def test_the_list_as_a_file_holds_what_the_list_shows_and_who_took_it_is_written_down():
    whistle = running(words="=1+1")
    running(kind="emergency", source="emergency")
    rows = book(signed_in("jieshuji").get("/party/whistles/export/?kind=enforcement"))["哨单"]
    assert rows[1][0] == whistle.number and "导出" in rows[2][0] and len(rows) == 3
    assert AccessLog.objects.get().subject == "whistles:export"


def test_a_whistle_as_a_file_holds_its_units_people_scores_and_story():
    whistle = closed()
    marks = {"speed": 5, "attitude": 4, "result": 4}
    do(whistle, "score_unit", "jieshuji", now=now(), call=call_of(whistle, MANAGEMENT), **marks)
    found = book(signed_in("jieshuji").get(page(whistle, "file/")))
    assert list(found) == ["哨单", "召集单位", "现场报到", "任务", "互评", "经过"]
    assert len(found["召集单位"]) == 3 and "响应速度 5 分" in found["互评"][1][2]
    assert found["经过"][1][1] == "吹哨"


def test_the_file_has_the_time_of_the_phone_beside_that_of_the_server():
    whistle, came = running(), now()
    fast = came + dt.timedelta(minutes=7)
    do(whistle, "arrive", "cg_lianluo", of=MANAGEMENT, now=came, position=inside(), claimed_at=fast)
    police = people.someone("liaison", POLICE)
    do(whistle, "arrive", police, of=POLICE, now=came, position=inside())
    titles, *rows = book(signed_in("jieshuji").get(page(whistle, "file/")))["现场报到"]
    found = [dict(zip(titles, row, strict=True)) for row in rows]
    assert [(row["报到"], row["手机时间"]) for row in found] == [
        (stamp(came), stamp(fast)),
        (stamp(came), ""),
    ]


def test_the_print_says_everything_without_a_button_and_who_printed_it():
    whistle = running()
    do(whistle, "arrive", "cg_lianluo", of=MANAGEMENT, now=now(), position=inside())
    text = signed_in("jieshuji").get(page(whistle, "print/")).content.decode()
    main = text.split("<main")[1]
    assert whistle.number in main and "定位" in main and "打印" in main and "<button" not in main
    looked = AccessLog.objects.get()
    assert (looked.subject, looked.user.username) == (f"whistle:{whistle.pk}:print", "jieshuji")
    assert whistle.state == State.BLOWN
