"""What taking a bundle says, in Chinese and English: what was checked, or why it was refused."""

from dataclasses import dataclass, field
from typing import Final

from appliance.ipc.words import Language, Text
from protocol.fault_words import say_fault


@dataclass(frozen=True)
class Said:
    """One sentence with its values; an error among them is told in the sentence's language."""

    text: Text
    values: dict[str, object] = field(default_factory=dict)

    def show(self, language: Language) -> str:
        """Return the sentence."""
        values = {
            name: say_fault(value, language) if isinstance(value, Exception) else value
            for name, value in self.values.items()
        }
        return self.text.say(language, **values)


class BundleRefusedError(Exception):
    """The bundle was not taken; what was in place stays. The message says why and what to do."""

    def __init__(self, text: Text, **values: object) -> None:
        self.said: Final = Said(text, values)
        super().__init__(self.said.show(Language.EN))

    def show(self, language: Language) -> str:
        """Return the message in a language."""
        return self.said.show(language)


# --- refused -------------------------------------------------------------------------------------
NO_BUNDLE: Final = Text(
    "{medium}：应有考点 {centre} 的考务包，这里没有。没有收入任何内容；请直接指明考务包的目录",
    "{medium}: expected a bundle for centre {centre}; found none; nothing was taken: name the "
    "bundle's own folder",
)
NOT_ONE_BUNDLE: Final = Text(
    "{medium}：应有考点 {centre} 的一个考务包，实有：{found}。没有收入任何内容；"
    "请直接指明考务包的目录",
    "{medium}: expected one bundle for centre {centre}; found {found}; nothing was taken: name the "
    "bundle's own folder",
)
NOT_SOUND: Final = Text(
    "{folder}：{error}。没有收入任何内容；请向考试机构重新索取考务包",
    "{folder}: {error}; nothing was taken: fetch the bundle again from the office",
)
NOT_READABLE: Final = Text(
    "{place}：{error}。考务包完整吗？没有收入任何内容",
    "{place}: {error}; is the bundle whole? nothing was taken",
)
UNDER_WAY: Final = Text(
    "场次 {sitting} 正在进行：应先收场全部科目，尚未收场：{open}。没有收入任何内容；"
    "请先收场，或用 --put-aside 将它搁置（记录保留，并照原样上报）",
    "sitting {sitting} is under way: expected all of its subjects closed, open are {open}; nothing "
    "was taken: close them first, or put the sitting aside with --put-aside (its record stays and "
    "is delivered as it stands)",
)
NONE_OF: Final = Text(
    "{folder}：应有场次 {sitting} 的考务包，实际没有；请重新收入该场次的考务包",
    "{folder}: expected a bundle of sitting {sitting}; there is none: take it again",
)
OTHER_RULES: Final = Text(
    "考试规则不是本场次所用的那一份；请向考试机构重新索取考务包",
    "the rule book is not the one that the sitting names; fetch the bundle again from the office",
)
OTHER_CENTRE: Final = Text(
    "考务包是给考点 {there} 的，本主机在考点 {here}；请取本考点的考务包",
    "the bundle is for centre {there}, this box stands in {here}; fetch the bundle of this centre",
)
OTHER_BOX: Final = Text(
    "考务包是给 {named} 的，本主机是 {here}；请考试机构把本主机加入",
    "the bundle is for {named}, this box is {here}; ask the office to add this box",
)
OTHER_KEYS: Final = Text(
    "考务包里 {here} 的密钥与本主机的不同；请考试机构按本次安装的密钥重做考务包",
    "the bundle names other keys for {here} than this box has; ask the office for a bundle with "
    "the keys of this installation",
)
OLDER: Final = Text(
    "考务包是第 {came} 版，已在用第 {here} 版；旧版一律不收，请取最新版",
    "the bundle is revision {came}, revision {here} is in place; an older one is never taken: "
    "fetch the newest from the office",
)
OLDER_THAN_BEFORE: Final = Text(
    "考务包是第 {came} 版，本场次曾收入第 {here} 版；旧版一律不收，请取最新版",
    "the bundle is revision {came}, revision {here} of this sitting was taken before; an older one "
    "is never taken: fetch the newest from the office",
)
OTHER_FILES: Final = Text(
    "应恰为清单上的 {count} 个文件；缺少：{missing}，多出：{extra}。请重新拷贝整个考务包",
    "expected just the {count} files of the manifest; missing: {missing}, not named: {extra}; copy "
    "the whole bundle again",
)
OTHER_BYTES: Final = Text(
    "{name}：应为 {size} 字节、SHA-256 {wanted}...，实为 {came} 字节、{got}...："
    "不完整或被改动；请重新拷贝",
    "{name}: expected {size} bytes with SHA-256 {wanted}...; got {came} with {got}...: cut short "
    "or altered; copy it again",
)
OTHER_ROSTER: Final = Text(
    "考生名册是别的场次或考点的；请告知考试机构",
    "the roster is of another sitting or centre; tell the office",
)
NO_PHOTO: Final = Text(
    "这些考生没有照片：{candidates}；请告知考试机构", "no photo for {candidates}; tell the office"
)
OTHER_PHOTO: Final = Text(
    "{name}：不是名册所指的照片；请告知考试机构",
    "{name}: not the photo that the roster names; tell the office",
)
OTHER_PLAIN: Final = Text(
    "{name}：打开后不是考试机构签名的内容；请告知考试机构",
    "{name}: the plain text is not the one that the office signed; tell the office",
)
NO_PLAIN_FILE: Final = Text(
    "{name}：应为普通文件，实际是链接或设备；请重新拷贝",
    "{name}: expected a plain file, not a link or a device; copy it again",
)
TOO_LARGE: Final = Text(
    "{name}：应不超过 {most} 字节，实为 {came}：被改动过；请重新拷贝",
    "{name}: expected at most {most} bytes, got {came}: altered; copy it again",
)

# --- checked -------------------------------------------------------------------------------------
SIGNED: Final = Text(
    "由 {office} 签名，第 {revision} 版", "signed by {office}, revision {revision}"
)
ADDRESSED: Final = Text(
    "给考点 {centre}、主机 {appliance}", "for centre {centre}, appliance {appliance}"
)
FILES: Final = Text("{count} 个文件，{size} 字节", "{count} files, {size} bytes")
PEOPLE: Final = Text("{count} 名考生，{photos} 张照片", "{count} candidates with {photos} photos")
PAPERS: Final = Text(
    "{count} 份密封试卷，考试规则 {rules}", "{count} sealed paper(s), rule book {rules}"
)
