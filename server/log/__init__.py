"""The custody log at work: a thread that integrates and stamps, and the routes that publish it."""
