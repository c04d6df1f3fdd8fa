"""The yearly notice in its usual words, against the calendar package that knows those years."""

import datetime as dt

import chinese_calendar
import pytest

from cases.holidays import read_notice

NOTICE_2026 = """国务院办公厅关于2026年部分节假日安排的通知
国办发明电〔2025〕7号
各省、自治区、直辖市人民政府，国务院各部委、各直属机构：
经国务院批准，现将2026年元旦、春节、清明节、劳动节、端午节、中秋节和国庆节放假调休日期的具体安排通知如下。
一、元旦：1月1日（周四）至3日（周六）放假调休，共3天。1月4日（周日）上班。
二、春节：2月15日（农历腊月二十八、周日）至23日（农历正月初七、周一）放假调休，共9天。2月14日（周六）、2月28日（周六）上班。
三、清明节：4月4日（周六）至6日（周一）放假，共3天。
四、劳动节：5月1日（周五）至5日（周二）放假调休，共5天。5月9日（周六）上班。
五、端午节：6月19日（周五）至21日（周日）放假，共3天。
六、中秋节：9月25日（周五）至27日（周日）放假，共3天。
七、国庆节：10月1日（周四）至7日（周三）放假调休，共7天。9月20日（周日）、10月10日（周六）上班。
节假日期间，各地区、各部门要妥善安排好值班和安全、保卫、疫情防控等工作，遇有重大突发事件，要按规定及时报告并妥善处置，确保人民群众祥和平安度过节日假期。
国务院办公厅
2025年11月4日"""

NOTICE_2025 = """一、元旦：1月1日（周三）放假1天，不调休。
二、春节：1月28日（农历除夕、周二）至2月4日（农历正月初七、周二）放假调休，共8天。1月26日（周日）、2月8日（周六）上班。
三、清明节：4月4日（周五）至6日（周日）放假，共3天。
四、劳动节：5月1日（周四）至5日（周一）放假调休，共5天。4月27日（周日）上班。
五、端午节：5月31日（周六）至6月2日（周一）放假，共3天。
六、国庆节、中秋节：10月1日（周三）至8日（周三）放假调休，共8天。9月28日（周日）、10月11日（周六）上班。"""

NOTICE_2024 = """一、元旦：1月1日放假，与周末连休。
二、春节：2月10日至17日放假调休，共8天。2月4日（星期日）、2月18日（星期日）上班。鼓励各单位结合带薪年休假等制度落实，安排职工在除夕（2月9日）休息。
三、清明节：4月4日至6日放假调休，共3天。4月7日（星期日）上班。
四、劳动节：5月1日至5日放假调休，共5天。4月28日（星期日）、5月11日（星期六）上班。
五、端午节：6月10日放假，与周末连休。
六、中秋节：9月15日至17日放假调休，共3天。9月14日（星期六）上班。
七、国庆节：10月1日至7日放假调休，共7天。9月29日（星期日）、10月12日（星期六）上班。"""

NOTICE_2023 = """一、元旦：2022年12月31日至2023年1月2日放假调休，共3天。
二、春节：1月21日至27日放假调休，共7天。1月28日（星期六）、1月29日（星期日）上班。
三、清明节：4月5日放假，共1天。
四、劳动节：4月29日至5月3日放假调休，共5天。4月23日（星期日）、5月6日（星期六）上班。
五、端午节：6月22日至24日放假调休，共3天。6月25日（星期日）上班。
六、中秋节、国庆节：9月29日至10月6日放假调休，共8天。10月7日（星期六）、10月8日（星期日）上班。"""

NOTICE_2019 = """一、元旦：2018年12月30日至2019年1月1日放假调休，共3天。2018年12月29日（星期六）上班。
二、春节：2月4日至10日放假调休，共7天。2月2日（星期六）、2月3日（星期日）上班。
三、清明节：4月5日放假，与周末连休。
四、劳动节：5月1日至4日放假调休，共4天。4月28日（星期日）、5月5日（星期日）上班。
五、端午节：6月7日放假，与周末连休。
六、中秋节：9月13日放假，与周末连休。
七、国庆节：10月1日至7日放假调休，共7天。9月29日（星期日）、10月12日（星期六）上班。"""

NOTICES = {2026: NOTICE_2026, 2025: NOTICE_2025, 2024: NOTICE_2024, 2023: NOTICE_2023, 2019: NOTICE_2019}


def worked(days: dict, day: dt.date) -> bool:
    return days[day].is_working if day in days else day.weekday() < 5


