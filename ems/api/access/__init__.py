"""Who may come in, and how far.

`book` people and tokens · `persons` what they are · `passwords` · `pairing` codes · `knocking` how often one may try ·
`store` where they are kept.
"""

from ems.api.access.book import Access
from ems.api.access.persons import Person

__all__ = ["Access", "Person"]
