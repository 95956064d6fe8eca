"""Become root through the gate of the host, so that a step which has been taken over can do nothing more there."""

from __future__ import annotations

import re
import shlex

from ansible.errors import AnsibleError
from ansible.plugins.become import BecomeBase

DOCUMENTATION = """
name: fenced
short_description: sudo through Musher's gate
description:
  - Runs every task that becomes another user through C(/usr/local/lib/musher/gate), which refuses it with status 75
    once a newer token of the same scope has been let in on the host.
  - sudo is never asked with a password.
author: Musher
options:
  become_user:
    description: The user that a task becomes. The gate runs as root in any case.
    type: string
    default: root
    keyword: [{name: become_user}]
    ini: [{section: privilege_escalation, key: become_user}]
    env: [{name: ANSIBLE_BECOME_USER}]
    vars: [{name: ansible_become_user}]
  scope:
    description: What the token is for, for example C(shop/live).
    type: string
    vars: [{name: musher_scope}]
  token:
    description: C(EPOCH.STEP.ATTEMPT) of the step.
    type: string
    vars: [{name: musher_token}]
  sudo:
    description: Whether it takes sudo to become root; false where the SSH user is root.
    type: boolean
    default: true
    vars: [{name: musher_sudo}]
  gated:
    description: False only for the tasks that install the gate.
    type: boolean
    default: true
    vars: [{name: musher_gated}]
"""

GATE = "/usr/local/lib/musher/gate"
# What the gate does by itself, for what passes none: the server has Python keep what it compiles. One that has no gate yet compiles every module anew.
KEPT_MODULES = ["/bin/sh", "-c", 'export PYTHONPATH="/usr/local/lib/musher/python${PYTHONPATH:+:$PYTHONPATH}"; exec "$@"', "sh"]


class BecomeModule(BecomeBase):
    # For Ansible's own message, "Missing sudo password": it is sudo that refuses, and the same words as without the gate.
    name = "sudo"

    # What sudo says in plain English when it would need a password.
    missing = ("sudo: a password is required", "Sorry, a password is required to run sudo")

    def build_become_command(self, cmd, shell):
        super().build_become_command(cmd, shell)
        if not cmd:
            return cmd
        return " ".join([*map(shlex.quote, self._root() + self._gate()), self._as_user(cmd, shell)])

    def _root(self):
        # A fixed locale, so that what sudo says is recognised everywhere.
        return ["LC_ALL=C.UTF-8", "sudo", "-n", "-H"] if self.get_option("sudo") else []

    def _gate(self):
        if not self.get_option("gated"):
            return KEPT_MODULES
        scope, token = self.get_option("scope") or "", self.get_option("token") or ""
        if not (re.fullmatch(r"[a-z0-9][a-z0-9/-]*", scope) and re.fullmatch(r"\d+\.\d+\.\d+", token, re.ASCII)):
            raise AnsibleError("musher_scope and musher_token must be set for the become method 'fenced'; without them use 'sudo'")
        return [GATE, scope, token]

    def _as_user(self, cmd, shell):
        user = self.get_option("become_user") or "root"
        if user == "root":
            return self._build_success_command(cmd, shell)
        # Not a second sudo: it would drop the mark by which the gate knows its own.
        return f"/sbin/runuser -s /bin/sh -c {self._build_success_command(cmd, shell, noexe=True)} -- {shlex.quote(user)}"
