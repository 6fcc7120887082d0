"""What the portal shows: a page a module, plain HTML that needs no script."""
