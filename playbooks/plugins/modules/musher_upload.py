# Copyright: the Musher authors
# MIT License
"""Documentation of the action plugin of the same name, which does the work."""

DOCUMENTATION = r'''
module: musher_upload
short_description: Upload a release by rsync and make it real
description:
  - Prepares a folder on the member, sends the artifact there with rsync (unchanged files become hard links to the release before),
    checks its checksum, links the shared paths and makes it a release by a rename.
  - A release that is there with the same checksum is left alone.
  - On a storage (O(part=shared)) it sends only what was built at those shared paths in which nothing is there yet, and makes every shared path.
  - Uses the SSH connection of every other task, so host keys are checked as they are.
  - When the disk is full the half upload is removed; otherwise it stays, and the next upload of the same release goes on from it.
version_added: 0.1.0
author: Musher (@musher)
extends_documentation_fragment: musher_release
options:
  artifact:
    description: Folder on the controller that holds the tree to upload.
    type: path
    required: true
  id:
    required: true
  checksum:
    required: true
  shared:
    description: The paths that outlive releases, each with a C(path) and a C(type).
    type: list
    elements: dict
    default: []
  uid:
    required: true
  part:
    description: What to upload, the release or what fills shared paths.
    type: str
    choices: [release, shared]
    default: release
  files:
    description: Whether the shared paths come from a storage, which must have them by then.
    type: bool
    default: false
  stored:
    description: Whether the server keeps the release for others that mount it.
    type: bool
    default: false
  image:
    description: Whether it makes an image of the release, too.
    type: bool
    default: false
  against:
    description:
      - Id of the release that the member is known to serve; empty where it is known to serve none. Without it the member is asked first whether it has the release already,
        and what to link against.
    type: str
  rsync_path:
    description: Command that runs rsync on the member. By default C(sudo -n -H rsync), or C(rsync) without become.
    type: str
'''

EXAMPLES = r'''
- name: Upload the release
  musher_upload:
    artifact: /home/me/build/shop
    path: /var/aegir/projects/shop/live
    current: /var/lib/musher/current/shop/live
    id: 20260101T120000Z-a1b2c3
    checksum: sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
    uid: 20001
'''

RETURN = r'''
needed:
  description: Whether anything had to be uploaded; only when not.
  type: bool
  returned: when the release was there
musher_failure:
  description: The class of the failure.
  type: str
  returned: on failure, where it is known
'''
