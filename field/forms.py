"""Forms of the phone."""

from typing import Any

from cases.forms import CategoryField, PositionField, ReportForm
from cases.photos import ADDRESS
from records.keyed import PhotosField


class HandledReportForm(ReportForm):
    """Settled on the spot 自处理、楼栋自办, shown by a picture before and one after."""

    photos = None
    before_photo = PhotosField(
        address=ADDRESS, label="处置前", most=1, error_messages={"required": "请拍一张处置前的照片。"}
    )
    after_photo = PhotosField(
        address=ADDRESS, label="处置后", most=1, error_messages={"required": "请拍一张处置后的照片。"}
    )


class AlsoReportForm(ReportForm):
    """What a reporter adds to a case that somebody has reported already: words and photos, and where he stood."""

    position = PositionField(label="位置", required=False)
    category = CategoryField(label="类别", required=False)
    before_photo = PhotosField(address=ADDRESS, label="处置前", most=1, required=False)
    after_photo = PhotosField(address=ADDRESS, label="处置后", most=1, required=False)

    ADDED = ("words", "photos", "before_photo", "after_photo", "position")

    @property
    def given(self) -> dict[str, Any]:
        answers = super().given
        return {name: answers[name] for name in self.ADDED if name in answers}
