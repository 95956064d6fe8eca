#!/usr/bin/python
# Copyright: the Musher authors
# MIT License
"""Warm-up and health check of a member by itself."""

DOCUMENTATION = r'''
module: musher_health
short_description: Ask a member for a page of a site, at the member itself
description:
  - Asks 127.0.0.1, with the site's host name, until the answer has the status that is expected.
  - An answer with another status is final, but for 502, 503 and 504 and refused connections, which are asked again until the time is up.
  - The first pages after a switch are slow; asking more than once warms PHP before the balancer sends anybody.
version_added: 0.1.0
author: Musher (@musher)
options:
  port:
    description: TCP port on which the member serves HTTP.
    type: int
    required: true
  host:
    description: Host name of the site.
    type: str
    required: true
  path:
    description: What to ask for.
    type: str
    default: /
  expect:
    description: The HTTP status that means health.
    type: int
    default: 200
  timeout:
    description: Seconds for everything together.
    type: float
    default: 10
  https:
    description: Whether the balancer serves the site by HTTPS, and says so to members.
    type: bool
    default: false
  warm:
    description: How many pages to ask for before the one that counts.
    type: int
    default: 0
'''

EXAMPLES = r'''
- name: Check the site on this member
  musher_health:
    port: 80
    host: shop.example.net
    path: /
    warm: 2
'''

RETURN = r'''
status:
  description: The HTTP status that came back.
  type: int
  returned: success
seconds:
  description: How long the last page took.
  type: float
  returned: success
musher_failure:
  description: C(health-check-failed).
  type: str
  returned: on failure
'''

import http.client
import time

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.musher_result import Failure, conclude

STARTING = (502, 503, 504)


def ask(asked, limit):
    """(status, first line of the body) of one request; OSError or HTTPException when there was no answer."""
    connection = http.client.HTTPConnection('127.0.0.1', asked['port'], timeout=max(limit, 0.1))
    headers = {'Host': asked['host'], 'User-Agent': 'musher-health', 'Connection': 'close'}
    if asked['https']:
        headers['X-Forwarded-Proto'] = 'https'
    try:
        connection.request('GET', asked['path'], headers=headers)
        answer = connection.getresponse()
        body = answer.read(65536).decode(errors='replace').strip()
        return answer.status, body.splitlines()[0][:200] if body else ''
    finally:
        connection.close()


def check(asked):
    what = 'GET http://127.0.0.1:%d%s (Host: %s)' % (asked['port'], asked['path'], asked['host'])
    deadline = time.monotonic() + asked['timeout']
    left = asked['warm'] + 1
    while True:
        began = time.monotonic()
        try:
            status, line = ask(asked, deadline - began)
            problem = 'answered %d, not %d: %s' % (status, asked['expect'], line or '(empty)')
        except (OSError, http.client.HTTPException) as error:
            status, problem = None, 'gave no answer: %s' % (error or type(error).__name__)
        if status == asked['expect']:
            left -= 1
            if not left:
                return {'changed': False, 'status': status, 'seconds': round(time.monotonic() - began, 3)}
        elif (status is not None and status not in STARTING) or time.monotonic() + 0.2 > deadline:
            raise Failure('health-check-failed', '%s %s' % (what, problem))
        else:
            time.sleep(0.2)


def main():
    module = AnsibleModule(
        argument_spec={
            'port': {'type': 'int', 'required': True},
            'host': {'type': 'str', 'required': True},
            'path': {'type': 'str', 'default': '/'},
            'expect': {'type': 'int', 'default': 200},
            'timeout': {'type': 'float', 'default': 10},
            'https': {'type': 'bool', 'default': False},
            'warm': {'type': 'int', 'default': 0},
        },
        supports_check_mode=True,
    )
    conclude(module, lambda: check(module.params))


if __name__ == '__main__':
    main()
