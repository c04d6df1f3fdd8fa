"""The pages of the whistle: who was called, what may be done, forms that lose nothing, lists that hold what is counted."""

import datetime as dt
import re
import uuid

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cases.models import Responsibility
from cases.workflow import State as CaseState
from governance.models import Post, User
from governance.roles import Role
from partybuilding.actions import lapse
from partybuilding.forms import ways
from partybuilding.models import Call, Whistle
from partybuilding.workflow import CALLS, WHISTLES, CallState, State
from tests import people
from tests.lives import case_at, inside, walk
from tests.partybuilding.blowing import MANAGEMENT, POLICE, blown, do, unit
from tests.partybuilding.blowing import asked as asked_for
from tests.sheets import sheets

pytestmark = pytest.mark.django_db
FLOOR = 3  # session, user, posts
NOT_COUNTED = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK")
MARKET = f"{people.DISTRICT}-market"


def signed_in(username: str | User) -> Client:
    client = Client()
    user = username if isinstance(username, User) else User.objects.get(username=username)
    client.force_login(user)
    return client


def now() -> dt.datetime:
    return timezone.now()


def running(**given) -> Whistle:
    """A whistle that was blown an hour ago."""
    return blown(now=now() - dt.timedelta(hours=1), **given)


def page(whistle: Whistle, rest: str = "") -> str:
    return f"/party/whistles/{whistle.uuid}/{rest}"


def call_of(whistle: Whistle, code: str) -> Call:
    return whistle.calls.get(unit__code=code)


def asked(client: Client, address: str) -> list[str]:
    """Statements of a page above those of a session."""
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(address)
    assert answer.status_code == 200
    return [q["sql"][:140] for q in captured if not q["sql"].startswith(NOT_COUNTED)][FLOOR:]


def moves(client: Client, whistle: Whistle, code: str) -> list[str]:
    """What a page offers for a called unit, the next step first."""
    reading = client.get(page(whistle)).context["reading"]
    row = next(row for row in reading.rows if row.call.unit.code == code)
    return [move.name for move in row.moves]


# The page ---------------------------------------------------------------------------------------------------------


def test_the_page_shows_four_clocks_for_each_unit_and_how_each_stands():
    whistle = running()
    do(whistle, "sign", "cg_lianluo", of=MANAGEMENT, now=now() - dt.timedelta(minutes=40))
    reading = signed_in("jieshuji").get(page(whistle)).context["reading"]
    lead, helper = reading.rows
    assert [step.label for step in lead.steps] == ["签收", "联系", "报到", "办结"]
    assert lead.steps[0].tone in ("done", "late") and lead.steps[1].tone != "done"
    assert helper.steps[0].words.startswith(("剩", "超"))
    assert lead.call.is_lead and not helper.call.is_lead


def test_the_next_step_of_a_unit_is_offered_to_its_liaison_and_nothing_of_another_unit():
    whistle, client = running(), signed_in("cg_lianluo")
    assert moves(client, whistle, MANAGEMENT)[:3] == ["arrive", "sign", "contact"]
    assert moves(client, whistle, POLICE) == []
    assert moves(signed_in("jieshuji"), whistle, POLICE) == ["release"]


def test_why_the_street_cannot_settle_yet_stands_on_the_page():
    text = signed_in("jieshuji").get(page(running())).content.decode()
    assert "还有单位没有办结" in text


def test_a_refusal_its_replacement_and_who_is_there_are_said():
    whistle = running()
    refused = {"refusal": "not_ours", "reason": "属市场监管职责", "right_unit": unit(MARKET)}
    do(whistle, "refuse", people.someone("liaison", POLICE), of=POLICE, now=now(), **refused)
    do(whistle, "arrive", "cg_lianluo", of=MANAGEMENT, now=now(), position=inside())
    text = signed_in("jieshuji").get(page(whistle)).content.decode()
    assert "不属于本单位职责" in text and "已改召" in text
    assert "定位报到" in text and "在现场" in text


