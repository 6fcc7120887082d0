"""The blueprint that a service's `api.py` makes: flask-smorest's, reading requests strictly."""

import flask_smorest

from shared.web.bodies import StrictParser


class Blueprint(flask_smorest.Blueprint):
    """A group of resources, named in the API's documentation by its name and `description`."""

    ARGUMENTS_PARSER = StrictParser()
