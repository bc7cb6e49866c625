"""OpenID AuthZEN Authorization API 1.0: who may consume which data product, asked in the words of the standard.

`messages` reads bodies, `entities` says what they must hold, `questions` turns them into questions, `wording` turns findings
into decisions. What decides is `trust.decisions.services.decide`; here nobody is allowed anything.
"""