def test_whoever_may_not_see_the_case_reads_what_it_is_about_without_a_link():
    whistle = running()
    text = signed_in("cg_lianluo").get(page(whistle)).content.decode()
    assert whistle.case.number in text and f"/cases/{whistle.case.uuid}/" not in text
    assert f"/cases/{whistle.case.uuid}/" in signed_in("jieshuji").get(page(whistle)).content.decode()


def test_a_whistle_out_of_scope_is_not_there():
    whistle = running()
    client = signed_in(people.stranger())
    for rest in (
        "",
        "print/",
        "file/",
        "screen/",
        "moves/note/",
        f"calls/{whistle.calls.first().pk}/moves/sign/",
    ):
        assert client.get(page(whistle, rest)).status_code == 404, rest
    assert client.get(f"/field/arrive/{whistle.uuid}/").status_code == 404


def test_the_page_asks_little_however_much_has_happened():
    whistle = running()
    do(whistle, "arrive", "cg_lianluo", of=MANAGEMENT, now=now(), position=inside())
    given = {"unit": unit(MANAGEMENT), "title": "拆棚", "deadline": now() + dt.timedelta(days=1)}
    do(whistle, "add_task", "jieshuji", now=now(), **given)
    for name in ("jieshuji", "cg_lianluo", "qushuji"):
        found = asked(signed_in(name), page(whistle))
        assert len(found) <= 10, found
    whistle = closed()
    for name in ("jieshuji", "chengguanju"):
        found = asked(signed_in(name), page(whistle))
        assert len(found) <= 10, found


def closed() -> Whistle:
    """A whistle that waits for scores."""
    whistle = running()
    walk(whistle.case, "feedback", "pass", "close", now=now() - dt.timedelta(minutes=30))
    return Whistle.objects.get(pk=whistle.pk)


# Moves ------------------------------------------------------------------------------------------------------------


def test_a_unit_signs_by_one_press_and_a_second_press_changes_nothing():
    whistle = running()
    address = page(whistle, f"calls/{call_of(whistle, MANAGEMENT).pk}/moves/sign/")
    form, client = {"key": uuid.uuid4()}, signed_in("cg_lianluo")
    for _ in range(2):
        answer = client.post(address, form)
        assert (answer.status_code, answer["Location"]) == (302, page(whistle))
    assert whistle.events.filter(move="sign").count() == 1
    assert call_of(whistle, MANAGEMENT).state == CallState.SIGNED


def test_what_is_missing_is_said_at_its_field_and_nothing_is_lost():
    whistle = running()
    address = page(whistle, f"calls/{call_of(whistle, MANAGEMENT).pk}/moves/refuse/")
    form = {"key": uuid.uuid4(), "reason": "属市场监管职责", "refusal": "not_ours"}
    answer = signed_in("cg_lianluo").post(address, form)
    assert answer.status_code == 422
    assert answer.context["form"].errors["right_unit"] == ["请选择认为应召集的单位。"]
    assert "属市场监管职责" in answer.content.decode()
    assert not whistle.events.filter(move="refuse").exists()


def test_what_the_door_refuses_comes_back_in_its_form_with_its_status():
    whistle = running()
    form = {"key": uuid.uuid4(), "words": "夜市已入市场"}
    answer = signed_in("jieshuji").post(page(whistle, "moves/settle/"), form)
    assert answer.status_code == 409
    text = answer.content.decode()
    assert "还有单位没有办结" in text and "夜市已入市场" in text


def test_a_step_that_is_over_is_refused_by_the_state_of_the_unit_and_not_of_the_whistle():
    whistle = running()
    do(whistle, "arrive", "cg_lianluo", of=MANAGEMENT, now=now(), position=inside())
    do(whistle, "finish", "cg_lianluo", of=MANAGEMENT, now=now(), words="已清理")
    address = page(whistle, f"calls/{call_of(whistle, MANAGEMENT).pk}/moves/sign/")
    answer = signed_in("cg_lianluo").post(address, {"key": uuid.uuid4()})
    assert answer.status_code == 409 and "该单位的召集现为“已办结”，不能签收。" in answer.text


