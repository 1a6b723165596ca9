-- judges: which verifiers judged each run
-- reads    judged
-- Where filters leave out problems, the log's files of verdicts say it: a verifier also judged a run if none of its
-- verdicts is on a problem that stays.
SELECT DISTINCT run_id, verifier FROM judged
