"""The portal over HTTP, for programs: keys, tokens, accounts, invitations."""
