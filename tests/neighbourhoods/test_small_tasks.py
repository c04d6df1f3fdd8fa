"""Small tasks 小任务: given once, answered once, seen late, by nobody else."""

import datetime as dt
import re
import uuid
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from governance import modules
from governance.models import Outbox, User
from governance.roles import Role
from neighbourhoods import actions
from neighbourhoods.models import AskedNeighbourhood, Neighbourhood, NeighbourhoodLeader, SmallTask
from records.refusals import Forbidden, KeyReused, Stale, Unfit
from tests import neighbours, people

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
WORDS = "请看一看楼道灯有没有不亮的。"


def today() -> dt.date:
    return timezone.localdate()


def given(**other: Any) -> SmallTask:
    neighbours.leader()  # of the building
    whole = {
        "by": people.clerk(),
        "now": timezone.now(),
        "key": uuid.uuid4(),
        "community": neighbours.community(),
        "words": WORDS,
        "due_on": today() + 3 * DAY,
        "neighbourhoods": [neighbours.building()],
    }
    return actions.give(**whole | other)


def asked(**other: Any) -> AskedNeighbourhood:
    return given(**other).asked.get()


def answered(one: AskedNeighbourhood, **other: Any) -> AskedNeighbourhood:
    whole = {"by": neighbours.leader(), "now": timezone.now(), "said": "done", "words": "都亮。"}
    return actions.answer(one.pk, **whole | other)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


# Given ------------------------------------------------------------------------------------------------------------


def test_a_task_given_to_two_neighbourhoods_waits_for_both_and_tells_their_leaders():
    leader, other = neighbours.leader(), neighbours.building("尚义大厦 2 栋")
    NeighbourhoodLeader.objects.create(neighbourhood=other, user=leader, starts_on=neighbours.BEGUN)
    task = given(neighbourhoods=[neighbours.building(), other])
    assert task.asked.unanswered().count() == 2
    (told,) = Outbox.objects.all()
    assert [address["user"] for address in told.audience] == [leader.pk] and told.verb == "小任务"


def test_the_same_form_sent_twice_gives_one_task_and_with_other_words_none():
    key = uuid.uuid4()
    assert given(key=key) == given(key=key)
    for other in (
        {"words": "别的事。"},
        {"due_on": today()},
        {"by": people.someone(Role.COMMUNITY_WORKER, people.COMMUNITY)},
    ):
        with pytest.raises(KeyReused):
            given(key=key, **other)
    assert SmallTask.objects.count() == AskedNeighbourhood.objects.count() == 1


@pytest.mark.parametrize(
    ("other", "field"),
    [
        ({"words": " "}, "words"),
        ({"words": "好" * 201}, "words"),
        ({"due_on": today() - DAY}, "due_on"),
        ({"due_on": today() + actions.LONGEST + DAY}, "due_on"),
        ({"neighbourhoods": []}, "neighbourhoods"),
    ],
)
def test_what_does_not_fit_is_refused_at_its_field(other, field):
    with pytest.raises(Unfit) as refused:
        given(**other)
    assert refused.value.field == field and not SmallTask.objects.exists()


def test_a_community_asks_its_own_neighbourhoods_alone():
    building = neighbours.building()
    Neighbourhood.objects.update(active_until=today())
    with pytest.raises(Unfit):
        given(neighbourhoods=[building])
    for stranger in (people.stranger(), people.worker(), people.someone(Role.DUTY_CHIEF, people.STREET)):
        with pytest.raises(Forbidden):
            given(by=stranger)
    assert not SmallTask.objects.exists()


