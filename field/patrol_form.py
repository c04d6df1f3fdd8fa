"""What the phone sends when a patrol is over."""

import datetime as dt
import uuid
from typing import Any

from django import forms

from patrols import tracks
from patrols.actions import Told
from records.keyed import KeyedForm
from records.refusals import Unfit


class PatrolForm(KeyedForm):
    """Times by the phone's clock (ISO 8601), the track and the keys of what was reported, both as JSON or lists of words."""

    begun_at = forms.DateTimeField(
        error_messages={"required": "缺少开始时间。", "invalid": "开始时间读不出来。"}
    )
    ended_at = forms.DateTimeField(
        error_messages={"required": "缺少结束时间。", "invalid": "结束时间读不出来。"}
    )
    points = forms.CharField(required=False, max_length=1_000_000)
    findings = forms.CharField(required=False, max_length=20_000)

    def clean_findings(self) -> list[uuid.UUID]:
        try:
            return [uuid.UUID(word) for word in self.cleaned_data["findings"].split()]
        except ValueError:
            raise forms.ValidationError("上报标识读不出来，没有保存。") from None

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        begun, ended = data.get("begun_at"), data.get("ended_at")
        if begun and ended and begun <= ended:
            try:
                data["points"] = tracks.read_points(
                    data.get("points") or "[]", (ended - begun).total_seconds()
                )
            except Unfit as refusal:
                self.add_error("points", refusal.sentence)
        return data

    @property
    def told(self) -> Told:
        """The patrol as it was told; of a form that is valid."""
        data = self.cleaned_data
        points = data["points"] if isinstance(data["points"], list) else []
        return Told(_whole(data["begun_at"]), _whole(data["ended_at"]), points, data["findings"])


def _whole(moment: dt.datetime) -> dt.datetime:
    """Without parts of a second: the clock of a phone says no more."""
    return moment.replace(microsecond=0)
