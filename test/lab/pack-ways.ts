export const IMAGES = 'images of code, and files on NFS';

/** The ways to keep code and files that no example shows, each a group of its own on the same servers: what its members have code on, and what the storage exports. */
export const WAYS: [what: string, group: Record<string, unknown>, code: Record<string, string>, exports: string[]][] = [
  [
    'images of code alone on NFS, and all of it exported to all members',
    { kind: 'cluster', code: 'image', members: ['web1', 'web2'], storage: { server: 'nfs1', export: '/srv/code', scope: 'group' } },
    { web1: 'nfs', web2: 'nfs' },
    ['/srv/code'],
  ],
  [IMAGES, { kind: 'pack', code: 'image', members: ['web1', 'web2'], storage: { server: 'nfs1', export: '/srv/images' } }, { web1: 'nfs', web2: 'nfs' }, ['/srv/images/PROJECT/live/releases', '/srv/images/PROJECT/live/shared']],
  [
    'code and files on NFS, in one line for all members, as Aegir has it',
    { kind: 'pack', members: ['web1', 'web2'], storage: { server: 'nfs1', export: '/srv/aegir', scope: 'group' } },
    { web1: 'nfs', web2: 'nfs' },
    ['/srv/aegir'],
  ],
  [
    'files of code alone on NFS, of each environment by itself',
    { kind: 'cluster', code: 'nfs', members: ['web1', 'web2'], storage: { server: 'nfs1', export: '/srv/each' } },
    { web1: 'nfs', web2: 'nfs' },
    ['/srv/each/PROJECT/live/releases'],
  ],
  ['a storage that is a member too', { kind: 'pack', members: ['web2', 'nfs1'], storage: { server: 'nfs1' } }, { web2: 'nfs', nfs1: 'ext4' }, ['/var/aegir/projects/PROJECT/live/releases', '/var/aegir/projects/PROJECT/live/shared']],
  ['code and files on disk', { kind: 'cluster', members: ['web1', 'web2'] }, { web1: 'ext4', web2: 'ext4' }, []],
  ['code on disk, files on NFS, as a pack', { kind: 'pack', code: 'rsync', members: ['web1', 'web2'], storage: { server: 'nfs1', export: '/srv/files' } }, { web1: 'ext4', web2: 'ext4' }, ['/srv/files/PROJECT/live/shared']],
];
