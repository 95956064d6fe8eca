import { mkdir, rm } from 'node:fs/promises';
import { isolated } from './isolated.ts';

export interface Layer {
  /** The file system below, which stays as it is. */
  tree: string;
  /** The folder that what is made goes to, emptied before. */
  draft: string;
  /** A script that runs inside the tree (chroot), with its words. */
  setup: string;
  words?: string[];
  /** What is done in `draft` before and after that, as lines of shell: the tree with what was changed of it is `layers/root` there. */
  before?: string;
  after: string;
}

/** Changes a file system in a layer above it, and makes something of the two together. Nothing of the layer stays. @throws where a step fails. */
export async function inLayer({ tree, draft, setup, words = [], before = '', after }: Layer): Promise<void> {
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { recursive: true });
  // The mount namespace is its own, and ends with it.
  const script = `
    tree=$1 draft=$2 setup=$3
    shift 3
    cd "$draft"
    mkdir layers
    mount -t tmpfs -o mode=755 tmpfs layers
    mkdir layers/upper layers/work layers/root
    mount -t overlay overlay -o "lowerdir=$tree,upperdir=layers/upper,workdir=layers/work" layers/root
    ${before}
    cp "$setup" layers/root/root/setup.sh
    mount -t proc proc layers/root/proc
    chroot layers/root sh /root/setup.sh "$@"
    umount layers/root/proc
    rm layers/root/root/setup.sh
    ${after}
    umount layers/root layers
    rmdir layers`;
  await isolated('sh', '-ec', script, 'layer', tree, draft, setup, ...words);
}
