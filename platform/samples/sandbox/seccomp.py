"""Forbid system calls in the sandbox, by a seccomp filter for Linux on x86-64 and ARM64.

The filter is installed inside the sandbox once all its processes exist. From then on a process may start threads but no
child process, so its own limits on memory and CPU are those of the whole program. It cannot run another program, open
a socket (vsock and netlink have no namespace that isolates them), look into another process, use memory that its limits
do not count, or reach large and rarely used parts of the kernel. Calls newer than this list fail as if they did not
exist.
"""

import errno
import platform
import struct

_LAST_KNOWN = 450  # set_mempolicy_home_node, the same on both machines from 424 on
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_CLONE_THREAD, _AF_UNIX, _PR_SET_DUMPABLE = 0x10000, 1, 4

_EVERYWHERE = (
    *(425, 426, 427),  # io_uring: it bypasses this filter
    *(428, 429, 430, 431, 432, 433, 442),  # open_tree, move_mount, fsopen, fsconfig, fsmount, fspick, mount_setattr
    *(438, 440, 448),  # pidfd_getfd, process_madvise, process_mrelease
    *(443, 447),  # quotactl_fd, memfd_secret
)
# Per machine: AUDIT_ARCH, the calls that are decided by an argument, and the calls that are always refused.
_MACHINES: dict[str, tuple[int, dict[str, int], tuple[int, ...]]] = {
    "x86_64": (
        0xC000003E,
        {"clone": 56, "clone3": 435, "socketpair": 53, "prctl": 157, "prlimit64": 302},
        (
            *(57, 58, 59, 322),  # fork, vfork, execve, execveat
            *(101, 310, 311, 312),  # ptrace, process_vm_readv, process_vm_writev, kcmp
            *(29, 30, 31, 64, 68, 240, 319),  # shmget, shmat, shmctl, semget, msgget, mq_open, memfd_create
            41,  # socket
            *(248, 249, 250),  # add_key, request_key, keyctl
            *(321, 298, 323, 300),  # bpf, perf_event_open, userfaultfd, fanotify_init
            *(165, 166, 155, 161, 272, 308),  # mount, umount2, pivot_root, chroot, unshare, setns
            *(167, 168, 169, 163, 179, 103, 153),  # swapon, swapoff, reboot, acct, quotactl, syslog, vhangup
            *(175, 313, 176, 246, 320),  # init_module, finit_module, delete_module, kexec_load, kexec_file_load
            *(164, 227, 159, 305),  # settimeofday, clock_settime, adjtimex, clock_adjtime
            *(172, 173, 154, 134, 180),  # iopl, ioperm, modify_ldt, uselib, nfsservctl
            *(135, 303, 304, 212),  # personality, name_to_handle_at, open_by_handle_at, lookup_dcookie
            *(279, 256, 237, 238),  # move_pages, migrate_pages, mbind, set_mempolicy
        ),
    ),
    "aarch64": (
        0xC00000B7,
        {"clone": 220, "clone3": 435, "socketpair": 199, "prctl": 167, "prlimit64": 261},
        (
            *(221, 281),  # execve, execveat
            *(117, 270, 271, 272),
            *(194, 195, 196, 190, 186, 180, 279),
            198,
            *(217, 218, 219),
            *(280, 241, 282, 262),
            *(40, 39, 41, 51, 97, 268),
            *(224, 225, 142, 89, 60, 116, 58),
            *(105, 273, 106, 104, 294),
            *(170, 112, 171, 266),
            42,
            *(92, 264, 265, 18),
            *(239, 238, 235, 237),
        ),
    ),
}


def filter_program() -> bytes | None:
    """Return the filter in the kernel's format, an array of struct sock_filter; None on other machines."""
    if platform.system() != "Linux" or platform.machine() not in _MACHINES:
        return None
    arch, by_argument, refused = _MACHINES[platform.machine()]
    refuse, missing = _ERRNO | errno.EPERM, _ERRNO | errno.ENOSYS
    steps = [
        *((_LOAD, 0, 0, 4), (_EQUAL, 1, 0, arch), (_RETURN, 0, 0, _KILL)),  # no 32-bit calls
        *((_LOAD, 0, 0, 0), (_AT_LEAST, 0, 1, _LAST_KNOWN + 1), (_RETURN, 0, 0, missing)),  # nor x32 ones
        # clone3 has its flags behind a pointer, which a filter cannot read. Without clone3, the C library uses clone.
        *((_EQUAL, 0, 1, by_argument["clone3"]), (_RETURN, 0, 0, missing)),
        *_first_argument(by_argument["clone"], _ANY_BIT, _CLONE_THREAD, _ALLOW, refuse),
        *_first_argument(by_argument["socketpair"], _EQUAL, _AF_UNIX, _ALLOW, refuse),
        *_first_argument(by_argument["prctl"], _EQUAL, _PR_SET_DUMPABLE, refuse, _ALLOW),
        *_first_argument(by_argument["prlimit64"], _EQUAL, 0, _ALLOW, refuse),  # 0: its own limits
    ]
    for call in (*_EVERYWHERE, *refused):
        steps += [(_EQUAL, 0, 1, call), (_RETURN, 0, 0, refuse)]
    steps.append((_RETURN, 0, 0, _ALLOW))
    return b"".join(struct.pack("=HBBI", *step) for step in steps)


def _first_argument(call: int, test: int, value: int, then: int, otherwise: int) -> list[tuple[int, int, int, int]]:
    """Decide one call by the low half of its first argument. The kernel reads only this half in these calls."""
    return [
        (_EQUAL, 0, 4, call),
        (_LOAD, 0, 0, 16),
        (test, 0, 1, value),
        (_RETURN, 0, 0, then),
        (_RETURN, 0, 0, otherwise),
    ]
