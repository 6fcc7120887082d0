"""Another portal beside that of the running stack, in this process, with a test's own services."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import mongoengine
from flask import Flask
from werkzeug.serving import make_server

from deploy.local.programs import portal_environment
from services.portal.addresses import addresses
from services.portal.app import create_app
from services.portal.house import House, set_house
from services.portal.services import Services
from tests.pages.running import Portal


@contextmanager
def portal_beside(portal: Portal, kind: type[Services]) -> Iterator[tuple[Portal, Flask]]:
    """The portal at an address of its own, and its app; sessions and database are the stack's."""
    environ = portal_environment(portal.stack.plan)
    app = create_app(environ=environ)
    house: House = app.extensions["entraide-portal"]
    set_house(app, replace(house, services=kind(addresses(environ))))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield replace(portal, url=f"http://127.0.0.1:{server.port}"), app
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        mongoengine.disconnect()
