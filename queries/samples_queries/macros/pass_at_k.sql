-- pass_at_k(n, c, k): chance that at least one of k samples is correct, drawn without replacement from n with c correct
-- Chen et al. 2021, arXiv:2107.03374, eq. 1. It is NULL where n < k. C(n-c, k) / C(n, k) is a product of k ratios, or of
-- c ratios: the shorter one is taken, and no digits are lost.
CREATE MACRO pass_at_k(n, c, k) AS CASE
    WHEN k::BIGINT BETWEEN 1 AND n::BIGINT AND c::BIGINT BETWEEN 0 AND n::BIGINT
    THEN 1 - coalesce(list_product(list_transform(
        range(least(c::BIGINT, k::BIGINT)),
        lambda i: greatest(n::BIGINT - greatest(c::BIGINT, k::BIGINT) - i, 0) / (n::BIGINT - i)
    )), 1)
END
