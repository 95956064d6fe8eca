/** What may differ after an undoing, and why. */
export interface Exception {
  /** The facts, by name. */
  what: RegExp;
  why: string;
  /** Only what was not there before. */
  isNew?: true;
  /** Only on a host on which packages were installed meanwhile. */
  withPackages?: true;
}

/** Installed packages stay, as the design says; everything else here is about time, or is kept on purpose. */
export const EXCEPTIONS: readonly Exception[] = [
  { what: /^package /, isNew: true, why: 'installed packages stay' },
  { what: /^path \/etc\/(ld\.so\.cache$|alternatives\/|rc[0-6S]\.d\/|php\/)/, withPackages: true, why: 'what packages make, when they are installed, of all that are' },
  { what: /^path (\/etc\/fonts\/conf\.d\/|\/usr\/local\/share\/fonts$)/, isNew: true, withPackages: true, why: 'fonts, which PHP brings' },
  { what: /^(user|password|group|group password) (haproxy|statd|_rpc)$/, isNew: true, withPackages: true, why: 'the accounts of HAProxy and of NFS' },
  { what: /^(enabled |unit |path \/etc\/systemd\/system\/timers\.target\.wants\/)phpsessionclean\.timer$/, isNew: true, withPackages: true, why: 'PHP forgets old sessions by it' },
  {
    what: /^(enabled |unit )(nfs-(blkmap|client|common)|rpcbind|nfsdcld|rpc-statd|proc-fs-nfsd|run-rpc_pipefs)\.|^path \/etc\/systemd\/system\/[a-z-]+\.target\.wants\/(nfs-(blkmap|client)|rpcbind)\.|^listens (tcp6? 111|unix \/run\/rpcbind\.sock)$/,
    isNew: true,
    withPackages: true,
    why: 'what the packages of NFS start beside the server',
  },
  { what: /^path \/etc\/(exports|nfs\.conf|idmapd\.conf|networks|default\/nfs-kernel-server)$/, isNew: true, withPackages: true, why: 'what the packages of NFS write when they are installed' },
  { what: /^path \/etc\/systemd\/system\/[a-z-]+\.target\.wants$/, isNew: true, withPackages: true, why: 'folders that systemd made for what was enabled; what is in them is compared' },

  { what: /^path \/var\/lib\/musher\/gate\//, why: 'the newest token that was let in: an undoing that went back on it would let a late step in' },
  {
    what: /^path \/usr\/local\/lib\/musher(\/gate|\/python(\/.*)?)?$|^path \/var\/lib\/musher(\/gate)?$/,
    isNew: true,
    why: 'the gate, without which nobody can be kept out, also while and after something is undone, with what it has Python do',
  },
  { what: /^listens unix \/run\/musher-modules\//, why: 'what runs modules ends three minutes after the last one' },
  { what: /^path \/var\/lib\/musher\/undo(\/|$)/, why: 'what undoing goes by; the last five stay' },
  { what: /^path \/var\/lib\/musher\/hooks(\/|$)/, why: 'what came of once hooks: whoever asks again must not run them twice' },
  { what: /^path \/var\/log\/musher(\/|$)/, isNew: true, why: 'logs tell what happened, and are never deleted' },
  { what: /^path \/var\/log\/musher\/.*\.log$/, why: 'logs grow' },

  { what: /^path \/etc\/(passwd|shadow|group|gshadow|subuid|subgid)-$/, why: 'the copies that useradd and its like keep of what was before' },
  { what: /^path \/etc\/\.pwd\.lock$/, why: 'the lock of useradd and its like, which stays' },
  { what: /^unit (user@|user-runtime-dir@|session-|run-user-)/, why: 'logins come and go' },
];
