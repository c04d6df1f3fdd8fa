"""Positions for other map apps, against reference points that are published with open implementations."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as some

from grid.datum import MapDatum, from_wgs84, to_bd09, to_gcj02, to_wgs84
from grid.map_apps import ways_to
from grid.tiles import metres_between

HERE = (102.7125, 25.0389)  # Panlong

#: WGS-84 and GCJ-02; the first three from the tests of eviltransform, the last from the README of coordtransform.
TO_GCJ02 = {
    "Shanghai": ((121.5272106, 31.1774276), (121.531541859215, 31.17530398364597)),
    "Shenzhen": ((113.912316, 22.543847), (113.9171764808363, 22.540796131694766)),
    "Beijing": ((116.377817, 39.911954), (116.38404722455657, 39.91334545536069)),
    "Tian'anmen": ((116.404, 39.915), (116.41024449916938, 39.91640428150164)),
}


@pytest.mark.parametrize("city", TO_GCJ02)
def test_a_position_is_shifted_as_published(city):
    device, shifted = TO_GCJ02[city]
    assert to_gcj02(*device) == pytest.approx(shifted, abs=1e-9)


def test_a_position_is_shifted_for_baidu_as_published():
    """By the Python port of coordtransform."""
    assert to_bd09(116.404, 39.915) == pytest.approx((116.41662724378733, 39.922699552216216), abs=1e-9)


@pytest.mark.parametrize("city", TO_GCJ02)
def test_a_shifted_position_is_brought_back_as_published(city):
    device, shifted = TO_GCJ02[city]
    assert metres_between(to_wgs84(*shifted, MapDatum.GCJ02), device) < 0.01
    assert metres_between(to_wgs84(*to_bd09(*device), MapDatum.BD09), device) < 0.01


@given(
    some.floats(min_value=73.6, max_value=135.1),
    some.floats(min_value=18.1, max_value=53.6),
    some.sampled_from(MapDatum.values),
)
def test_there_and_back_is_within_a_metre_everywhere_in_the_country(longitude, latitude, datum):
    back = to_wgs84(*from_wgs84(longitude, latitude, datum), datum)
    assert metres_between(back, (longitude, latitude)) < 0.1


@given(
    some.floats(min_value=-180, max_value=180),
    some.floats(min_value=-85, max_value=85),
    some.sampled_from(MapDatum.values),
)
def test_whatever_position_comes_is_brought_to_some_other(longitude, latitude, datum):
    """Also beside the border of where maps are shifted, and abroad."""
    assert metres_between(to_wgs84(longitude, latitude, datum), (longitude, latitude)) < 5000


@pytest.mark.parametrize("abroad", [(139.767125, 35.681236), (-16.1776, 64.0464), (151.2, -33.9)])
def test_nothing_is_shifted_abroad(abroad):
    assert to_gcj02(*abroad) == abroad


def test_here_the_shift_is_as_large_as_a_street():
    assert 300 < metres_between(HERE, to_gcj02(*HERE)) < 700
    assert 700 < metres_between(HERE, to_bd09(*HERE)) < 1800


def test_each_app_gets_its_own_datum_in_its_own_order():
    ways = {way.name: way.address for way in ways_to(*HERE)}
    (x, y), (baidu_x, baidu_y) = to_gcj02(*HERE), to_bd09(*HERE)
    assert f"to={x:.6f},{y:.6f}," in ways["amap"] and "coordinate=gaode" in ways["amap"]
    assert f"tocoord={y:.6f},{x:.6f}" in ways["tencent"]
    assert f"latlng:{baidu_y:.6f},{baidu_x:.6f}" in ways["baidu"] and "coord_type=bd09ll" in ways["baidu"]
    for address in ways.values():
        assert re.fullmatch(r"https://[\w./?=&,%:-]+", address), "nothing to escape in a page"
