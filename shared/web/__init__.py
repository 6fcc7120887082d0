"""What every HTTP service of the house shares: one factory, one way to say no, one way to page.

Start at `service.create_service`; a service's `api.py` needs `Blueprint`, `StrictSchema`,
`require_roles` and, for writing, `required_version` and `idempotent`.
"""
