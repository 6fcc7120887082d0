"""The matcher: which offers serve which requests, who decided what, and what is committed."""
