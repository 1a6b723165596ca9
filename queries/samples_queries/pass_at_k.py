"""pass_at_k: unbiased pass@k of each run (Chen et al. 2021, arXiv:2107.03374, eq. 1).

params   runs: runs, verifier: verifier, ks: ints = none
reads    tallies
grain    run, dataset, verifier, k
columns  run, dataset, verifier, k, problems, pass_at_k, errors, timeouts

A problem counts at k when n >= k; `problems` says how many did. Product form: exact to 2e-15 up to n = 10,000. Without
`ks`: 1, 2, 4, … and the largest n.
"""

import duckdb
import pyarrow as pa

from samples_queries import Unanswerable

_SQL = """
WITH counts AS (
    SELECT run, dataset, verifier, n, c, count(*) AS problems
    FROM tallies
    WHERE list_contains($runs, run) AND verifier = $verifier
    GROUP BY ALL
), left_out AS (
    SELECT run, verifier, sum(errors)::BIGINT AS errors, sum(timeouts)::BIGINT AS timeouts FROM tallies GROUP BY ALL
), chances AS (
    -- 1 - prod(1 - k/i) for i from n-c+1 to n; no correct sample is an empty product, which DuckDB calls NULL
    SELECT run, dataset, verifier, k, problems,
           CASE WHEN c = 0 THEN 0.0
                WHEN n - c < k THEN 1.0
                ELSE 1.0 - list_product(list_transform(range(n - c + 1, n + 1), lambda i: 1.0 - k / i))
           END AS chance
    FROM counts, unnest($ks) AS wanted(k)
    WHERE n >= k
)
SELECT run, dataset, verifier, k,
       sum(problems)::BIGINT AS problems, sum(chance * problems) / sum(problems) AS pass_at_k,
       any_value(errors) AS errors, any_value(timeouts) AS timeouts
FROM chances JOIN left_out USING (run, verifier)
GROUP BY run, dataset, verifier, k
ORDER BY run, verifier, k
"""


def answer(connection: duckdb.DuckDBPyConnection, *, runs: list[str], verifier: str, ks: list[int] | None) -> pa.Table:
    """Return pass@k per run, for `ks` or 1, 2, 4, … up to the largest n.

    Raises:
        Unanswerable: A k is below 1, there are no verdicts, or no problem has as many verified samples as some k.
    """
    drawn = connection.execute(
        "SELECT coalesce(max(n), 0) FROM tallies WHERE list_contains($runs, run) AND verifier = $verifier",
        {"runs": runs, "verifier": verifier},
    )
    ((most,),) = drawn.fetchall()
    if most == 0:
        raise Unanswerable(f"{verifier} judged no sample of these runs: samples ingest … --verifier {verifier} does")
    wanted = sorted(set(ks)) if ks else sorted({*(1 << power for power in range(most.bit_length())), most})
    if wanted[0] < 1:
        raise Unanswerable(f"k = {wanted[0]}: expected at least 1")
    if wanted[-1] > most:
        raise Unanswerable(
            f"no problem has {wanted[-1]} verified samples, the largest n is {most}: "
            f"samples ingest … --k {wanted[-1]} adds the missing ones"
        )
    parameters = {"runs": runs, "verifier": verifier, "ks": wanted}
    return connection.sql(_SQL, params=parameters).to_arrow_table()
