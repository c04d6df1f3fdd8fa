"""The search of cases: what is written is found as it is written, by those in whose scope it is, and by nobody else."""

import datetime as dt
import string

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from hypothesis import HealthCheck, assume, given, seed, settings
from hypothesis import strategies as st

from cases import search
from cases.models import Case, CaseText, SearchRow
from cases.search import Search, Words, plain
from cases.workflow import Loop, State
from desk import queues
from governance.models import Organization, User
from tests import people
from tests.lives import MORNING, case_at, inside, reported, walk, words_of
from tests.scale import tries

pytestmark = pytest.mark.django_db
SEED = 20_261_126


def named(username: str) -> User:
    return User.objects.get(username=username)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def on_page(text: str, user: User | None = None, **query: str) -> list[str]:
    answer = signed_in(user or people.clerk()).get("/desk/", {"queue": "all", "q": text, **query})
    return [str(case.uuid) for case in answer.context["cases"]]


def of_programs(text: str, user: User | None = None, **query: str) -> list[str]:
    found = signed_in(user or people.clerk()).get("/api/v1/cases/", {"q": text, **query}).json()
    return [row["uuid"] for row in found.get("results", ())]


def finds(text: str, *cases: Case, user: User | None = None) -> None:
    """A text finds some cases, the newest first, at the desk and for programs."""
    wanted = [str(case.uuid) for case in sorted(cases, key=lambda case: -case.pk)]
    assert on_page(text, user) == wanted, text
    assert of_programs(text, user) == wanted, text


# As it is written ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("新迎路15-2", ["15-2", "新迎路15-2", "路15—2", "１５－２"]),
        ("新迎小区12-3号", ["12-3号", "12-3", "小区 12-3号"]),
        ("仓库Ａ１２门口", ["A12", "a12", "Ａ１２"]),
        ("小区３栋２单元", ["3栋", "３栋", "3 栋", "3栋2单元", "3 栋 2 单元"]),
        ("商场（B座）负一层", ["(B座)", "（Ｂ座）", "b座", "商场B座"]),
        ("尚义街330号", ["尚义街330", "尚义街 330", "尚义街330号。", "尚义街 330 号", "330"]),
        ("尚义街 330 号", ["尚义街330", "尚义街 330", "尚义街330号"]),
        ("东风路88号，后门", ["东风路88号，后门", "东风路88号。", "后门、东风路", "东风路88号后门"]),
    ],
)
def test_an_address_is_found_as_people_write_it(written, asked):
    case = reported(address=written, words="有人堆放旧沙发")
    reported(address="白塔路7号", words="有人堆放旧木板")
    for text in asked:
        finds(text, case)


def test_every_word_counts_a_fifth_and_a_single_character_too():
    case = reported(words="井盖松动，夜里响声大，影响老人出行，请修")
    for words in ("井盖 响声 老人 出行 请修", "井盖 响声 老人 出行 夜里", "井盖 修"):
        finds(words, case)
    for words in ("井盖 响声 老人 出行 路灯", "井盖 响声 老人 出行 请修 路灯", "井盖 灯"):
        finds(words)


def test_words_may_stand_in_different_texts_and_no_word_reaches_from_one_into_the_next():
    case = reported(words="楼道有沙发", address="人民西路")
    finds("沙发 人民西路", case)
    finds("西路楼道")
    finds("路楼")
    finds("发人")


def test_pairs_that_stand_apart_are_no_word():
    reported(words="旧家里有家具")
    finds("旧家具")


def test_what_somebody_writes_later_is_found_and_what_is_erased_is_not():
    case = case_at(State.HANDLED, loop=Loop.STREET)
    leader = named("jielingdao")
    words = words_of(case, "feedback")
    finds(words[:8], case, user=leader)
    CaseText.objects.filter(case=case).update(body="")
    finds(words[:8], user=leader)
    assert SearchRow.objects.get(case=case).plain.split() == [plain(case.address)]


def test_a_corrected_address_is_found_by_what_it_says_now():
    case = reported(address="原来的路口")
    Case.objects.filter(pk=case.pk).update(address="后来的路口")
    finds("原来")
    finds("后来", case)


# Numbers and names -----------------------------------------------------------------------------------------------------


def test_a_number_is_found_with_its_dash_and_without_and_among_other_words():
    case, other = reported(words="电线垂落"), reported(words="电线断了")
    digits = case.number.replace("-", "")
    for text in (case.number, digits, f"{case.number}。", f"{digits} 电线", f"垂落 {case.number}"):
        finds(text, case)
    finds(f"{case.number} {other.number}")


def test_figures_are_a_running_number_or_are_written():
    numbered = reported()
    written = reported(address=f"仓库{numbered.pk:06d}室")
    finds(f"{numbered.pk:06d}", numbered, written)


