"""A design in words, for pages and minutes."""

from collections.abc import Mapping
from typing import Any

from ..text import N_, number_text
from .designs import Method

METHOD_WORDS: dict[str, tuple[str, str]] = {
    Method.SIMPLE: (
        N_("Ngẫu nhiên đơn giản"),
        N_("Mọi người có cơ hội như nhau. Dùng khi không cần bảo đảm số người của từng xã, từng bản."),
    ),
    Method.SYSTEMATIC: (
        N_("Hệ thống"),
        N_("Xếp danh sách theo thứ tự rồi chọn cách đều. Dùng khi muốn mẫu rải đều theo xã, bản, thủ tục."),
    ),
    Method.STRATIFIED: (
        N_("Phân tầng"),
        N_("Chia danh sách thành tầng và chọn trong từng tầng. Dùng khi mỗi xã, mỗi bản phải có đủ người."),
    ),
    Method.PPS: (
        N_("Theo quy mô"),
        N_("Đơn vị lớn có cơ hội lớn hơn. Dùng cho doanh nghiệp, tổ chức khi tệp có cột quy mô, ví dụ số hồ sơ."),
    ),
    Method.TWO_STAGE: (
        N_("Hai giai đoạn"),
        N_("Chọn một số bản hoặc xã, rồi chọn người trong đó. Dùng khi phải đến tận nơi và cần giảm số nơi phải đến."),
    ),
}
PLACE_WORDS = {"commune": N_("xã"), "ban": N_("bản"), "procedure": N_("thủ tục"), "gender": N_("giới tính")}
ALLOCATION_WORDS = {
    "proportional": N_("tỷ lệ với số người của tầng"),
    "equal": N_("đều nhau"),
    "neyman": N_("Neyman: tầng nhiều người và ý kiến khác nhau nhiều thì chọn nhiều"),
    "power": N_("giữa tỷ lệ và đều nhau (căn bậc hai số người)"),
}
PPS_WORDS = {"systematic": N_("hệ thống"), "sampford": "Sampford", "tille": "Tillé"}


def design_lines(design: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(what, how) for each choice that the method uses, in Vietnamese: the minutes are a Vietnamese paper."""
    method = design["method"]
    lines = [(N_("Cách chọn"), METHOD_WORDS[method][0])]
    if method == Method.STRATIFIED:
        lines += [
            (N_("Tầng"), PLACE_WORDS[design["strata"]]),
            (N_("Phân bổ"), ALLOCATION_WORDS[design["allocation"]]),
            (N_("Ít nhất mỗi tầng"), str(design["minimum"])),
            (N_("Trong mỗi tầng"), METHOD_WORDS[design["within"]][0]),
        ]
    if method == Method.SYSTEMATIC or (method == Method.STRATIFIED and design["within"] == Method.SYSTEMATIC):
        lines.append((N_("Xếp theo"), ", ".join(PLACE_WORDS[one] for one in design["sort_by"]) or "ngẫu nhiên"))
    if method == Method.PPS:
        lines += [(N_("Cột quy mô"), design["measure"]), (N_("Cách chọn theo quy mô"), PPS_WORDS[design["pps_method"]])]
    if method == Method.TWO_STAGE:
        lines += [
            (N_("Cụm"), PLACE_WORDS[design["cluster_by"]]),
            (N_("Số cụm"), str(design["clusters"])),
            (N_("Cách chọn cụm theo quy mô"), PPS_WORDS[design["pps_method"]]),
        ]
    lines.append((N_("Dự bị, phần trăm số được chọn"), number_text(round(design["reserve_share"] * 100))))
    return lines