@pytest.mark.parametrize("why", ["never had one", "led until today", "without a post for it"])
def test_a_neighbourhood_that_nobody_leads_is_not_asked_and_the_page_says_whose_it_is(why):
    leader, other = neighbours.leader(), neighbours.building("尚义大厦 2 栋")
    if why != "never had one":
        of = neighbours.leader(other, username="louzhang_other")
        if why == "led until today":
            NeighbourhoodLeader.objects.filter(user=of).update(ends_on=today())
        else:
            of.posts.update(ends_on=today())
    with pytest.raises(Unfit, match="尚义大厦 2 栋还没有负责人") as refused:
        given(neighbourhoods=[neighbours.building(), other])
    assert refused.value.field == "neighbourhoods" and not SmallTask.objects.exists()
    client = signed_in(people.clerk())
    page = client.get("/desk/tasks/").content.decode()
    assert "不能布置：尚义大厦 2 栋" in page and f"尚义大厦 1 栋（{leader.name}）" in page
    every = {"key": str(uuid.uuid4()), "words": WORDS, "due_on": str(today()), "every": "on"}
    assert client.post("/desk/tasks/", every).status_code == 302
    assert [one.neighbourhood for one in AskedNeighbourhood.objects.all()] == [neighbours.building()]


# Answered ---------------------------------------------------------------------------------------------------------


def test_a_leader_answers_once_and_the_same_answer_sent_again_is_the_same():
    one = asked()
    assert answered(one).answered_by == answered(one).answered_by == neighbours.leader()
    for other in ({"said": "cannot"}, {"words": "又看了一遍。"}):
        with pytest.raises(Stale, match="已经回复过：已办"):
            answered(one, **other)
    assert AskedNeighbourhood.objects.get().words == "都亮。"


def test_nobody_answers_for_another_neighbourhood_or_after_leading_it():
    one, leader = asked(), neighbours.leader()
    other = neighbours.leader(neighbours.building("尚义大厦 2 栋"), username="louzhang_other")
    for by in (other, people.clerk(), people.worker()):
        with pytest.raises(AskedNeighbourhood.DoesNotExist):
            answered(one, by=by)
    NeighbourhoodLeader.objects.filter(user=leader).update(ends_on=today())
    with pytest.raises(AskedNeighbourhood.DoesNotExist):
        answered(one, by=User.objects.get(pk=leader.pk))
    assert AskedNeighbourhood.objects.unanswered().count() == 1


@pytest.mark.parametrize(("other", "field"), [({"said": "maybe"}, "answer"), ({"words": ""}, "words")])
def test_an_answer_says_one_of_two_things_and_in_words(other, field):
    with pytest.raises(Unfit) as refused:
        answered(asked(), **other)
    assert refused.value.field == field


def test_what_cannot_be_done_is_told_to_whoever_gave_it():
    answered(asked(), said="cannot", words="梯子不够高。")
    told = Outbox.objects.order_by("-pk")[0]
    assert (told.verb, told.audience) == ("小任务办不了", [{"user": people.clerk().pk}])


def test_it_stands_in_the_to_do_of_its_leader_until_it_is_answered(time_machine):
    one, leader = asked(), neighbours.leader()

    def waits() -> list[tuple[str, bool]]:
        user = User.objects.get(pk=leader.pk)
        return [(row.title, row.is_late) for _, row in modules.to_do(user, timezone.now(), 5)]

    assert waits() == [(f"尚义大厦 1 栋：{WORDS}", False)]
    time_machine.move_to(timezone.now() + 5 * DAY)
    assert waits() == [(f"尚义大厦 1 栋：{WORDS}", True)]
    answered(one)
    assert waits() == []


# Pages ------------------------------------------------------------------------------------------------------------


def body(**other: Any) -> dict[str, Any]:
    return {"key": str(uuid.uuid4()), "words": WORDS, "due_on": str(today() + DAY), "every": "on"} | other


