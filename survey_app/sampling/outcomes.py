"""Why a selected person cannot be asked, in words."""

from ..text import N_
from .models import Outcome

OUTCOME_WORDS: dict[str, str] = {
    Outcome.NOT_REACHED: N_("Không liên lạc được"),
    Outcome.REFUSED: N_("Từ chối"),
    Outcome.UNABLE: N_("Ốm đau, không trả lời được"),
    Outcome.MOVED: N_("Chuyển đi nơi khác"),
    Outcome.DECEASED: N_("Đã mất"),
    Outcome.OUT_OF_SCOPE: N_("Ngoài phạm vi điều tra"),
    Outcome.TWICE: N_("Đã có trong danh sách khác"),
}
