-- only_verifier: the verifier of all verdicts; no row when there are several verifiers, or none
-- reads    verdicts
SELECT any_value(verifier) AS verifier
FROM verdicts
HAVING count(DISTINCT verifier) = 1
