"""Check that a store keeps the promise that a lake needs: of many writers of one new object, one wins.

    python deploy/check_store.py s3://lab/lake

Sixteen threads create one object at once, three times. A store without conditional puts lets several of them win, and
two drivers would then overwrite each other's commits. Endpoint and credentials are those of the environment.
"""

import secrets
import sys
from concurrent.futures import ThreadPoolExecutor

from samples.errors import LakeError, SamplesError
from samples.lake.storage import Location, locate

WRITERS, ROUNDS = 16, 3


def winners(place: Location, path: str) -> int:
    """Return how many of the writers say that they created the object."""

    def create(number: int) -> bool:
        return place.put(path, str(number).encode(), create=True)

    with ThreadPoolExecutor(WRITERS) as pool:
        return sum(pool.map(create, range(WRITERS)))


def main(uri: str) -> int:
    """Print a line, and return the exit code."""
    place = locate(uri)
    left: list[str] = []
    for _ in range(ROUNDS):
        path = f"_probes/{secrets.token_hex(8)}"
        won = winners(place, path)
        try:
            place.delete(path)
        except LakeError:  # the role may not delete; these objects are a few bytes
            left.append(path)
        if won != 1:
            print(f"{uri}: {won} of {WRITERS} writers created one object: this store has no conditional puts that hold")
            return 1
    print(f"{uri}: one of {WRITERS} writers wins, {ROUNDS} times of {ROUNDS}: a lake is safe there")
    if left:
        print(f"{uri}: may not delete; left behind: {', '.join(left)}")
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 2:  # noqa: PLR2004 - the program and its argument
        sys.exit("usage: python deploy/check_store.py URI")
    try:
        sys.exit(main(sys.argv[1]))
    except SamplesError as error:
        sys.exit(str(error))
