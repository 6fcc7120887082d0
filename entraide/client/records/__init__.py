"""Types of what the services take and give, a module a service: for reading and for type checkers.

    from entraide.client.records.requests import RequestView

    record = client.get("requests", f"/v1/requests/{id}").of(RequestView)

They are made from the documents of the last release, docs/interfaces; nothing is checked when a
program runs.
"""
