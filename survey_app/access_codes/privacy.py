"""The short promise that stands on letters, generated from the mode in force and never typed."""

SEALED = "sealed"


def short_privacy(mode: str, k_min: int, readers: str = "", purpose: str = "") -> str:
    """What becomes of the answers, in one paragraph.

    In confidential mode the text names who may read (`readers`) and why, and never claims anonymity.
    """
    if mode == SEALED:
        return (
            "Cơ quan tổ chức biết ông/bà đã trả lời hay chưa để nhắc, nhưng không biết ông/bà trả lời gì. "
            "Câu trả lời được niêm phong ngay khi gửi, chỉ mở cùng lúc với các phiếu khác sau khi kết thúc, "
            "đã xáo trộn, không kèm tên, thời gian, địa chỉ mạng. Sau khi gửi không thể xem lại hay sửa. "
            f"Không công bố kết quả của nhóm dưới {k_min} người. Xin đừng ghi tên ai trong phần góp ý."
        )
    return (
        f"Phiếu này có gắn với tên ông/bà. Chỉ {readers} được đọc, để {purpose}; mỗi lần đọc đều được ghi lại. "
        f"Kết quả công bố không nêu tên, không nêu nhóm dưới {k_min} người. Tham gia là tự nguyện. "
        "Sau khi gửi không sửa được."
    )
