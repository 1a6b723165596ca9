"""Judge stored samples with a verifier and append the verdicts, on this machine or on Ray.

In: samples without a current verdict of the verifier's version. Out: one verdict per sample and pass. Samples never
change, and no model is started.
"""
