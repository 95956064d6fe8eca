#!/bin/sh
# Runs inside the new tree (chroot), once: everything about the hosts that debootstrap does not do.
# setup.sh "PACKAGES that playbooks may install" "PACKAGES kept as files only" RELEASE-of-the-kernel
set -eu
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8

# Packages for playbooks, as an APT repository of the hosts' own: they have no way out.
apt-get clean
apt-get update -qq
apt-get install -y -qq --download-only --no-install-recommends $1
mkdir -p /var/local/apt /var/local/packages
mv /var/cache/apt/archives/*.deb /var/local/apt/
cd /var/local/packages
[ -z "$2" ] || apt-get download -qq $2
cd /var/local/apt
for package in *.deb; do
  # Uncompressed, a host unpacks it in half the time.
  dpkg-deb --raw-extract "$package" /tmp/package
  dpkg-deb --build -Znone /tmp/package "$package" >/dev/null
  rm -rf /tmp/package
  dpkg-deb --field "$package"
  printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n\n' "$package" "$(stat -c %s "$package")" "$(sha256sum <"$package" | cut -d' ' -f1)"
done >Packages

# The kernel of the `uml` hosts, of a newer Debian, and its C library: for the machine, not for these hosts.
mkdir /var/local/kernel
cd /var/local/kernel
sed "s/ [a-z]* main.*/ $3 main/" /etc/apt/sources.list >/etc/apt/sources.list.d/kernel.list
# A mirror's copy of it may be older than such a copy is to be taken for.
apt-get update -qq -o Acquire::Check-Valid-Until=false
apt-get download -qq user-mode-linux/"$3" libc6/"$3"

rm -rf /var/lib/apt/lists/* /etc/apt/sources.list.d/*
echo 'deb [trusted=yes] file:/var/local/apt ./' >/etc/apt/sources.list
apt-get update -qq

# A host lives for minutes, and pam_env complains at each login where the file is missing.
echo force-unsafe-io >/etc/dpkg/dpkg.cfg.d/lab
touch /etc/default/locale

useradd --create-home --shell /bin/bash deploy
install -d -m 700 -o deploy -g deploy /home/deploy/.ssh
chmod 440 /etc/sudoers.d/deploy
systemctl -q enable lab-network.service ssh.service

# What only slows a boot or asks for a network that is not there.
systemctl -q mask systemd-udevd.service systemd-udev-trigger.service systemd-udevd-kernel.socket systemd-udevd-control.socket \
  systemd-networkd.service systemd-networkd.socket systemd-networkd-wait-online.service systemd-resolved.service systemd-timesyncd.service \
  systemd-logind.service systemd-pstore.service systemd-binfmt.service systemd-firstboot.service systemd-hwdb-update.service \
  apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer motd-news.timer \
  getty@tty1.service console-getty.service getty.target

# Each of these is a process more at the boot and at each package's daemon-reload; what they look for is not there.
mkdir -p /etc/systemd/system-generators
for generator in cryptsetup debug getty gpt-auto hibernate-resume integritysetup rc-local run system-update sysv veritysetup; do
  ln -s /dev/null "/etc/systemd/system-generators/systemd-$generator-generator"
done

# Each host gets its own identity before it boots; an unreachable name server costs seconds at each login.
rm -f /etc/ssh/ssh_host_*
: >/etc/machine-id
: >/etc/resolv.conf
: >/etc/fstab
rm -rf /var/cache/apt/*.bin /var/log/*.log
