"""What a good pyinfra user writes to deploy a release: the same work as the playbook beside it, into folders that are there."""

import posixpath

from pyinfra import host
from pyinfra.facts.files import Link
from pyinfra.operations import files, server

root = host.data.root
release = f"{root}/releases/{host.data.release_id}"
current = f"{root}/current"
shared_paths = host.data.shared_paths

link = host.get_fact(Link, path=current)
# A fresh checkout has new time stamps on everything: by content, what has not changed is linked.
flags = ["-a", "--no-times"] + (["--checksum", f"--link-dest={link['link_target']}"] if link else [])
files.rsync(name="Upload the code, against the current release", src=f"{host.data.source}/", dest=f"{release}/", flags=flags)

for path in shared_paths:
    files.link(name=f"Link {path}", path=f"{release}/{path}", target=f"{root}/shared/{path}", create_remote_dir=bool(posixpath.dirname(path)))

server.shell(name="Run the hook that runs once", commands=[f"cd {release} && {host.data.hook}"], _run_once=True)
server.shell(
    name="Switch to the new release",
    commands=[f"ln -sfn {release} {root}/.current && mv -T {root}/.current {current}"],
)
server.shell(name="Run the hook of each member", commands=[f"cd {current} && {host.data.hook}"])
server.shell(
    name="Remove all but the newest",
    commands=[f"ls -d {root}/releases/* | head -n -{host.data.keep} | xargs -r rm -rf"],
)
