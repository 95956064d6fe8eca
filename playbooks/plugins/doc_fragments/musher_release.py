# Copyright: the Musher authors
# MIT License
"""What the modules that know releases are told in the same words."""


class ModuleDocFragment:
    DOCUMENTATION = r'''
options:
  path:
    description: Folder of the environment; releases are in C(releases/), shared paths in C(shared/).
    type: path
    required: true
  current:
    description: The link that names the release that is served.
    type: path
    required: true
  id:
    description: Id of the release.
    type: str
  checksum:
    description: Checksum that the tree must have, shared paths as they were built included.
    type: str
  uid:
    description: User and group id that own shared paths.
    type: int
'''