@pytest.mark.parametrize("year", NOTICES)
def test_the_notices_of_past_years_come_to_the_days_that_the_calendar_package_knows(year):
    reading = read_notice(NOTICES[year], year)
    assert (reading.problems, reading.missing) == ([], [])
    every = [dt.date(year, 1, 1) + dt.timedelta(days=ahead) for ahead in range(365)]
    assert [day for day in every if worked(reading.days, day) != chinese_calendar.is_workday(day)] == []
    for day in reading.days:
        assert worked(reading.days, day) == chinese_calendar.is_workday(day), day


@pytest.mark.parametrize("year", NOTICES)
def test_pasted_without_line_breaks_it_is_read_the_same(year):
    text = NOTICES[year]
    if year == 2026:  # head and foot stand apart in any case
        text = text[text.index("一、") : text.index("节假日期间")]
    assert read_notice(text.replace("\n", ""), year) == read_notice(text, year)


def test_the_example_of_2027_is_read_with_its_notes():
    reading = read_notice("一、元旦：1月1日（周五）至3日（周日）放假调休，共3天。1月4日（周一）上班。", 2027)
    assert reading.problems == []
    assert [(f"{day:%m-%d}", said.is_working, said.note) for day, said in reading.days.items()] == [
        ("01-01", False, "元旦"),
        ("01-02", False, "元旦"),
        ("01-03", False, "元旦"),
        ("01-04", True, "元旦调休上班"),
    ]
    assert reading.missing == ["春节", "清明", "劳动", "端午", "中秋", "国庆"]


def test_new_years_arrangement_may_begin_in_the_year_before_without_saying_so():
    reading = read_notice("一、元旦：12月31日（周四）至1月2日（周六）放假调休，共3天。", 2027)
    assert reading.problems == []
    assert list(reading.days) == [dt.date(2026, 12, 31), dt.date(2027, 1, 1), dt.date(2027, 1, 2)]


ROWS = {
    "2027-01-01 放假 元旦": (dt.date(2027, 1, 1), False, "元旦"),
    "2027/1/1,周五,放假,元旦": (dt.date(2027, 1, 1), False, "元旦"),
    "2027.2.20\t上班\t春节调休": (dt.date(2027, 2, 20), True, "春节调休"),
    "２０２７年１月１日　休": (dt.date(2027, 1, 1), False, ""),
    "1月30日 补班 春节": (dt.date(2027, 1, 30), True, "春节"),
    "日期,安排,说明\n2027-01-01,班,": (dt.date(2027, 1, 1), True, ""),
}


@pytest.mark.parametrize("text", ROWS)
def test_rows_are_read_too(text):
    reading = read_notice(text, 2027)
    day, is_working, note = ROWS[text]
    assert reading.problems == []
    assert {d: (s.is_working, s.note) for d, s in reading.days.items()} == {day: (is_working, note)}


WRONG = {
    "一、元旦：1月1日（周四）放假。": "写作周四，实际是周五",
    "一、元旦：1月1日至3日放假，共4天。": "写作 4 天，数出来是 3 天",
    "一、元旦：放假调休，共3天。": "没有看懂",
    "2027-02-30 放假 春节": "没有 2027 年 2 月 30 日",
    "2027-13-01 放假": "没有 2027 年 13 月",
    "2027-01-01 元旦": "没有写明放假还是上班",
    "2025-05-01 放假 劳动节": "不在 2027 年的安排之内",
    "2027-01-01 至 2027-12-31 放假": "不像一次放假",
    "5日放假": "没有写月份",
    "国务院办公厅关于2026年部分节假日安排的通知": "这是 2026 年的安排",
    "": "没有看到任何日期",
    "今天天气很好": "没有看到任何日期",
}


@pytest.mark.parametrize("text", WRONG)
def test_what_cannot_be_right_is_named(text):
    reading = read_notice(text, 2027)
    assert [WRONG[text] in problem.sentence for problem in reading.problems] == [True]
    assert reading.problems[0].line == (1 if text and text != "今天天气很好" else 0)


def test_a_day_that_is_said_both_ways_is_named_with_its_line():
    reading = read_notice("2027-01-02 放假 元旦\n\n2027-01-02 上班", 2027)
    assert [(problem.line, problem.sentence) for problem in reading.problems] == [
        (3, "2027-01-02 前面写的是放假。")
    ]


@pytest.mark.parametrize(
    "text",
    [
        "9" * 500,
        "日" * 5000,
        "1月1日" * 3000,
        "(" * 3000,
        "\ud800",
        "\x00",
        "一、" * 3000,
        "1月1日至" * 2000 + "放假",
    ],
)
def test_odd_input_is_answered_and_not_long_in_coming(text):
    assert read_notice(text, 2027).days.keys() <= {dt.date(2027, 1, 1)}
