"""What a fault's code means to whoever runs a command, in Chinese and English.

The faults themselves say in English what was expected, what came and what to do, with names,
numbers and digests; behind a Chinese sentence that stands as their detail. Codes are those of
`protocol.errors` and of the machinery; what the system itself refuses has its errno's name.
"""

import errno
from typing import Final

_ZH: Final[dict[str, str]] = {
    # what came from another machine
    "P000": "内容不可信，没有接受",
    "P100": "文件或内容的格式不对，没有接受；请核对是不是这个文件，重新拷贝或重新生成",
    "P200": "签名不可信，没有接受；请确认它来自本考试机构、是给本考点的",
    "P210": "签名的人无权要求这项操作，或缺少第二人签名；没有接受",
    "P300": "记录前后不衔接，没有接受",
    "P310": "出现两份互相矛盾的签名记录；请保留原件，告知考试机构",
    "P400": "打不开：不是给这台机器的，或者不完整、被改动过",
    "P410": "口令或代码不对；请与原件核对后重输",
    # the machinery
    "machinery_error": "程序出错",
    "disk_error": "磁盘拒绝读写；请检查介质和连线",
    "disk_full": "磁盘已满，没有写一半；请腾出空间再试",
    "database_error": "数据库出错",
    "database_in_use": "另一个进程正在使用这个数据库；服务运行时请不要再开",
    "database_busy": "等待写入的内容太多；请稍后再试",
    "database_closed": "写入进程已经结束；请重新启动服务",
    "database_too_new": "这个数据库由更新的版本写成；请用那个版本",
    "database_foreign": "这不是本程序的数据库",
    "database_damaged": "数据库已损坏；请保留原件，从备份恢复",
    "migration_failed": "数据库升级没有成功，已恢复原样",
    "clock_error": "没有可用的考场时间",
    "tls_error": "证书或密钥不能用",
    "certificate_time": "按考场时间，证书不在有效期内；请先核对时间",
    "ipc_error": "与服务通信出错",
    "ipc_offline": "服务没有应答：它还没有启动，或者命令不是在主机上运行的",
    "ipc_too_large": "服务之间的消息过大",
    "ipc_format": "服务之间的消息看不懂：两边的版本不一致",
    "ipc_refused": "服务拒绝了这项请求",
    "service_error": "服务的一个部分意外结束",
    "settings_error": "设置文件不能用；请核对所指的文件和位置",
    # the system
    "ENOENT": "找不到这个文件或目录",
    "EACCES": "没有权限",
    "EPERM": "没有权限",
    "EISDIR": "应为文件，实际是目录",
    "ENOTDIR": "应为目录，实际是文件",
    "EROFS": "介质是只读的",
    "ENOSPC": "磁盘已满；请腾出空间再试",
    "EIO": "磁盘拒绝读写；请检查介质和连线",
}
_OTHER: Final = "没有成功"


def code_of(error: BaseException) -> str:
    """Return the stable code of a fault: its own, or the name of the system's errno."""
    code = getattr(error, "code", None)
    if isinstance(code, str):
        return code
    number = error.errno if isinstance(error, OSError) else None
    return errno.errorcode.get(number or 0, type(error).__name__)


def say_fault(error: BaseException, language: str) -> str:
    """Return what a command says of a fault; ``language`` is zh or en."""
    if language != "zh":
        return str(error)
    return f"{say_briefly(error, language)}（{error}）"


def say_briefly(error: BaseException, language: str) -> str:
    """Return what people in the hall are told of a fault: in Chinese without the detail."""
    return _ZH.get(code_of(error), _OTHER) if language == "zh" else str(error)
