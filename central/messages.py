"""What the office says to people, in Chinese and English."""

from typing import Final, Literal

Language = Literal["zh", "en"]

_TEXTS: Final[dict[str, dict[Language, str]]] = {
    "accounted": {
        "en": "{people} accounted for: {handed_in} handed in, {away} refused or absent",
        "zh": "{people} 人均有结果：交卷 {handed_in} 人，拒绝入场或缺考 {away} 人",
    },
    "collected": {"en": ", {count} collected", "zh": "，强制收卷 {count} 人"},
    "voided": {"en": ", {count} voided", "zh": "，作废 {count} 人"},
    "complete": {
        "en": "; all received and verified by the office",
        "zh": "；机构已全部收到并核验",
    },
    "incomplete": {
        "en": "; not all is here yet: {missing}",
        "zh": "；尚未齐全：{missing}",
    },
    "journal_short": {
        "en": "{who}: events to {held} of {expected}",
        "zh": "{who}：已有事件 {held}，应有 {expected}",
    },
    "answers_late": {
        "en": "{who}: {count} answer(s) came after the closing, a person decides",
        "zh": "{who}：{count} 个作答在关闭之后送达，需人工决定",
    },
    "journal_other": {
        "en": "{who}: another history than the hall signed",
        "zh": "{who}：与考场签名的记录不一致",
    },
    "parcels_waiting": {
        "en": "lane {lane}: {count} parcel(s) not verified yet",
        "zh": "通道 {lane}：{count} 个包裹尚未核验",
    },
    "parcels_gap": {
        "en": "lane {lane}: {count} parcel(s) missing in between",
        "zh": "通道 {lane}：中间缺 {count} 个包裹",
    },
    "lane_open": {
        "en": "lane {lane}: its end has not come yet",
        "zh": "通道 {lane}：尚未收到结束标记",
    },
    "segments_missing": {
        "en": "recordings: {count} segment(s) were never delivered",
        "zh": "录像：{count} 个片段未送达",
    },
    "unlogged": {
        "en": "{count} grant(s) or decision(s) do not stand in the log of {box}",
        "zh": "{count} 项授权或决定不在 {box} 的日志中",
    },
    "parcels_refused": {
        "en": "lane {lane}: {count} parcel(s) refused, a person must look",
        "zh": "通道 {lane}：{count} 个包裹被拒，需人工处理",
    },
}


def say(text: str, language: Language, **values: object) -> str:
    """Return one text with its values."""
    return _TEXTS[text][language].format(**values)
