#!/bin/sh
# Runs inside the tree of the `uml` hosts (chroot), once: what they have beyond the other hosts.
set -eu

# What would only slow the boot, and no host here has a use for.
systemctl -q mask rpc-statd-notify.service systemd-update-utmp.service systemd-update-utmp-runlevel.service systemd-tmpfiles-clean.timer logrotate.timer \
  systemd-sysusers.service systemd-journal-flush.service systemd-random-seed.service systemd-remount-fs.service kmod-static-nodes.service \
  modprobe@configfs.service modprobe@dm_mod.service modprobe@fuse.service modprobe@loop.service modprobe@drm.service modprobe@efi_pstore.service \
  sys-fs-fuse-connections.mount sys-kernel-config.mount sys-kernel-debug.mount sys-kernel-tracing.mount dev-mqueue.mount dev-hugepages.mount
systemctl -q enable lab-control.service
ln -s sshd /usr/sbin/lab-control-sshd
: >/etc/machine-id
: >/etc/resolv.conf
