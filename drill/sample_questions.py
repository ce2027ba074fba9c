"""The questions of the sample paper, written for this product: city information modelling.

Every kind of item is there, with two pictures drawn here, a table and two formulas. Names
of elements are those of QTI 2.x; `drill.sample_qti` writes them for each version.
"""

import io
import math

import msgspec
from PIL import Image, ImageDraw, ImageFont

MATHML = "http://www.w3.org/1998/Math/MathML"
BLOCKS = "images/blocks.png"
LEVELS = "images/levels.png"


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """One item: ``body`` goes before the interaction; ``options`` by identifier.

    ``key`` holds the right options, or for blanks (by response) what each accepts.
    ``partial`` gives points by option instead of all or nothing.
    """

    identifier: str
    kind: str
    weight: int
    prompt: str
    body: str = ""
    options: dict[str, str] = {}
    key: tuple[str, ...] = ()
    partial: dict[str, int] = {}
    blanks: dict[str, tuple[str, ...]] = {}
    guidance: str = ""


def _math(inner: str) -> str:
    return f'<math xmlns="{MATHML}" display="block">{inner}</math>'


_DENSITY = _math("<mrow><mi>ρ</mi><mo>=</mo><mfrac><mi>N</mi><mi>A</mi></mfrac></mrow>")
_DISTANCE = _math(
    "<mrow><mi>d</mi><mo>=</mo><msqrt><mrow>"
    "<msup><mi>x</mi><mn>2</mn></msup><mo>+</mo><msup><mi>y</mi><mn>2</mn></msup><mo>+</mo>"
    "<msup><mi>z</mi><mn>2</mn></msup></mrow></msqrt></mrow>"
)
_TABLE = """<table><caption>某园区各图层的数据量</caption>
<thead><tr><th>图层</th><th>数据量（GB）</th><th>更新周期</th></tr></thead>
<tbody><tr><td>地形</td><td>18</td><td>一年</td></tr>
<tr><td>倾斜摄影</td><td>240</td><td>半年</td></tr>
<tr><td>建筑模型</td><td>65</td><td>随竣工</td></tr>
<tr><td>地下管线</td><td>7</td><td rowspan="1">一月</td></tr></tbody></table>"""

PARTS: dict[str, tuple[Question, ...]] = {
    "一、单项选择题（每题 6 分，共 24 分）": (
        Question(
            identifier="S01",
            kind="choice",
            weight=6,
            prompt="城市信息模型（CIM）通常以下列哪一组技术为基础？",
            options={
                "A": "建筑信息模型、地理信息系统、物联网",
                "B": "电子表格、电子邮件、即时通信",
                "C": "数控加工、三维打印、工业机器人",
                "D": "语音识别、机器翻译、自动摘要",
            },
            key=("A",),
        ),
        Question(
            identifier="S02",
            kind="choice",
            weight=6,
            prompt="图中四栋体块按同一比例绘制，哪一栋的高度最大？",
            body=f'<p><img src="../{BLOCKS}" alt="四栋体块的轴测示意图，从左到右标为 A、B、C、D" '
            'width="640" height="360"/></p>',
            options={"A": "A 栋", "B": "B 栋", "C": "C 栋", "D": "D 栋"},
            key=("C",),
        ),
        Question(
            identifier="S03",
            kind="choice",
            weight=6,
            prompt="若每次同步只传送发生变化的 5%，同步一次「倾斜摄影」图层约需传送多少数据？",
            body=_TABLE,
            options={"A": "0.9 GB", "B": "3.3 GB", "C": "12 GB", "D": "240 GB"},
            key=("C",),
        ),
        Question(
            identifier="S04",
            kind="choice",
            weight=6,
            prompt="某屋面面积 A 为 400 平方米，激光扫描得到 N 为 120 万个点，点云密度 ρ 是多少？",
            body=f"<p>点云密度按下式计算：</p>{_DENSITY}",
            options={
                "A": "300 点/平方米",
                "B": "3000 点/平方米",
                "C": "4800 点/平方米",
                "D": "30000 点/平方米",
            },
            key=("B",),
        ),
    ),
    "二、多项选择题（每题 8 分，共 24 分）": (
        Question(
            identifier="M01",
            kind="choices",
            weight=8,
            prompt="下列哪些属于物联感知数据？",
            options={
                "A": "桥梁位移计的读数",
                "B": "路口的实时车流量",
                "C": "井盖的倾角报警",
                "D": "建筑的竣工图纸",
            },
            key=("A", "B", "C"),
        ),
        Question(
            identifier="M02",
            kind="choices",
            weight=2,
            prompt="下列哪些做法有助于保护平台中的个人信息？（选对一项得 2 分，选错一项扣 2 分）",
            options={
                "A": "只采集业务必需的数据",
                "B": "按岗位授予最小的权限",
                "C": "把全部原始数据公开下载",
                "D": "对外发布前去除可识别个人的信息",
                "E": "保存期满后删除",
            },
            key=("A", "B", "D", "E"),
            partial={"A": 1, "B": 1, "C": -1, "D": 1, "E": 1},
        ),
        Question(
            identifier="M03",
            kind="choices",
            weight=8,
            prompt="图中虚线为警戒水位。哪些时段的水位高于警戒水位？",
            body=f'<p><img src="../{LEVELS}" alt="某泵站一昼夜的水位曲线，横轴为 0 至 24 时，'
            '虚线为警戒水位" width="640" height="320"/></p>',
            options={
                "A": "2 时至 4 时",
                "B": "8 时至 10 时",
                "C": "14 时至 16 时",
                "D": "20 时至 22 时",
            },
            key=("B", "D"),
        ),
    ),
    "三、判断题（每题 4 分，共 12 分）": (
        Question(
            identifier="T01",
            kind="choice",
            weight=4,
            prompt="建筑信息模型侧重单体建筑，地理信息系统侧重地理空间，单独一项都不足以构成城市信息模型。",
            options={"T": "正确", "F": "错误"},
            key=("T",),
        ),
        Question(
            identifier="T02",
            kind="choice",
            weight=4,
            prompt="两份数据只要比例尺相同，坐标系不同也可以直接叠加而不会错位。",
            options={"T": "正确", "F": "错误"},
            key=("F",),
        ),
        Question(
            identifier="T03",
            kind="choice",
            weight=4,
            prompt="模型的细节层次越高，浏览时需要传送的数据量一般越大。",
            options={"T": "正确", "F": "错误"},
            key=("T",),
        ),
    ),
    "四、填空题（每题 10 分，共 20 分）": (
        Question(
            identifier="F01",
            kind="blanks",
            weight=5,
            prompt="<p>建筑信息模型的英文缩写是{R1}，地理信息系统的英文缩写是{R2}。</p>",
            blanks={"R1": ("BIM",), "R2": ("GIS",)},
        ),
        Question(
            identifier="F02",
            kind="blanks",
            weight=10,
            prompt="<p>传感器到原点的距离按下式计算：</p>"
            + _DISTANCE
            + "<p>坐标为（3，4，12）时，距离 d 等于{R1}。</p>",
            blanks={"R1": ("13", "13.0", "十三")},
        ),
    ),
    "五、简答题（共 20 分）": (
        Question(
            identifier="E01",
            kind="essay",
            weight=20,
            prompt="某老城区要为地下管线建立城市信息模型。请分别说明数据采集、模型建立、更新维护三个环节"
            "各应注意什么。（300 字以内）",
            guidance="采集 7 分：多源核对、坐标统一、精度与安全；建模 7 分：拓扑、属性、分级；"
            "维护 6 分：随施工更新、责任到人、版本留痕。",
        ),
    ),
}


