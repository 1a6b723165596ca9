"""likelihood_ratio: how much likelier a scorer finds each sample than the run that drew it.

group    likelihood
formula  log_ratio = log p_scorer(y) - log p_run(y)
params   run: run, scorer: scorer
reads    runs, samples, likelihoods, own_likelihoods
grain    run, problem_id, sample_index
columns  run, dataset, scorer, of, reference_run, problem_id, sample_index, tokens, log_ratio, log_ratio_per_token,
         as_likely, logprob_own, logprob_scorer, reference
means    of: what logprob_own is of: model (the run's model), sampling (the distribution that samples were drawn from),
           neither (the model, while samples were drawn otherwise) or unknown
         reference_run: whose samples the reference is of: the scorer's own run, or this run where there is none
         tokens: completion tokens, the end token included
         log_ratio: logprob_scorer - logprob_own, in nats: above 0 where the scorer finds the sample likelier; NULL when
           one of them is unknown or not finite, or is of other tokens
         log_ratio_per_token: log_ratio / tokens
         as_likely: whether the scorer's log-prob per token is at least the reference
         logprob_own: log-prob of the sample as the run stored it
         logprob_scorer: log-prob of the same tokens under the scorer
         reference: median log-prob per token of the reference run's samples of this problem, under that run's model;
           NULL without any
example  samples query likelihood_ratio --run rl-7b --scorer base-7b

The scorer's own run is the one named like the scorer, with the same dataset: the scores of a model are often stored
under the name of its run. A problem that the two runs saw in different versions has no reference. Half of the scorer's
own samples are as likely as their median, by its definition: of a run whose samples the scorer could have drawn, about
half are, too. `likelihood_ratio_by_run` counts them.
"""

import duckdb

from samples_queries import Answer
from samples_queries.drawn_from import drawn_from
from samples_queries.likelier import LIKELIER, unlike
from samples_queries.log_ratios import counted, lacking

_SQL = f"""
SELECT
    run, dataset, $scorer AS scorer, $of AS of, reference_run, problem_id, sample_index, tokens, log_ratio,
    log_ratio_per_token, as_likely, logprob_own, logprob_scorer, reference
FROM ({LIKELIER})
ORDER BY run, problem_id, sample_index
"""  # noqa: S608 - SQL of our own


def answer(connection: duckdb.DuckDBPyConnection, *, run: str, scorer: str) -> Answer:
    """Return one row for each sample that the scorer scored.

    Raises:
        Unanswerable: No sample has both log-probs.
    """
    notes = lacking(counted(connection, [run], scorer), scorer)
    of = drawn_from(connection, [run])[run].of
    found = connection.sql(_SQL, params={"runs": [run], "scorer": scorer, "of": of}).to_arrow_table()
    references = {run: found["reference_run"][0].as_py()} if len(found) else {}
    return Answer(found, [*notes, *unlike(references, scorer)])
