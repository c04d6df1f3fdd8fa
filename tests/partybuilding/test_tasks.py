"""Tasks of a whistle: for a unit, or for one of its people."""

import uuid

import pytest
from django.utils import timezone

from governance import actions as governance
from governance.models import Notice, Post, User
from partybuilding.models import Whistle
from partybuilding.waiting import to_do
from records.refusals import Unfit
from tests import people
from tests.lives import MORNING
from tests.partybuilding.blowing import DAY, MANAGEMENT, POLICE, blown, do, unit, user
from tests.partybuilding.test_pages import page, running, signed_in
from tests.sheets import sheets

pytestmark = pytest.mark.django_db
TASK = {"title": "拆除雨棚三处", "deadline": MORNING + 2 * DAY}


def given_to(person: User | None, of: str = MANAGEMENT) -> Whistle:
    named = {"person": person} if person else {}
    return do(blown(), "add_task", "jieshuji", unit=unit(of), **named, **TASK)


def has_it(person: User) -> bool:
    rows = to_do(User.objects.get(pk=person.pk), MORNING, 30)
    return [row.due_at for row in rows if row.title.endswith(TASK["title"])] == [TASK["deadline"]]


def test_a_task_waits_for_the_person_who_is_named_and_for_nobody_else_of_the_unit():
    handler, liaison, head = user("chengguan"), user("cg_lianluo"), user("chengguanju")
    given_to(liaison)
    assert [has_it(one) for one in (handler, liaison, head)] == [False, True, False]


def test_a_task_without_a_name_waits_for_everybody_who_answers_for_the_unit():
    given_to(None)
    assert all(has_it(user(name)) for name in ("chengguan", "cg_lianluo", "chengguanju"))
    assert not has_it(people.someone("liaison", POLICE))


def test_of_somebody_who_has_left_the_unit_the_task_waits_for_the_others_again():
    liaison = user("cg_lianluo")
    given_to(liaison)
    Post.objects.filter(user=liaison).update(ends_on=MORNING.date())
    assert has_it(user("chengguanju")) and not has_it(liaison)


def test_the_one_who_is_named_is_told_alone_and_others_of_the_unit_may_still_finish_it():
    liaison = user("cg_lianluo")
    governance.relay(now=MORNING)
    whistle = given_to(liaison)
    governance.relay(now=MORNING + DAY)
    told = Notice.objects.filter(outbox__url__contains=str(whistle.uuid), outbox__verb="交办任务")
    assert [(notice.user, "完成任务" in notice.asks) for notice in told] == [(liaison, True)]
    do(whistle, "finish_task", "chengguanju", task=whistle.tasks.get(), words="已拆除")
    assert whistle.tasks.get().done_by == user("chengguanju")


@pytest.mark.parametrize("who", ["another unit", "the street", "left"])
def test_only_somebody_on_duty_who_answers_for_that_unit_can_be_named(who):
    persons = {"another unit": people.someone("liaison", POLICE), "the street": user("jielingdao")}
    if who == "left":
        persons[who] = user("cg_lianluo")
        Post.objects.filter(user=persons[who]).update(ends_on=MORNING.date())
    with pytest.raises(Unfit) as refusal:
        given_to(persons[who])
    assert refusal.value.field == "person"


def test_the_form_lists_people_of_the_called_units_and_the_page_names_who_was_chosen():
    whistle, liaison = running(), user("cg_lianluo")
    client = signed_in("jieshuji")
    text = client.get(page(whistle, "moves/add_task/")).text
    assert f"{liaison.name}（盘龙区城市管理局）" in text and "由单位安排" in text
    assert people.someone("liaison", f"{people.DISTRICT}-fire").name + "（" not in text
    until = timezone.localtime(timezone.now() + DAY)
    form = {
        "key": uuid.uuid4(),
        "unit": unit(MANAGEMENT).pk,
        "title": TASK["title"],
        "deadline": f"{until:%Y-%m-%dT%H:%M}",
    }
    refused = client.post(
        page(whistle, "moves/add_task/"), form | {"person": people.someone("liaison", POLICE).pk}
    )
    assert refused.status_code == 400 and "请选择盘龙区城市管理局的在岗人员" in refused.text
    sent = form | {"key": uuid.uuid4(), "person": liaison.pk}
    assert client.post(page(whistle, "moves/add_task/"), sent).status_code == 302
    task = whistle.tasks.get()
    assert task.person == liaison
    assert whistle.events.latest("sequence").facts["person"] == liaison.pk
    for rest in ("", "print/"):
        assert f"盘龙区城市管理局 {liaison.name}" in client.get(page(whistle, rest)).text
    rows = sheets(b"".join(client.get(page(whistle, "file/")).streaming_content))["任务"]
    assert dict(zip(*rows, strict=True))["经办人"] == liaison.name
