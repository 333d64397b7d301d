"""The parts that the routes of uploads work with: the work itself is in `service`."""

from typing import Annotated

from fastapi import Depends

from server.parts import Given
from server.uploads.service import Uploads

UploadsGiven = Annotated[Uploads, Depends(Given(Uploads))]
