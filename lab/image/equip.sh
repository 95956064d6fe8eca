#!/bin/sh
# Runs inside a copy of the hosts' tree (chroot), once: what hosts have from the beginning to which a provision is not what matters.
# equip.sh PACKAGE…
set -eu
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8

# Nothing is started here: the machine's own network is in reach.
printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d
apt-get install -y -qq --no-install-recommends "$@"
rm /usr/sbin/policy-rc.d

# A playbook starts what it needs; until then it would only slow the boot.
systemctl -q disable nginx.service $(cd /usr/lib/systemd/system && echo php*-fpm.service) phpsessionclean.timer
rm -rf /var/cache/apt/*.bin /var/log/*.log