def test_a_unit_that_finished_is_let_go_and_one_that_is_not_needed_is_released():
    whistle = running()
    do(whistle, "arrive", "cg_lianluo", of=MANAGEMENT, now=now(), position=inside())
    do(whistle, "finish", "cg_lianluo", of=MANAGEMENT, now=now(), words="已清理")
    do(whistle, "dismiss", "jieshuji", of=MANAGEMENT, now=now())
    do(whistle, "release", "jieshuji", of=POLICE, now=now())
    finished, released = signed_in("jieshuji").get(page(whistle)).context["reading"].rows
    assert finished.notes[-1].endswith("同意离场") and released.notes[-1].endswith("解除")


def test_what_was_done_is_said_by_the_name_of_its_button():
    whistle, client = running(), signed_in("cg_lianluo")
    address = page(whistle, f"calls/{call_of(whistle, MANAGEMENT).pk}/moves/sign/")
    text = client.post(address, {"key": uuid.uuid4()}, follow=True).text
    assert "盘龙区城市管理局：“签收”已办理，现为“待联系”。" in text
    text = client.post(page(whistle, "moves/note/"), {"key": uuid.uuid4(), "words": "到场"}, follow=True).text
    assert f"{whistle.number}：“记处置日志”已办理，现为“已吹哨”。" in text


def test_a_move_of_another_is_forbidden_and_one_that_is_none_is_not_there():
    whistle = running()
    client, call = signed_in("cg_lianluo"), call_of(whistle, POLICE)
    assert (
        client.post(page(whistle, f"calls/{call.pk}/moves/sign/"), {"key": uuid.uuid4()}).status_code == 403
    )
    assert client.get(page(whistle, "moves/dance/")).status_code == 404
    other = running()
    assert client.get(page(whistle, f"calls/{other.calls.first().pk}/moves/sign/")).status_code == 404


def test_every_form_of_every_move_opens():
    whistle, tried = running(), 0
    client = signed_in("jieshuji")
    for move in WHISTLES:
        if move.sources and not move.is_systems:
            assert client.get(page(whistle, f"moves/{move.name}/")).status_code == 200, move.name
            tried += 1
    for move in CALLS:
        address = page(whistle, f"calls/{whistle.calls.first().pk}/moves/{move.name}/")
        if not move.is_systems and move.name != "arrive":
            assert client.get(address).status_code == 200, move.name
            tried += 1
    assert tried > 15


def test_both_sides_score_from_the_page():
    whistle = closed()
    call = call_of(whistle, MANAGEMENT)
    street, unit_head = signed_in("jieshuji"), signed_in("chengguanju")
    assert f"moves/score_unit/?call={call.pk}" in street.get(page(whistle)).content.decode()
    marks = {"key": uuid.uuid4(), "call": call.pk, "speed": 5, "attitude": 4, "result": 4}
    assert street.post(page(whistle, "moves/score_unit/"), marks).status_code == 302
    marks = {"key": uuid.uuid4(), "call": call.pk, "needed": 5, "clear": 4, "prepared": 3}
    assert unit_head.post(page(whistle, "moves/score_whistle/"), marks).status_code == 302
    assert f"?call={call.pk}" not in street.get(page(whistle)).content.decode()
    assert {score.side for score in call.scores.all()} == {"street", "unit"}


def test_a_score_is_read_by_its_own_side_alone_until_the_other_side_has_scored_or_the_whistle_is_put_away():
    whistle = closed()
    lead, helper = call_of(whistle, MANAGEMENT), call_of(whistle, POLICE)
    marks = {"speed": 2, "attitude": 2, "result": 2, "words": "来得太晚"}
    for call in (lead, helper):
        do(whistle, "score_unit", "jieshuji", call=call, now=now(), **marks)

    def reads(name: str) -> int:
        """Scores on the page, in print and in the file; the story says as much, and no more."""
        client, counts = signed_in(name), []
        for rest in ("", "print/"):
            text = client.get(page(whistle, rest)).content.decode()
            counts.append((text.count("响应速度 2"), text.count("来得太晚")))
        rows = sheets(b"".join(client.get(page(whistle, "file/")).streaming_content))
        counts.append((str(rows).count("响应速度 2"), str(rows).count("来得太晚")))
        _, words = counts[0]
        assert counts == [(2 * words, words)] * 3
        return words

    sides = ("jieshuji", "chengguanju", "quling")
    assert [reads(name) for name in sides] == [2, 0, 0]
    need = {"needed": 5, "clear": 4, "prepared": 3}
    do(whistle, "score_whistle", "cg_lianluo", call=lead, now=now(), **need)
    assert [reads(name) for name in sides] == [2, 1, 1]
    lapse(now=Whistle.objects.get(pk=whistle.pk).lapses_at)
    assert [reads(name) for name in sides] == [2, 2, 2]


