"""The room of points of contact: whom to write to in a State or an organisation."""
