"""One sample as a file: its text, or all of it as JSON. And whether the lake has grown."""

import json

from starlette.responses import JSONResponse, PlainTextResponse, Response

from samples.browse.address import Address
from samples.browse.chosen import run_of
from samples.browse.decoded import decoded
from samples.browse.desk import Desk
from samples.errors import NotFound
from samples.lines import json_finite
from samples.query.show import Shown


def text(desk: Desk, address: Address) -> Response:
    """Return the text of a sample, exactly as it is stored."""
    shown = _shown(desk, address)
    if shown.text is None:
        raise NotFound("this sample has no text")
    return PlainTextResponse(shown.text, headers=_as_file("txt"))


def json_object(desk: Desk, address: Address) -> Response:
    """Return a sample as `samples show --json` prints it, with the log-probs of the scorer that is asked for."""
    shown = _shown(desk, address)
    rest = {name: value for name, value in vars(shown).items() if name not in {"run", "facts"}}
    whole = json_finite({"run": shown.run.name, **shown.facts, **rest})
    said = json.dumps(whole, ensure_ascii=False, allow_nan=False, default=str)
    return Response(said, media_type="application/json", headers=_as_file("json"))


def grown(desk: Desk, _: Address) -> Response:
    """Say whether the lake has commits that the pages do not show."""
    return JSONResponse({"grown": desk.reading.grown()})


def _shown(desk: Desk, address: Address) -> Shown:
    run = run_of(desk, address.one("run"))
    scorer = address.one("scorer") or None
    return decoded(desk, run, address.one("problem"), address.whole("index"), scorer)[0]


def _as_file(ending: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="sample.{ending}"'}