# Blowing ----------------------------------------------------------------------------------------------------------


def handled_by_street():
    return case_at(CaseState.HANDLING, loop="street", now=now() - dt.timedelta(hours=2))


def blow_form(case, **given) -> dict:
    return {
        "key": uuid.uuid4(),
        "kind": "enforcement",
        "source": "judgement",
        "demands": ["on_site", "enforce"],
        "words": "夜市占道反复，需要城管和公安一起到场。",
        "lead": unit(MANAGEMENT).pk,
        "helpers": [unit(POLICE).pk],
    } | given


def test_a_secretary_blows_from_the_case_once_however_often_the_form_is_sent():
    case, client = handled_by_street(), signed_in("jieshuji")
    assert f"/party/blow/{case.uuid}/" in client.get(f"/cases/{case.uuid}/").content.decode()
    form = blow_form(case)
    for _ in range(2):
        answer = client.post(f"/party/blow/{case.uuid}/", form)
        assert answer.status_code == 302
    whistle = Whistle.objects.get()
    assert answer["Location"] == page(whistle)
    assert (whistle.state, whistle.calls.count()) == (State.BLOWN, 2)


def test_units_are_proposed_with_the_reason_and_the_lead_is_chosen():
    case = handled_by_street()
    form = signed_in("jieshuji").get(f"/party/blow/{case.uuid}/").context["form"]
    rows = form.unit_rows()
    assert rows[0]["why"].startswith("权责清单") and len(rows) > 10
    assert [row["is_lead"] for row in rows].count(True) <= 1
    whistle_of = blow_form(case, lead=rows[0]["unit"].pk, helpers=[])
    signed_in("jieshuji").post(f"/party/blow/{case.uuid}/", whistle_of)
    assert Call.objects.get().why.startswith("权责清单")


def test_a_form_that_is_sent_again_is_answered_also_when_the_reasons_have_changed():
    case, client = handled_by_street(), signed_in("jieshuji")
    form = blow_form(case)
    first = client.post(f"/party/blow/{case.uuid}/", form)
    Responsibility.objects.update(lead="", helpers=[])
    again = client.post(f"/party/blow/{case.uuid}/", form)
    assert (again.status_code, again["Location"]) == (302, first["Location"])


def test_only_reasons_that_are_true_of_the_case_can_be_chosen():
    case = handled_by_street()
    form = signed_in("jieshuji").get(f"/party/blow/{case.uuid}/").context["form"]
    names = {name for name, _ in form.fields["source"].choices}
    assert "judgement" in names and not names & {"refused_twice", "no_power", "escalated"}


def test_a_form_without_a_lead_comes_back_with_everything_that_was_chosen():
    case = handled_by_street()
    form = blow_form(case)
    del form["lead"]
    answer = signed_in("jieshuji").post(f"/party/blow/{case.uuid}/", form)
    assert answer.status_code == 422
    assert answer.context["form"].errors["lead"] == ["请选择一个牵头单位。"]
    helper = unit(POLICE).pk
    assert re.search(rf'name="helpers" value="{helper}" checked', answer.content.decode())
    assert not Whistle.objects.exists()


