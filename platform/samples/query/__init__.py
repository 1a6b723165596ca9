"""Questions over one snapshot of a lake: named queries, an analyst's own SQL, one sample up close.

In: a lake, and parameters as a person types them. Out: `Rows`. A question reads the views of one snapshot and nothing
else; it writes nothing and starts no model.
"""
