"""Forbid system calls in the sandbox, by a seccomp filter for Linux on x86-64 and ARM64.

The filter is installed inside the sandbox once all its processes exist. From then on a process may start threads but no
child process, so its own limits on memory and CPU are those of the whole program. It cannot run another program, open
a socket (vsock and netlink have no namespace that isolates them), look into another process, use memory that its limits
do not count, lock a file that the host shares with it, or reach large and rarely used parts of the kernel. Calls newer
than this list fail as if they did not exist. With `read_only` it cannot write to any file system either.

Memory beside the limits: pages that a pipe holds after they are unmapped (vmsplice, splice, tee), attributes of files
(setxattr), datagrams and large socket buffers, buffers of asynchronous input (io_setup), and threads with descriptors
of their own (clone without CLONE_FILES), each of which could hold as many pipes and sockets again.
"""

import errno
import platform
import struct

_LAST_KNOWN = 450  # set_mempolicy_home_node, the same on both machines from 424 on
_LOAD, _EQUAL, _AT_LEAST, _AND, _RETURN = 0x20, 0x15, 0x35, 0x54, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_ALL_BITS = 0xFFFFFFFF
_THREAD = 0x10000 | 0x400 | 0x100  # CLONE_THREAD, CLONE_FILES, CLONE_VM: a thread that shares everything
_AF_UNIX, _SOCK_STREAM, _SOCK_TYPE, _PR_SET_DUMPABLE = 1, 1, 0xF, 4
_F_SETLEASE, _F_NOTIFY = 1024, 1026  # fcntl: both act on files of the host
_WRITING = 0o3 | 0o100 | 0o1000 | 0o2000 | 0o20000000  # O_WRONLY, O_RDWR, O_CREAT, O_TRUNC, O_APPEND, O_TMPFILE

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
        {"clone": 56, "clone3": 435, "socketpair": 53, "prctl": 157, "prlimit64": 302, "fcntl": 72, "openat": 257},
        (
            *(278, 275, 276, 188, 189, 190, 206),  # vmsplice, splice, tee, setxattr, lsetxattr, fsetxattr, io_setup
            *(54, 73),  # setsockopt, flock
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
        {"clone": 220, "clone3": 435, "socketpair": 199, "prctl": 167, "prlimit64": 261, "fcntl": 25, "openat": 56},
        (
            *(75, 76, 77, 5, 6, 7, 0),
            *(208, 32),
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


# Per machine: the calls that change a file system, besides openat.
_CHANGES: dict[str, tuple[int, ...]] = {
    "x86_64": (
        *(2, 85, 83, 258, 133, 259, 88, 266),  # open, creat, mkdir, mkdirat, mknod, mknodat, symlink, symlinkat
        *(86, 265, 82, 264, 316, 87, 263, 84),  # link, linkat, rename, renameat, renameat2, unlink, unlinkat, rmdir
        *(90, 91, 268, 92, 93, 94, 260),  # chmod, fchmod, fchmodat, chown, fchown, lchown, fchownat
        *(76, 77, 132, 235, 280, 261, 285),  # truncate, ftruncate, utime, utimes, utimensat, futimesat, fallocate
        437,  # openat2
    ),
    "aarch64": (*(34, 33, 36, 37, 38, 276, 35, 52, 53, 54, 55, 45, 46, 88, 47), 437),
}


def filter_program(*, read_only: bool = False) -> bytes | None:
    """Return the filter in the kernel's format, an array of struct sock_filter; None on other machines."""
    machine = platform.machine()
    if platform.system() != "Linux" or machine not in _MACHINES:
        return None
    arch, by_argument, refused = _MACHINES[machine]
    refuse, missing = _ERRNO | errno.EPERM, _ERRNO | errno.ENOSYS
    steps = [
        *((_LOAD, 0, 0, 4), (_EQUAL, 1, 0, arch), (_RETURN, 0, 0, _KILL)),  # no 32-bit calls
        *((_LOAD, 0, 0, 0), (_AT_LEAST, 0, 1, _LAST_KNOWN + 1), (_RETURN, 0, 0, missing)),  # nor x32 ones
        # clone3 has its flags behind a pointer, which a filter cannot read. Without clone3, the C library uses clone.
        *((_EQUAL, 0, 1, by_argument["clone3"]), (_RETURN, 0, 0, missing)),
        *_unless(by_argument["clone"], 0, _THREAD, _THREAD, refuse),
        *_unless(by_argument["socketpair"], 0, _ALL_BITS, _AF_UNIX, refuse),
        *_unless(by_argument["socketpair"], 1, _SOCK_TYPE, _SOCK_STREAM, refuse),
        *_if(by_argument["prctl"], 0, _PR_SET_DUMPABLE, refuse),
        *_unless(by_argument["prlimit64"], 0, _ALL_BITS, 0, refuse),  # 0: its own limits
        *_if(by_argument["fcntl"], 1, _F_SETLEASE, refuse),
        *_if(by_argument["fcntl"], 1, _F_NOTIFY, refuse),
    ]
    if read_only:
        steps += _unless(by_argument["openat"], 2, _WRITING, 0, refuse)
    for call in (*_EVERYWHERE, *refused, *(_CHANGES[machine] if read_only else ())):
        steps += [(_EQUAL, 0, 1, call), (_RETURN, 0, 0, refuse)]
    steps.append((_RETURN, 0, 0, _ALLOW))
    return b"".join(struct.pack("=HBBI", *step) for step in steps)


_AGAIN = (_LOAD, 0, 0, 0)  # the number of the call, for the steps that follow


def _if(call: int, argument: int, value: int, then: int) -> list[tuple[int, int, int, int]]:
    """Decide a call whose argument is `value`. The kernel reads only the low half of it in these calls."""
    look = [(_LOAD, 0, 0, 16 + 8 * argument), (_EQUAL, 0, 1, value), (_RETURN, 0, 0, then)]
    return [(_EQUAL, 0, 4, call), *look, _AGAIN]


def _unless(call: int, argument: int, mask: int, value: int, then: int) -> list[tuple[int, int, int, int]]:
    """Decide a call whose argument, as far as `mask` has its bits, is not `value`."""
    look = [(_LOAD, 0, 0, 16 + 8 * argument), (_AND, 0, 0, mask), (_EQUAL, 1, 0, value), (_RETURN, 0, 0, then)]
    return [(_EQUAL, 0, 5, call), *look, _AGAIN]