def test_a_community_asks_the_street_which_decides():
    case, asker = handled_by_street(), signed_in("sheshuji")
    text = asker.get(f"/party/blow/{case.uuid}/").content.decode()
    assert "请街道吹哨" in text
    assert asker.post(f"/party/blow/{case.uuid}/", blow_form(case)).status_code == 302
    whistle = Whistle.objects.get()
    assert (whistle.state, whistle.calls.count()) == (State.ASKED, 0)
    form = {"key": uuid.uuid4(), "lead": unit(MANAGEMENT).pk}
    assert signed_in("jieshuji").post(page(whistle, "moves/blow_asked/"), form).status_code == 302
    whistle.refresh_from_db()
    assert (whistle.state, whistle.calls.count()) == (State.BLOWN, 1)


def test_a_post_that_blows_more_than_usual_is_told_so_and_may_still_blow():
    for _ in range(8):
        blown(kind="priority", now=now() - dt.timedelta(minutes=5))
    case, client = handled_by_street(), signed_in("jieshuji")
    text = client.get(f"/party/blow/{case.uuid}/").content.decode()
    if timezone.localtime(now()).day > 1:
        assert "拓东街道本月已吹重点工作哨 8 次" in text
    assert client.post(f"/party/blow/{case.uuid}/", blow_form(case, kind="priority")).status_code == 302


def test_whoever_takes_over_a_post_that_blows_does_not_begin_at_zero():
    for _ in range(8):
        blown(kind="priority", now=now() - dt.timedelta(minutes=5))
    post = Post.objects.get(user__username="jieshuji", role=Role.SECRETARY)
    post.user = people.someone("handler", MANAGEMENT)
    post.save()
    case = handled_by_street()
    for user, number in ((post.user, 8), (User.objects.get(username="qushuji"), 0)):
        found = {way.rule.kind: way.blown for way in ways(case, user, now())}
        assert found["priority"] == (number if timezone.localtime(now()).day > 1 else found["priority"])


def test_short_limits_are_said_in_minutes_before_and_after_blowing():
    case = handled_by_street()
    text = signed_in("jieshuji").get(f"/party/blow/{case.uuid}/").text
    assert "签收 6 分钟，联系 15 分钟，报到 30 分钟，办结 24 小时" in text
    whistle = running(kind="emergency", source="emergency")
    for rest in ("", "print/"):
        text = signed_in("jieshuji").get(page(whistle, rest)).text
        assert "6 分钟" in text and "紧急工作时" not in text, rest


# The case page ----------------------------------------------------------------------------------------------------


def test_the_case_page_says_who_has_signed_and_who_has_not():
    whistle = running()
    do(whistle, "sign", "cg_lianluo", of=MANAGEMENT, now=now())
    text = signed_in("jieshuji").get(f"/cases/{whistle.case.uuid}/").content.decode()
    panel = text.split('data-panel="whistle"')[1].split("</section>")[0]
    assert "已签收，未到场" in panel and "未签收" in panel and page(whistle) in panel
    assert whistle.number in panel and "/party/blow/" not in text


def test_the_case_page_shows_the_number_of_the_day_on_which_the_whistle_was_asked_for():
    whistle = asked_for(now=now() - dt.timedelta(days=2))
    whistle = do(whistle, "blow_asked", "jieshuji", lead=unit(MANAGEMENT), now=now())
    assert whistle.number in signed_in("jieshuji").get(f"/cases/{whistle.case.uuid}/").text


def test_the_case_page_does_not_say_of_a_unit_that_helps_from_afar_that_it_is_to_come():
    whistle = running(kind="priority")
    do(whistle, "contact", "cg_lianluo", of=MANAGEMENT, now=now(), words="意见书今天送到", stays_away=True)
    text = signed_in("jieshuji").get(f"/cases/{whistle.case.uuid}/").content.decode()
    panel = text.split('data-panel="whistle"')[1].split("</section>")[0]
    assert "远程办理" in panel and "未到场" not in panel


def test_who_may_not_blow_reads_who_may_and_the_others_read_nothing():
    case = handled_by_street()
    assert "吹响" not in signed_in("zhiban").get(f"/cases/{case.uuid}/").content.decode()
    district = people.someone("deputy_leader", people.DISTRICT)
    assert "吹响。" in signed_in(district).get(f"/cases/{case.uuid}/").content.decode()


