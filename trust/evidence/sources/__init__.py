"""Where sources may lie and how they are referred to; nothing is opened here.

What a new kind of source needs is listed at `catalog.rules.vocabulary.SourceKind`; `engines.gx.sources` opens them.
"""
