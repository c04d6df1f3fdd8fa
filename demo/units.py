"""Units that settle cases: departments, street stations, property companies; courtyards and buildings below."""

from governance.models import Function, Kind, Level, Organization

DISTRICT_UNITS = {
    Function.POLICE: "盘龙公安分局",
    Function.URBAN_MANAGEMENT: "盘龙区城市管理局",
    Function.HOUSING: "盘龙区住房和城乡建设局",
    Function.MARKET: "盘龙区市场监督管理局",
    Function.ECOLOGY: "生态环境局盘龙分局",
    Function.CIVIL_AFFAIRS: "盘龙区民政局",
    Function.HEALTH: "盘龙区卫生健康局",
    Function.TRANSPORT: "盘龙区交通运输局",
    Function.WATER: "盘龙区水务局",
    Function.FIRE: "盘龙区消防救援大队",
    Function.FORESTRY: "盘龙区园林绿化局",
    Function.EMERGENCY: "盘龙区应急管理局",
    Function.JUSTICE: "盘龙区司法局",
    Function.SOCIAL_SECURITY: "盘龙区人力资源和社会保障局",
    Function.EDUCATION: "盘龙区教育体育局",
    Function.HERITAGE: "盘龙区文化和旅游局",
    Function.TELECOM: "盘龙区通信运营服务中心",
    Function.POWER_GRID: "盘龙区供电服务中心",
    Function.GAS: "盘龙区燃气服务中心",
}
STREET_UNITS = {
    Function.STREET_OFFICE: "{street}综合办",
    Function.STREET_ENFORCEMENT: "{street}综合执法队",
    Function.STREET_SAFETY: "{street}平安办",
    Function.POLICE: "{short}派出所",
    Function.MARKET: "{short}市场监管所",
    Function.HOUSING: "{street}城建办",
    Function.JUSTICE: "{short}司法所",
    Function.HEALTH: "{street}社区卫生服务中心",
}
#: A station of the stage's street that everybody has left: called, it reaches nobody.
LEFT = ("530103001", Function.WATER, "拓东街道水务站")
#: Every tenth community has courtyard branches and building groups below it.
COURTYARDS = ("和苑", "书香苑", "新居里")
EVERY_TENTH = 10
BUILDINGS = 2


def unit_below(place: Organization, function: Function, name: str) -> Organization:
    """An unsaved unit hung on a territory, with a code derived from it."""
    code = f"{place.code}-{function}"
    return Organization(
        code=code,
        name=name,
        party_name=f"{name}党支部",
        kind=Kind.DEPARTMENT if function != Function.PROPERTY else Kind.MEMBER_UNIT,
        level=place.level,
        function=function,
        parent=place,
        path=f"{place.path}{code}/",
    )


def place_below(parent: Organization, level: Level, number: int, name: str, party: str) -> Organization:
    """An unsaved courtyard or building."""
    code = f"{parent.code}{number:02d}"
    return Organization(
        code=code,
        name=name,
        party_name=f"{name}{party}",
        level=level,
        parent=parent,
        path=f"{parent.path}{code}/",
    )


def settle_units(district: Organization) -> None:
    """Hang units on the district, its streets and communities; courtyards and buildings below some."""
    under = Organization.objects.territories().under(district)
    streets, communities = under.filter(level=Level.STREET), under.filter(level=Level.COMMUNITY)
    units = [unit_below(district, function, name) for function, name in DISTRICT_UNITS.items()]
    for street in streets:
        short = street.name.removesuffix("街道")
        units += [
            unit_below(street, function, name.format(street=street.name, short=short))
            for function, name in STREET_UNITS.items()
        ]
    code, function, name = LEFT
    units.append(unit_below(streets.get(code=code), function, name))
    units += [unit_below(place, Function.PROPERTY, f"{place.name}物业服务站") for place in communities]
    Organization.objects.bulk_create(units)
    courtyards = [
        place_below(place, Level.COURTYARD, number, f"{place.name[:-2] or place.name}{name}", "庭院党支部")
        for place in communities.order_by("code")[::EVERY_TENTH]
        for number, name in enumerate(COURTYARDS, 1)
    ]
    Organization.objects.bulk_create(courtyards)
    Organization.objects.bulk_create(
        [
            place_below(courtyard, Level.BUILDING, number, f"{courtyard.name}{number}栋", "楼栋党小组")
            for courtyard in courtyards
            for number in range(1, BUILDINGS + 1)
        ]
    )
