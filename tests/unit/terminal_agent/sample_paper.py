"""A paper with all five item types, Chinese text, a table, a formula and a picture."""

import hashlib
import io

from PIL import Image, ImageDraw

from exam.paper import (
    Asset,
    Blank,
    ExtendedText,
    ItemOrder,
    MultipleChoice,
    Option,
    Paper,
    Part,
    SingleChoice,
    TextEntry,
    TrueFalse,
)


def bar_chart() -> bytes:
    """A picture of four bars, as PNG."""
    picture = Image.new("RGB", (360, 180), "white")
    pen = ImageDraw.Draw(picture)
    for number, height in enumerate((60, 95, 130, 150)):
        left = 40 + number * 80
        pen.rectangle((left, 170 - height, left + 48, 170), fill=(31, 86, 140))
    pen.line((20, 170, 350, 170), fill="black", width=2)
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


CHART = bar_chart()
CHART_NAME = hashlib.sha256(CHART).hexdigest() + ".png"

FORMULA = (
    '<math display="block"><mrow><mi>E</mi><mo>=</mo><munderover><mo>∑</mo>'
    "<mrow><mi>i</mi><mo>=</mo><mn>1</mn></mrow><mi>n</mi></munderover>"
    "<mrow><msub><mi>AD</mi><mi>i</mi></msub><mo>×</mo><msub><mi>EF</mi><mi>i</mi></msub>"
    "<mo>×</mo><mfrac><mn>44</mn><mn>12</mn></mfrac></mrow></mrow></math>"
)
TABLE = (
    "<table><caption>某厂一年的燃料</caption><thead><tr><th>燃料</th><th>消耗量</th>"
    "<th>排放因子</th></tr></thead><tbody><tr><td>烟煤</td><td>1200 t</td><td>1.9</td></tr>"
    "<tr><td>柴油</td><td>85 t</td><td>3.1</td></tr></tbody></table>"
)


def options(*texts: str) -> tuple[Option, ...]:
    return tuple(
        Option(id=f"o{number}", content=f"<p>{text}</p>") for number, text in enumerate(texts, 1)
    )


def single(number: int, body: str, *texts: str) -> SingleChoice:
    return SingleChoice(id=f"s{number}", points=200, body=body, options=options(*texts))


SINGLES = (
    single(
        1,
        f"<p>下表是某厂一年的燃料消耗。按给出的排放因子，哪一种燃料的二氧化碳排放量更大？</p>{TABLE}",
        "烟煤",
        "柴油",
        "两者相等",
        "资料不足，无法判断",
    ),
    single(
        2,
        f"<p>下式中，<math><msub><mi>EF</mi><mi>i</mi></msub></math> 表示什么？</p>{FORMULA}",
        "第 <em>i</em> 种燃料的排放因子",
        "第 <em>i</em> 种燃料的活动数据",
        "碳与二氧化碳的分子量之比",
        "燃料的种类数",
    ),
    single(
        3,
        '<p>下图所示的排放量，哪一年最高？</p><p><img src="assets/'
        f'{CHART_NAME}" alt="四年的排放量，逐年上升" width="360" height="180"></p>',
        "2019 年",
        "2020 年",
        "2021 年",
        "2022 年",
    ),
    *(
        single(
            number,
            f"<p>第 {number} 题：关于全国碳排放权交易市场，下列说法正确的是哪一项？</p>",
            "重点排放单位应当按年度清缴配额",
            "个人不得持有核证自愿减排量",
            "配额一经分配不得转让",
            "核查报告由排放单位自行出具",
        )
        for number in range(4, 31)
    ),
)
MULTIPLES = tuple(
    MultipleChoice(
        id=f"m{number}",
        points=300,
        body=f"<p>（第 {number} 组）下列哪些属于《京都议定书》规定的温室气体？</p>",
        options=options(
            "二氧化碳（CO<sub>2</sub>）",
            "甲烷（CH<sub>4</sub>）",
            "氮气（N<sub>2</sub>）",
            "六氟化硫（SF<sub>6</sub>）",
        ),
        min_choices=1,
        max_choices=2 if number == 6 else 0,
    )
    for number in range(1, 7)
)
JUDGEMENTS = tuple(
    TrueFalse(
        id=f"j{number}",
        points=100,
        body=f"<p>（{number}）碳中和是指一定时期内二氧化碳的排放量与清除量相互抵消。</p>",
        options=(
            Option(id="t", content="<p>正确</p>"),
            Option(id="f", content="<p>错误</p>"),
        ),
    )
    for number in range(1, 5)
)
BLANKS = (
    TextEntry(
        id="b1",
        points=400,
        body='<p>我国提出二氧化碳排放力争于 <span data-blank="peak"></span> 年前达到峰值，'
        '努力争取 <span data-blank="neutral"></span> 年前实现<span data-blank="word"></span>。</p>',
        blanks=(
            Blank(id="peak", expected_length=4),
            Blank(id="neutral", expected_length=4),
            Blank(id="word", expected_length=8),
        ),
    ),
    TextEntry(
        id="b2",
        points=200,
        body='<p>标准煤的低位发热量约为 <span data-blank="heat"></span> MJ/kg。</p>',
        blanks=(Blank(id="heat", expected_length=6),),
    ),
)
ESSAYS = (
    ExtendedText(
        id="e1",
        points=1000,
        body="<p>某园区拟编制碳达峰实施方案。请结合下列要求作答：</p><ol><li>说明核算边界；"
        "</li><li>列出主要的排放源；</li><li>提出三项减排措施并说明理由。</li></ol>",
        expected_length=300,
    ),
)

PAPER = Paper(
    subject="theory",
    revision=1,
    title="碳排放管理师专业技能综合考试（中级）",
    language="zh-CN",
    parts=(
        Part(title="单选题", items=SINGLES),
        Part(title="多选题", items=MULTIPLES),
        Part(title="判断题", items=JUDGEMENTS),
        Part(title="填空题", items=BLANKS),
        Part(title="简答题", items=ESSAYS),
    ),
    assets=(
        Asset(
            name=CHART_NAME,
            media_type="image/png",
            size=len(CHART),
            sha256=hashlib.sha256(CHART).hexdigest(),
        ),
    ),
)


def order_of(paper: Paper) -> tuple[ItemOrder, ...]:
    """The grant's order: the first two items change places, choices run backwards."""
    first, second, *rest = paper.items
    return tuple(
        ItemOrder(
            item=item.id,
            options=tuple(option.id for option in reversed(item.options))
            if isinstance(item, SingleChoice | MultipleChoice)
            else (),
        )
        for item in (second, first, *rest)
    )