def test_the_clerk_gives_one_to_all_and_reads_the_answers_on_the_same_page():
    leader, clerk = neighbours.leader(), signed_in(people.clerk())
    page = clerk.get("/desk/tasks/").content.decode()
    assert "还没有布置过小任务" in page and "尚义大厦 1 栋（李楼长）" in page
    sent = body()
    assert clerk.post("/desk/tasks/", sent).status_code == 302
    assert clerk.post("/desk/tasks/", sent).status_code == 302
    one = AskedNeighbourhood.objects.get()
    phone = signed_in(leader)
    shown = phone.get("/field/neighbourhood/").content.decode()
    assert WORDS in shown and f"/field/neighbourhood/{one.pk}/" in shown
    said = {"key": str(uuid.uuid4()), "answer": "done", "words": "二楼换了一只灯泡。"}
    assert phone.post(f"/field/neighbourhood/{one.pk}/", said).status_code == 302
    page = clerk.get("/desk/tasks/").content.decode()
    assert "二楼换了一只灯泡。" in page and "已办" in page


def test_what_was_not_taken_comes_back_with_its_words_and_the_same_key():
    clerk = signed_in(people.clerk())
    neighbours.leader()
    sent = body(every="", due_on="后天")
    answer = clerk.post("/desk/tasks/", sent)
    page = answer.content.decode()
    assert answer.status_code == 422 and WORDS in page and sent["key"] in page
    assert "请填写日期，例如 2026-12-01。" in page and not SmallTask.objects.exists()
    answer = clerk.post("/desk/tasks/", body(every=""))
    assert answer.status_code == 400 and "请选择本社区的楼组。" in answer.content.decode()


def test_an_answer_without_words_is_asked_for_again():
    one, phone = asked(), signed_in(neighbours.leader())
    answer = phone.post(
        f"/field/neighbourhood/{one.pk}/", {"key": str(uuid.uuid4()), "answer": "done", "words": ""}
    )
    assert answer.status_code == 422 and "怎么办的，或为什么办不了" in answer.content.decode()
    assert AskedNeighbourhood.objects.unanswered().exists()


def test_one_that_was_answered_meanwhile_says_so():
    one, phone = asked(), signed_in(neighbours.leader())
    answered(one)
    sent = {"key": str(uuid.uuid4()), "answer": "cannot", "words": "不行。"}
    answer = phone.post(f"/field/neighbourhood/{one.pk}/", sent)
    assert answer.status_code == 409 and "已经回复过" in answer.content.decode()


def test_the_clerk_sees_which_are_late(time_machine):
    asked()
    clerk = signed_in(people.clerk())
    assert "没有逾期未回的小任务" in clerk.get("/desk/tasks/?show=late").content.decode()
    time_machine.move_to(timezone.now() + 5 * DAY)
    page = signed_in(people.clerk()).get("/desk/tasks/?show=late").content.decode()
    assert WORDS in page and "逾期未回" in page


def test_a_community_without_neighbourhoods_is_told_what_to_do():
    page = signed_in(people.clerk()).get("/desk/tasks/").content.decode()
    assert "本社区还没有楼组" in page and not re.search(r"<form[^>]*/desk/tasks/", page)
    neighbours.building()
    page = signed_in(people.clerk()).get("/desk/tasks/").content.decode()
    assert "都还没有负责人" in page and not re.search(r"<form[^>]*/desk/tasks/", page)


# Who leads ----------------------------------------------------------------------------------------------------------


def test_who_leads_holds_a_post_for_it_in_the_community():
    building = neighbours.building()
    for user in (people.worker(), people.stranger(), people.someone(Role.VOLUNTEER, people.COMMUNITY)):
        row = NeighbourhoodLeader(neighbourhood=building, user=user)
        if user.authority.posts[0].role == Role.VOLUNTEER:
            row.clean()
        else:
            with pytest.raises(ValidationError, match="楼栋长、庭院长或志愿者"):
                row.clean()


def test_a_neighbourhood_lies_in_its_grid():
    building = neighbours.building()
    building.clean()
    building.latitude += 0.5
    with pytest.raises(ValidationError, match="不在所选网格内"):
        building.clean()
