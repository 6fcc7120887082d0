"""The portal: the pages for States, donors and coordinators. So far its start page."""
