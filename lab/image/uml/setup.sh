#!/bin/sh
# Runs inside the tree of the `uml` hosts (chroot), once: what they have beyond the other hosts.
# setup.sh "PACKAGES that take a guest minutes to install"
set -eu
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8

# Nothing is started here: the machine's own network is in reach.
printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d
apt-get install -y -qq --no-install-recommends $1
rm /usr/sbin/policy-rc.d

# A playbook starts what it needs; until then it would only slow the boot, like what no host here has a use for.
systemctl -q disable nginx.service $(cd /usr/lib/systemd/system && echo php*-fpm.service) phpsessionclean.timer
systemctl -q mask rpc-statd-notify.service systemd-update-utmp.service systemd-update-utmp-runlevel.service systemd-tmpfiles-clean.timer logrotate.timer \
  systemd-sysusers.service systemd-journal-flush.service systemd-random-seed.service systemd-remount-fs.service kmod-static-nodes.service \
  modprobe@configfs.service modprobe@dm_mod.service modprobe@fuse.service modprobe@loop.service modprobe@drm.service modprobe@efi_pstore.service \
  sys-fs-fuse-connections.mount sys-kernel-config.mount sys-kernel-debug.mount sys-kernel-tracing.mount dev-mqueue.mount dev-hugepages.mount
# Each of these is a process more at the boot and at each package's daemon-reload; what they look for is not there.
mkdir -p /etc/systemd/system-generators
for generator in cryptsetup debug getty gpt-auto hibernate-resume integritysetup rc-local run system-update sysv veritysetup; do
  ln -s /dev/null "/etc/systemd/system-generators/systemd-$generator-generator"
done
systemctl -q enable lab-control.service
ln -s sshd /usr/sbin/lab-control-sshd
: >/etc/machine-id
: >/etc/resolv.conf
rm -rf /var/cache/apt/*.bin /var/log/*.log
