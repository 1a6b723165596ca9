-- pass_hat_k(n, c, k): chance that all of k samples are correct, drawn without replacement from n with c correct
-- Yao et al. 2024, arXiv:2406.12045. It is NULL where n < k. C(c, k) / C(n, k) is a product of k ratios, or of n - c
-- ratios: the shorter one is taken.
CREATE MACRO pass_hat_k(n, c, k) AS CASE
    WHEN k::BIGINT BETWEEN 1 AND n::BIGINT AND c::BIGINT BETWEEN 0 AND n::BIGINT
    THEN coalesce(list_product(list_transform(
        range(least(n::BIGINT - c::BIGINT, k::BIGINT)),
        lambda i: greatest(least(c::BIGINT, n::BIGINT - k::BIGINT) - i, 0) / (n::BIGINT - i)
    )), 1)
END
