"""Judge stored samples with a verifier, on this machine or on Ray, and append the verdicts.

In: samples without a current verdict of the verifier's version. Out: one verdict per sample and pass. Samples never
change, and no model is loaded.
"""