def test_the_names_of_community_street_unit_and_reporter_find_a_case():
    reporter = people.newcomer("laozhao", "赵铁柱")
    case = reported(by=reporter, words="沙发")
    elsewhere = reported(
        position=inside(f"{people.ELSEWHERE}001"), words="沙发", by=people.someone("clerk", people.ELSEWHERE)
    )
    leader = named("quling")
    finds("沙发 " + case.community.name, case, user=leader)
    finds(case.community.name[:2] + " 沙发", case, user=leader)
    finds(case.street.name, case, user=leader)
    finds(elsewhere.street.name, elsewhere, user=leader)
    finds("赵铁柱", case, user=leader)
    finds("铁柱", case)
    handled = case_at(State.HANDLING, loop=Loop.STREET)
    finds(handled.unit.name, handled, user=leader)
    finds(handled.unit.name + " 沙发", user=leader)


def test_a_callers_name_finds_nothing():
    case = reported(
        by=people.clerk(), source=Case.Source.PHONE, contact_phone="13800001234", contact_name="欧阳锦绣"
    )
    for text in ("欧阳锦绣", "欧阳", "13800001234", "1234"):
        finds(text)
    finds("单元门口", case)


def test_a_word_of_all_names_says_nothing_about_a_place():
    reported(words="沙发", address="")
    assert Organization.objects.filter(name__contains="社区").count() > search.MOST_NAMED
    finds("沙发 社区")


# Scope -----------------------------------------------------------------------------------------------------------------


def test_a_search_finds_in_scope_alone_whatever_the_part_in_the_case():
    case = case_at(State.HANDLING, loop=Loop.STREET, words="招牌歪了")
    for username in ("quling", "jielingdao", "shequ", "zhifa", "wangge", "zhiban"):
        user = named(username)
        wanted = Case.objects.visible_to(user).filter(pk=case.pk)
        assert wanted.exists(), username
        finds("招牌", case, user=user)
        finds(case.number, case, user=user)
    for text in ("招牌", case.number, case.community.name, str(case.pk).zfill(6)):
        finds(text, user=people.stranger())


def test_whoever_gets_a_part_finds_the_case_from_then_on():
    case = reported(words="招牌歪了")
    outsider = people.stranger()
    finds("招牌", user=outsider)
    Case.objects.filter(pk=case.pk).update(people=[*case.people, outsider.pk])
    finds("招牌", case, user=outsider)


def test_a_program_finds_what_it_reported_itself():
    program = people.program()
    case = reported(by=program, source=Case.Source.API, words="占道告警一处")
    reported(words="占道告警一处")
    found = Search(Case.objects.visible_to(program), "占道告警", program).numbers()
    assert found == [case.pk]


def test_a_search_stays_in_its_queue_and_its_filters():
    open_, settled = reported(words="旧沙发"), walk(reported(words="旧沙发"), "decline")
    clerk = people.clerk()
    assert on_page("沙发", clerk) == [str(settled.uuid), str(open_.uuid)]
    assert on_page("沙发", clerk, queue="open") == [str(open_.uuid)]
    assert on_page("沙发", clerk, queue="closed") == []
    assert on_page("沙发", clerk, state="declined") == [str(settled.uuid)]
    assert of_programs("沙发", clerk, is_open="true") == [str(open_.uuid)]
    assert of_programs("沙发", clerk, community=str(open_.community_id)) == [
        str(settled.uuid),
        str(open_.uuid),
    ]
    assert of_programs("沙发", clerk, street=str(open_.community_id)) == []
    assert of_programs("沙发", clerk, street="9" * 18) == []
    reopened = Case.objects.filter(pk=settled.pk)
    reopened.update(state=State.REPORTED, due_at=MORNING)
    assert on_page("沙发", clerk, queue="open") == [str(settled.uuid), str(open_.uuid)]


# Newest first ----------------------------------------------------------------------------------------------------------


def test_a_search_stops_at_the_newest_and_counts_in_the_same_pass(monkeypatch):
    monkeypatch.setattr(queues, "COUNTED_ENDLESS", 40)
    made = [reported(words="旧沙发", now=MORNING + dt.timedelta(minutes=n)) for n in range(43)]
    newest = [str(case.uuid) for case in reversed(made)]
    first, second, third = (
        signed_in(people.clerk()).get("/desk/", {"queue": "all", "q": "沙发", "page": page}).context
        for page in (1, 2, 9)
    )
    assert [str(case.uuid) for case in first["cases"] + second["cases"]] == newest[:40]
    assert (first["total_words"], first["next_page"], second["next_page"]) == ("超过 40 件", 2, None)
    assert [str(case.uuid) for case in third["cases"]] == newest[20:40], "beyond the end: the last page"
    assert (
        "新的在前" in signed_in(people.clerk()).get("/desk/", {"queue": "open", "q": "沙发"}).content.decode()
    )
    assert Search(Case.objects.visible_to(people.clerk()), "沙发", most=4).numbers() == [
        c.pk for c in made[:-6:-1]
    ]