def test_the_panel_costs_the_case_page_one_statement():
    case = handled_by_street()
    for name in ("jieshuji", "zhiban", "quling"):
        found = [sql for sql in asked(signed_in(name), f"/cases/{case.uuid}/") if "partybuilding" in sql]
        assert len(found) <= 1, found


# Lists ------------------------------------------------------------------------------------------------------------


def listed(client: Client, query: str) -> set[int]:
    return {whistle.pk for whistle in client.get(f"/party/whistles/{query}").context["whistles"]}


def test_filters_of_the_address_narrow_the_list():
    first, second = running(), running(kind="emergency", source="emergency")
    ended = running()
    do(ended, "withdraw", "jieshuji", now=now(), reason="已自行解决")
    client = signed_in("jieshuji")
    assert listed(client, "") == {first.pk, second.pk}
    assert listed(client, "?state=all") == {first.pk, second.pk, ended.pk}
    assert listed(client, "?state=ended") == {ended.pk}
    assert listed(client, "?kind=emergency") == {second.pk}
    assert listed(client, f"?unit={unit(POLICE).pk}") == {first.pk, second.pk}
    assert listed(client, f"?q={first.number}") == {first.pk}
    assert listed(client, "?late=sign") >= {second.pk}  # six minutes, an hour ago
    assert listed(signed_in("cg_lianluo"), "?mine=yes") == {first.pk, second.pk}
    assert listed(signed_in(people.stranger()), "?state=all") == set()


def test_a_filter_that_is_none_is_said_at_its_field_and_narrows_nothing():
    whistle = running()
    answer = signed_in("jieshuji").get("/party/whistles/?kind=dance&state=x&page=9999999999")
    assert answer.status_code == 200
    assert {"kind", "state"} <= set(answer.context["form"].errors)
    assert listed(signed_in("jieshuji"), "?kind=dance") == {whistle.pk}


def test_the_list_asks_little_for_everybody():
    for _ in range(3):
        running()
    for name in ("jieshuji", "qushuji", "chengguanju", "sheshuji"):
        found = asked(signed_in(name), "/party/whistles/?state=all&kind=enforcement")
        assert len(found) <= 6, found


def test_every_number_of_the_first_screen_opens_the_list_that_it_counts():
    running(kind="emergency", source="emergency")
    client = signed_in("jieshuji")
    context = client.get("/party/").context
    for step, number in context["late"].items():
        assert len(listed(client, f"?late={step.value}")) == number
    for group in ("asked", "running", "settled", "closed", "open"):
        assert len(listed(client, f"?state={group}")) == context["counts"][group][0]
    assert context["late"]["sign"] == 1


# What waits -------------------------------------------------------------------------------------------------------


def verbs(username: str) -> list[str]:
    return [row.verb for row in signed_in(username).get("/party/").context["rows"]]


def test_what_waits_for_each_follows_the_whistle():
    whistle = running()
    assert verbs("cg_lianluo") == ["签收"]
    do(whistle, "contact", "cg_lianluo", of=MANAGEMENT, now=now(), words="就到")
    assert verbs("cg_lianluo") == ["报到"]
    do(whistle, "arrive", "cg_lianluo", of=MANAGEMENT, now=now(), position=inside())
    assert verbs("cg_lianluo") == ["办结"] and verbs("jieshuji") == []
    do(whistle, "finish", "cg_lianluo", of=MANAGEMENT, now=now(), words="已清理")
    do(whistle, "release", "jieshuji", of=POLICE, now=now())
    assert verbs("jieshuji") == ["确认处置完毕"]
    do(whistle, "settle", "jieshuji", now=now(), words="已入市场")
    walk(whistle.case, "feedback", "pass", "close", now=now())
    assert verbs("jieshuji") == ["评价部门"] and verbs("chengguanju") == ["评价哨令"]


def test_the_first_screen_asks_little_and_nothing_of_those_who_have_no_part():
    running()
    for name in ("jieshuji", "chengguanju", "cg_lianluo"):
        found = asked(signed_in(name), "/party/")
        assert len(found) <= 8, found
