"""Forms of the phone."""

from cases.forms import ReportForm
from cases.photos import ADDRESS
from records.keyed import PhotosField


class HandledReportForm(ReportForm):
    """Self-handled 自处理: settled on the spot, shown by a picture before and one after."""

    photos = None
    before_photo = PhotosField(
        address=ADDRESS, label="处置前", most=1, error_messages={"required": "请拍一张处置前的照片。"}
    )
    after_photo = PhotosField(
        address=ADDRESS, label="处置后", most=1, error_messages={"required": "请拍一张处置后的照片。"}
    )
