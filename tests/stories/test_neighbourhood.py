"""A building's leader settles something with the neighbours, the community looks at it, and a small task goes back and forth."""

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from cases.models import Case
from cases.workflow import State
from governance.models import User
from neighbourhoods.models import AskedNeighbourhood, NeighbourhoodLeader
from tests import neighbours
from tests.lives import case_at
from tests.stories.steps import (
    DESK,
    PHONE,
    be_located,
    choose_category,
    close,
    find_in_queue,
    named,
    take_photo,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WORDS = "楼上楼下一起把旧沙发抬走了。"
TASK = "请看一看楼道灯有没有不亮的。"


def gives_a_task(clerk: Page) -> None:
    """To all neighbourhoods of the community, from the page at the desk."""
    clerk.goto("/desk/")
    clerk.get_by_role("link", name="小任务").click()
    clerk.get_by_label("要做的事").fill(TASK)
    clerk.get_by_label("截止日期").fill(str(timezone.localdate()))
    clerk.get_by_label("本社区全部楼组").check()
    clerk.get_by_role("button", name="交给楼组").click()
    expect(clerk.locator("[data-toast]")).to_contain_text("已交给 1 个楼组")


def answers_it(leader: Page) -> None:
    """From the first page of the phone, where it stands among what is to be done."""
    leader.goto("/field/")
    leader.get_by_role("link", name="小任务").click()
    leader.locator("summary", has_text="回复").click()
    leader.get_by_label("说明").fill("二楼换了一只灯泡。")
    leader.get_by_role("button", name="已办").click()
    expect(leader.locator("[data-toast]")).to_contain_text("已回复")
    expect(leader.get_by_role("heading", name="最近回复的小任务")).to_be_visible()


def reports_what_was_settled(leader: Page) -> Case:
    """Two photos, the position from the device, a category and a sentence."""
    leader.goto("/field/neighbourhood/")
    leader.get_by_role("link", name="楼栋自办").click()
    form = leader.locator("[data-report]")
    be_located(form)
    for field, after in (("before_photo", False), ("after_photo", True)):
        take_photo(form.locator(f"[data-name={field}]"), after=after)
    choose_category(leader, "楼道堆物")
    leader.get_by_label("情况说明").fill(WORDS)
    form.locator(".field-action .btn-primary").click()
    expect(leader.locator(".done-tick")).to_contain_text("楼栋自办已登记")
    return Case.objects.get(source=Case.Source.NEIGHBOURS)


def passes_it(on_site: Page, case: Case) -> None:
    """Somebody of the community's desk goes there with a phone: a photo, the position, a sentence."""
    on_site.goto(f"/cases/{case.uuid}/")
    named(on_site.locator("main"), "核查通过").click()
    form = on_site.locator(".move-form form[method=post]")
    be_located(form)
    take_photo(form, after=True)
    form.get_by_label("说明").fill("到现场看过，楼道已清空。")
    named(form, "确认核查通过").click()
    expect(on_site.locator("[data-toast]")).to_contain_text("已核查通过")


def test_a_building_settles_something_and_answers_a_task(signed_in):
    open_case = case_at(State.HANDLING, now=timezone.now(), words="三楼王家说话大声。")
    NeighbourhoodLeader.objects.create(
        neighbourhood=neighbours.building(), user=User.objects.get(username="louzhang")
    )
    clerk, leader = signed_in("shequ", DESK), signed_in("louzhang", PHONE)
    gives_a_task(clerk)
    answers_it(leader)
    expect(leader.locator(".case-row")).to_contain_text(open_case.category.name)
    expect(leader.locator("main")).not_to_contain_text("王家")
    case = reports_what_was_settled(leader)
    find_in_queue(clerk, "待我核实核查", case)
    passes_it(signed_in("shequ", PHONE), case)
    find_in_queue(clerk, "待结案", case)
    close(clerk)
    case.refresh_from_db()
    assert case.state == State.CLOSED
    assert AskedNeighbourhood.objects.get().answer == "done"
    clerk.goto("/desk/tasks/")
    expect(clerk.locator("table")).to_contain_text("二楼换了一只灯泡。")
