"""Id tags: who may charge."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from ems.api.problems import documented
from ems.api.routes.needs import GUARDED, Installer
from ems.api.servicing.tags import Tags
from ems.api.wire_servicing import TagBookState, TagPolicyWish, TagRecord

TagPath = Annotated[str, Path(min_length=1, max_length=20)]


def tags_router(tags: Tags) -> APIRouter:
    """The routes below `/tags`."""
    router = APIRouter(prefix="/tags", tags=["servicing"], responses=GUARDED)

    @router.get("")
    async def read_tags(_person: Installer) -> TagBookState:
        """Every tag that somebody wrote down."""
        return tags.state()

    @router.put("")
    async def set_tag_policy(wish: TagPolicyWish, person: Installer) -> TagBookState:
        """Whether tags that are not written down may charge. Free vending, where everybody may, is the default."""
        return tags.set_policy(only_known=wish.only_known, who=person.name)

    @router.post("", responses=documented(409))
    async def write_tag(record: TagRecord, person: Installer) -> TagBookState:
        """Write a tag down, or anew. Stations get the changed list at once."""
        return tags.put(record, who=person.name)

    @router.delete("/{tag}", responses=documented(404))
    async def remove_tag(tag: TagPath, person: Installer) -> TagBookState:
        """Forget a tag."""
        return tags.remove(tag, who=person.name)

    return router
