"""What the commands say when they have done something, in Chinese and English."""

from provisioning.problems import Text

AUTHORITY_MADE = Text(
    code="done-authority",
    zh="考试机构 {office} 已建立于 {folder}。根密钥在 {root}：请移到保险柜里的 U 盘上，离线保存。",
    en="office {office} made in {folder}. Its root lies in {root}: move it to a stick in a safe.",
)
CENTRE_MADE = Text(
    code="done-centre",
    zh="考点 {centre} 已建立。",
    en="centre {centre} made.",
)
IDENTITY_MADE = Text(
    code="done-identity",
    zh="身份文件已写入 {path}。安装码：{code}\n安装码只显示这一次；请与文件分开传递。",
    en="identity written to {path}. Installation code: {code}\n"
    "It is shown this once; send it by another way than the file.",
)
STAFF_MADE = Text(
    code="done-staff",
    zh="{name} 的密钥文件已写入 {path}；请连同口令分别交给本人。",
    en="key file of {name} written to {path}; hand it and its passphrase over apart.",
)
SITTING_TAKEN = Text(
    code="done-sitting",
    zh="场次 {sitting} 的计划已收入：{subjects} 个科目，{centres} 个考点。",
    en="plan of {sitting} taken: {subjects} subject(s), {centres} centre(s).",
)
PAPER_FINE = Text(
    code="done-paper-check",
    zh="试卷可用：《{title}》，{items} 题，{points} 分，{pictures} 张图片。",
    en="the paper is fine: {title}, {items} items, {points} points, {pictures} picture(s).",
)
PAPER_SEALED = Text(
    code="done-paper",
    zh="科目 {subject} 的试卷已封存（第 {revision} 版，{size} MB）。标准答案留在本机构。",
    en="paper of {subject} sealed (revision {revision}, {size} MB). Its keys stay here.",
)
ROSTER_TAKEN = Text(
    code="done-roster",
    zh="考点 {centre} 的名册已收入：{candidates} 名考生，照片齐全。",
    en="roster of {centre} taken: {candidates} candidates, all with photos.",
)
BUNDLE_MADE = Text(
    code="done-bundle",
    zh="考点 {centre} 的考务包已写入 {path}（第 {revision} 版，{files} 个文件，"
    "{size} MB），并已读回核对。",
    en="bundle of {centre} written to {path} (revision {revision}, {files} files, {size} MB) and "
    "read back.",
)
BUNDLE_FINE = Text(
    code="done-bundle-check",
    zh="{path} 完整无误：{sitting}，考点 {centre}，第 {revision} 版。",
    en="{path} is whole: {sitting}, centre {centre}, revision {revision}.",
)
CODE_GIVEN = Text(
    code="done-code",
    zh="{centre} / {subject} 的解锁码（交给 {to}，已记录）：{codes}",
    en="unlock code of {centre} / {subject} (given to {to}, on record): {codes}",
)
REVOKED = Text(
    code="done-revoked",
    zh="{kind} {name} 已吊销，将写入下一个考务包和吊销名单。",
    en="{kind} {name} revoked: it stands in the next bundle and in the list of revocations.",
)
LIST_WRITTEN = Text(
    code="done-revocations",
    zh="吊销名单（{count} 项）已签名并写入 {path}。",
    en="list of revocations ({count} entries) signed and written to {path}.",
)
LISTED = Text(
    code="done-list",
    zh="考试机构 {office}：已签发 {count} 项。",
    en="office {office}: {count} issued.",
)
REFUSED = Text(
    code="refused",
    zh="有 {count} 处问题，没有收入任何内容：",
    en="{count} problem(s); nothing was taken:",
)
NOTES = Text(
    code="notes",
    zh="另请留意：",
    en="worth a look:",
)