def draw_blocks() -> bytes:
    """Return a PNG of four blocks A to D, of which C is the highest; 640 x 360 pixels."""
    picture = Image.new("RGB", (640, 360), "#f4f6f8")
    pen = ImageDraw.Draw(picture)
    pen.polygon([(20, 300), (320, 345), (620, 300), (320, 255)], fill="#dfe5ea")
    heights = {"A": 110, "B": 70, "C": 205, "D": 150}
    for place, (name, height) in enumerate(heights.items()):
        _draw_block(pen, 95 + 150 * place, 300, height, name)
    return _png(picture)


def _draw_block(pen: ImageDraw.ImageDraw, x: int, base: int, height: int, name: str) -> None:
    top = base - height
    half, lean = 46, 22
    pen.polygon([(x - half, base), (x - half, top), (x, top + lean), (x, base + lean)], "#4f7394")
    pen.polygon([(x + half, base), (x + half, top), (x, top + lean), (x, base + lean)], "#6b90b3")
    pen.polygon([(x - half, top), (x, top - lean), (x + half, top), (x, top + lean)], "#a9c3da")
    for level in range(top + 34, base - 4, 24):
        pen.line([(x - half + 6, level), (x - 6, level + lean - 2)], "#d8e4ee", 2)
    pen.text((x, top), name, fill="#16324a", font=_font(22), anchor="mm")


def draw_levels() -> bytes:
    """Return a PNG of a day's water levels: above the dashed line about 9 and 21 o'clock."""
    picture = Image.new("RGB", (640, 320), "white")
    pen = ImageDraw.Draw(picture)
    pen.line([(60, 20), (60, 270), (620, 270)], "#30404d", 2)
    for hour in range(0, 25, 2):
        x = _across(hour)
        pen.line([(x, 270), (x, 276)], "#30404d", 2)
        pen.text((x, 292), str(hour), fill="#30404d", font=_font(15), anchor="mm")
    for start in range(62, 620, 18):
        pen.line([(start, 120), (start + 10, 120)], "#b3261e", 2)
    points = [(_across(h / 4), _level(h / 4)) for h in range(97)]
    pen.line(points, "#1f5f99", 3, joint="curve")
    return _png(picture)


def _across(hour: float) -> float:
    return 60 + hour * 560 / 24


def _level(hour: float) -> float:
    """Return the height in the picture: crests at 9 and 21 o'clock, troughs at 3 and 15."""
    return 160 - 78 * math.cos((hour - 9) / 12 * 2 * math.pi)


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _png(picture: Image.Image) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, "PNG", optimize=True)
    return stream.getvalue()
