"""Say in one line why a store, or a file in it, failed: what libraries report, in words for people."""

import re

# Words in the errors of stores, and what they mean for a person.
_CAUSES = {
    "no space left": "no space left there; free some and run the same command again: committed data is kept",
    "permission denied": "no permission to write there; committed data is kept",
    "read-only file system": "the file system is read-only",
    "not a directory": "part of the path is a file, not a folder",
    "computemetadata": "no credentials were found: set GOOGLE_APPLICATION_CREDENTIALS",
    "loading credentials": "no credentials were found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE",
    "169.254.169.254": "no credentials were found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE",
    "unrecognizedclient": "the credentials are not accepted",
    "invalidaccesskeyid": "the credentials are not accepted (AWS_ACCESS_KEY_ID)",
    "signaturedoesnotmatch": "the credentials are not accepted (AWS_SECRET_ACCESS_KEY)",
    "403 forbidden": "access is denied",
    "accessdenied": "access is denied",
    "nosuchbucket": "the bucket does not exist",
    "error sending request": "the store does not answer; check the network and the endpoint",
    "body error": "the store broke off its answer; run the same command again later",
    "error reading a body": "the store broke off its answer; run the same command again later",
    "string_view": "another tool wrote files that cannot be filtered: samples compact writes them anew",
    "503 service unavailable": "the store is not available now; run the same command again later",
}

# What an error says if the store is away or breaks off an answer, and if another try would fail in the same way.
_AWAY = re.compile(
    r"error sending request|body error|error reading a body|connection (?:refused|reset|closed|error)|timed out|"
    r"broken pipe|status code:? (?:429|5(?!01)\d\d)|(?:429|50[0234]) [a-z]+ [a-z]+|slow ?down"
)
_HOPELESS = re.compile(
    r"169\.254\.169\.254|computemetadata|certificate|invalidcontenttype|corrupt message|builder error"
)


def is_away(error: BaseException) -> bool:
    """Return whether the store is away, or broke off an answer, so that another try may succeed."""
    words = str(error).lower()
    return _AWAY.search(words) is not None and _HOPELESS.search(words) is None


_FORBIDDEN = ("no permission", "permission denied", "access is denied", "credentials")


def forbids(said: str) -> bool:
    """Return whether an error says that something may not be read: then it is not known whether anything is wrong."""
    return any(words in said.lower() for words in _FORBIDDEN)


# DuckDB quotes the traceback of our own reads.
_QUOTED = re.compile(r"^(?:samples\.errors\.)?(?:LakeError|StoreAway): (.*)$", re.MULTILINE)
# A missing file, in the words of DuckDB and pyarrow; and one that is cut off or was never one.
_GONE = re.compile(
    r"""(?:match the pattern|access file) "(.*?\.parquet)(?:/\*\*/\*\.parquet)?"|"""
    r"""open local file '(.*?)'.*No such file"""
)
_MAY_NOT_READ = re.compile(r"unable to (?:open file|walk dir).*permission denied|\[errno 13\] permission denied")
# The local store writes an object as FILE#1 first, and says of it, too, that it cannot open a file.
_MAY_NOT_WRITE = re.compile(r"#\d+:? permission denied")
_CUT = re.compile(r"""(?:source|at end of file|too small to be a Parquet file:?) '(.*?)'""")


def reason(error: BaseException) -> str:
    """Return in one line why a store refused."""
    # DuckDB passes on what Python code that it called raised, as a traceback: its last words say why.
    _, trace, text = str(error).rpartition("Traceback (most recent call last):")
    if trace and (said := re.search(r"^[A-Za-z_][\w.]*: (.*)", text, re.MULTILINE | re.DOTALL)):
        text = said[1]
    # Rust adds its own description and a backtrace after the sentence, and coloured arrows within it.
    message = " ".join(re.split(r"Debug source:|\n\s+0: ", re.sub(r"\x1b\[\d*m|↳", "", text))[0].split())
    if gone := _GONE.search(message):
        return f"a commit names the file {gone[1] or gone[2]}, which is gone; restore it"
    if "magic bytes" in message and (cut := _CUT.search(message)):
        return f"{cut[1]} is cut off, or no Parquet file; restore it"
    if _MAY_NOT_READ.search(message.lower()) and not _MAY_NOT_WRITE.search(message.lower()):
        return f"no permission to read there ({message[:200]})"
    for words, meaning in _CAUSES.items():
        if words in str(error).lower():
            return f"{meaning} ({message[:200]})"
    return message[:300]


def quoted(error: BaseException) -> str | None:
    """Return the message of our own error that this one quotes, if any."""
    found = _QUOTED.search(str(error))
    return found[1] if found else None
