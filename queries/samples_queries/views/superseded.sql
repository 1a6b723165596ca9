-- superseded: passes over a problem of which a later pass judged all samples again
-- reads    pass_ranges
-- made     once
-- An example is a whole run that a new version of a verifier judged. The later pass judged the same samples, or all
-- samples of a range around them.
SELECT run_id, verifier, problem_id, pass_id
FROM pass_ranges AS earlier
SEMI JOIN pass_ranges AS later
    ON earlier.run_id = later.run_id AND earlier.verifier = later.verifier AND earlier.problem_id = later.problem_id
    AND earlier.pass_id < later.pass_id
    AND (
        (earlier.samples = later.samples AND earlier.print = later.print)
        OR (
            later.first <= earlier.first AND earlier.last <= later.last
            AND later.samples = later.last::BIGINT - later.first + 1
        )
    )
