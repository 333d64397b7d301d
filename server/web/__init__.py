"""The pages: a neutral front door, the review page and the dispatcher console.

`pages.router` serves them; they need no login themselves, since nothing of anyone's is in them. The data, which the
pages fetch after sign-in, does.
"""
