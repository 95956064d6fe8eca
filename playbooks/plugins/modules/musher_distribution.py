#!/usr/bin/python
# Copyright: the Musher authors
# MIT License
"""Which distribution a server has, and whether it is one of those that Musher knows."""

DOCUMENTATION = r'''
module: musher_distribution
short_description: Find out which of the known distributions a server has
description:
  - Reads C(ID) and C(VERSION_ID) of os-release(5), and fails when they are none of those that are known.
  - Changes nothing.
version_added: 0.1.0
author: Musher (@musher)
options:
  releases:
    description: What is known, by C(ID VERSION_ID), each with what is to be returned where it is found.
    type: dict
    required: true
  files:
    description: Where to look; the first that is there counts.
    type: list
    elements: path
    default: [/etc/os-release, /usr/lib/os-release]
'''

EXAMPLES = r'''
- name: Ensure this server has a distribution that is known
  musher_distribution:
    releases:
      debian 13: {php: "8.4"}
  register: distribution_found
'''

RETURN = r'''
release:
  description: What was found, as C(ID VERSION_ID).
  type: str
  returned: success
differs:
  description: What I(releases) has for it.
  type: dict
  returned: success
musher_failure:
  description: C(unsupported-distribution).
  type: str
  returned: on failure
'''

import shlex

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.musher_result import Failure, conclude, read


def find(releases, files):
    found = parse(next(filter(None, map(read, files)), b'').decode(errors='replace'))
    release = ' '.join(filter(None, [found.get('ID', 'linux'), found.get('VERSION_ID')]))
    if release not in releases:
        raise Failure('unsupported-distribution', 'This server has %s (%s), and Musher knows %s' % (found.get('PRETTY_NAME', 'a system without a name'), release, ', '.join(sorted(releases))))
    return {'changed': False, 'release': release, 'differs': releases[release]}


def parse(text):
    """os-release is made of a shell's assignments."""
    found = {}
    for line in text.splitlines():
        name, assigned, value = line.partition('=')
        if assigned and not line.startswith('#'):
            try:
                found[name.strip()] = ''.join(shlex.split(value))
            except ValueError:
                continue
    return found


def main():
    module = AnsibleModule(
        argument_spec={
            'releases': {'type': 'dict', 'required': True},
            'files': {'type': 'list', 'elements': 'path', 'default': ['/etc/os-release', '/usr/lib/os-release']},
        },
        supports_check_mode=True,
    )
    conclude(module, lambda: find(module.params['releases'], module.params['files']))


if __name__ == '__main__':
    main()
