-- only_verifier: the verifier of all verdicts; NULL when there are several verifiers, or none
-- reads    verdicts
SELECT CASE WHEN count(DISTINCT verifier) = 1 THEN any_value(verifier) END AS verifier
FROM verdicts
