"""Meanings of the parameters and columns that mean the same in several queries. A query's header may give its own."""

GLOSSARY = {
    # in which parts a query is asked
    "by": "one answer for each value of this metadata key of problems (a dot looks into objects), or, for a label of "
    "runs, the same answer in the order of the label; the first column has the value as text",
    "pool": "take runs that differ only in this label, such as seed, as one run: the samples of each problem are put "
    "together; where a question is about run A and run B, each stands for all such runs",
    # what a row is about
    "runs": "the runs to ask about, by name or by the beginning of an id",
    "run": "name of the run",
    "a": "name of run A; the base, when a base is compared with a run trained from it",
    "b": "name of run B; the trained run, when a base is compared with a run trained from it",
    "scorer": "name of the scorer: a model that says how likely samples are; a run with raw log-probs scores its own "
    "samples",
    "verifier": "name of the verifier whose verdicts count",
    "dataset": "name of the problem set",
    "problem_id": "id of the problem within its dataset",
    "sample_index": "which sample of the problem, counted from 0",
    "model": "name or path of the model, as the engine was given it",
    "labels": "labels of the run, such as algorithm and step",
    "status": "all (every sample), correct or wrong; no answer is wrong, and an error or timeout is only in all",
    # how likely samples are
    "token_mode": "ids (the stored tokens) or text (the text, encoded for the scorer); perplexity per token never "
    "compares between the two",
    "bits_per_byte": "-(log-prob without the end token) / ln 2 / UTF-8 bytes of the text: it compares between token "
    "modes and tokenizers; NULL when the bytes are unknown, as they are for a run's own log-probs",
    # pass@k and its kin
    "ks": "the values of k; without them 1, 2, 4, … and the largest k that all problems reach; "
    '"all" is every k up to it',
    "problem_set": "which problems count: common (those that every named run has, with n of at least the largest k), "
    "own (each run its own, the same ones at every k) or each (each run its own at every k)",
    "k": "number of samples drawn from each problem",
    "n": "verified samples: those judged correct or wrong; no answer is wrong, and errors and timeouts are left out",
    "problems": "problems that the figures are means over; each has at least k verified samples (judged correct or "
    "wrong)",
    "pass_at_k": "pass@k: the chance that at least one of k samples is correct, in [0, 1]",
    "low": "lower end of the 95 % interval",
    "high": "upper end of the 95 % interval",
    "interval": "what the 95 % interval is of: population (other problems of this kind, sampled anew) or these (these "
    "same problems, sampled anew)",
    "band": "whether the intervals hold at all k of the answer at once, not only at each k alone",
    "unjudged": "samples of the run that the verifier has not judged; they are in no figure",
    "errors": "samples that failed, or on which the verifier failed; they are not verified samples",
    "timeouts": "samples on which the verifier took too long; they are not verified samples",
    # answers
    "merge": "which answers are one: verifier (the correct ones, and wrong ones that the verifier finds equal) or none "
    "(each text is an answer of its own)",
    # two runs
    "threshold": "a run solves a problem when at least this many of its verified samples are correct",
    "at_n": "draw so many samples of each problem from each run, without replacement, and give expected numbers; "
    "without it all samples count",
    "pass_at_k_a": "mean pass@k of run A over these problems, in [0, 1]",
    "pass_at_k_b": "mean pass@k of run B over the same problems, in [0, 1]",
    "unpaired": "problems left out: only one run has verified samples of them, or the runs saw different versions",
    "problem_ids": "ids of these problems, sorted",
    # verdicts before and after
    "from": "the earlier verdicts: VERIFIER, VERIFIER@PASS or VERIFIER@VERSION; without it those before to",
    "to": "the later verdicts: VERIFIER, VERIFIER@PASS or VERIFIER@VERSION; without it the current ones",
    "from_status": "status of the earlier verdict; NULL when there is none",
    "to_status": "status of the later verdict; NULL when there is none",
    "example_problem_id": "problem of the first of these samples",
    "example_sample_index": "index of the first of these samples",
    # quantiles over samples
    "q05": "0.05 quantile: 5 % of these samples have less; interpolated",
    "q25": "0.25 quantile",
    "q50": "median",
    "q75": "0.75 quantile",
    "q95": "0.95 quantile",
}