def test_blocks_are_searched_from_the_newest():
    old, new = reported(words="旧沙发"), reported(words="旧沙发")
    far = new.pk + (5 << search._BLOCK)
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval('cases_case_id_seq', %s)", [far])
    newest = reported(words="旧沙发")
    assert newest.pk > far
    finds("沙发", old, new, newest)
    assert Search(Case.objects.all(), "沙发", most=1).numbers() == [newest.pk, new.pk]


@pytest.mark.parametrize("username", ["quling", "jielingdao", "shequ"])
def test_a_number_is_found_once_however_many_blocks_there_are(username):
    case = reported(words="旧沙发")
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval('cases_case_id_seq', %s)", [case.pk + (5 << search._BLOCK)])
    reported(words="旧木板")
    user = named(username)
    for text in (case.number, case.number.replace("-", ""), f"{case.number} 沙发", f"{case.pk:06d}"):
        assert Search(Case.objects.visible_to(user), text, user).numbers() == [case.pk], text
        answer = signed_in(user).get("/api/v1/cases/", {"q": text}).json()
        assert [row["uuid"] for row in answer["results"]] == [str(case.uuid)], text
        assert answer.get("count", 1) == 1, text


# What is written is found ----------------------------------------------------------------------------------------------

_LETTERS = "路口井盖堆物小区单元栋号座门前后东西南北上下一二三" + "０１２ＡＢａｂ" + string.digits + "ABCabc"
_SIGNS = " 　-－—，。、；：（）()《》“”·.#/&%_\\'\"\n"
#: Text as people write it, signs among it.
written = st.text(st.sampled_from(_LETTERS * 2 + _SIGNS), min_size=2, max_size=40)


def test_what_is_written_is_found_in_scope_and_by_nobody_outside(promise):
    case, clerk, stranger = reported(), people.clerk(), people.stranger()
    other = reported(position=inside(f"{people.ELSEWHERE}001"), by=people.someone("clerk", people.ELSEWHERE))
    tried, lost = 0, []

    @seed(SEED)
    @settings(max_examples=tries(60, full=300, trust=3000), database=None, deadline=None, suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(body=written, address=written, data=st.data())
    def check(body: str, address: str, data: st.DataObject) -> None:
        nonlocal tried
        CaseText.objects.filter(case=case, sequence=1).update(body=body)
        Case.objects.filter(pk=case.pk).update(address=address)
        source = data.draw(st.sampled_from([body, address]))
        begins = data.draw(st.integers(0, len(source) - 1))
        part = source[begins : data.draw(st.integers(begins + 1, len(source)))]
        if data.draw(st.booleans()):
            part = part.upper()
        assume(Words.of(part).words)
        tried += 1
        if case.pk not in Search(Case.objects.visible_to(clerk), part, clerk).numbers():
            lost.append((source, part))
        outside = Search(Case.objects.visible_to(stranger), part, stranger).numbers()
        if set(outside) - {other.pk}:
            lost.append((source, part, "outside"))

    check()
    assert lost == []
    promise("what is written is found, in scope", tried=tried, held=tried, lost=0)


def test_the_database_has_the_same_plain_form():
    letters = [chr(code) for code in range(1, 0x3400) if not 0xD800 <= code < 0xE000]
    letters += [
        chr(code)
        for code in (*range(0x4E00, 0x4F00), *range(0xF900, 0xFA00), *range(0xFE30, 0x10000), 0x1F6A7)
    ]
    with connection.cursor() as cursor:
        cursor.execute("SELECT array_agg(cases_plain(one) ORDER BY place) FROM unnest(%s) WITH ORDINALITY AS all_(one, place)", [letters])  # fmt: skip
        theirs = cursor.fetchone()[0]
    ours = [plain(letter) for letter in letters]
    # Assigned later than the older of the two tables of characters knows.
    different = [(one, a, b) for one, a, b in zip(letters, ours, theirs, strict=True) if a != b]
    assert different == []


def test_every_case_of_a_world_is_found_by_what_its_own_row_says():
    """Places, units, people and whether it is open stand in the keys as they stand in the row."""
    for state in (State.REPORTED, State.DISPUTED, State.SUSPENDED, State.EVALUATED, State.MERGED):
        case_at(state, loop=Loop.STREET)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), count(*) FILTER (WHERE now_.keys @> r.keys AND r.keys @> now_.keys AND now_.plain = r.plain)"
            " FROM cases_search_rows(0, 1000000000) now_ LEFT JOIN cases_searchrow r USING (case_id)"
        )
        cases, same = cursor.fetchone()
    assert cases == same == Case.objects.count() > 5


def test_rows_that_are_missing_or_wrong_are_written_again(capsys):
    missing, wrong, right = reported(words="旧沙发"), reported(words="旧沙发"), reported(words="旧沙发")
    SearchRow.objects.filter(case=missing).delete()
    SearchRow.objects.filter(case=wrong).update(keys=[1], plain="别的")
    finds("沙发", right)
    call_command("refill_search")
    finds("沙发", missing, wrong, right)
    call_command("refill_search")
    assert capsys.readouterr().out.splitlines() == [
        "2 件案件的检索行已重新写入。",
        "0 件案件的检索行已重新写入。",
    ]
