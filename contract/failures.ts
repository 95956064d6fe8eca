/**
 * The ledger of failures: every way in which an operation can fail, what it means, whether asking again
 * may help, and what a person does about it. `docs/failures.md` says the same; a test holds them together.
 */
export const FAILURES = {
  'host-unreachable': {
    meaning: 'A server did not answer by SSH, or stopped answering.',
    retry: 'host',
    remedy: 'Look at the server and the network between it and the worker (`ssh` by hand with the same user). The operation asks again by itself for a while.',
  },
  'host-key-mismatch': {
    meaning: 'A server showed another SSH host key than the one on record, or none is on record.',
    retry: 'never',
    remedy: '`musher trust SERVER` shows both. If there was none, compare its fingerprint and say yes. If it differs, find out why; if the server was installed anew, `musher trust SERVER --replace`.',
  },
  'authentication-failed': {
    meaning: 'A server refused the SSH user or its key.',
    retry: 'never',
    remedy: 'Check `user` and `key` of the server in the spec, and that the public key is in its authorized_keys.',
  },
  'become-failed': {
    meaning: 'The SSH user may not become root without a password.',
    retry: 'never',
    remedy: 'Allow it in sudoers (`deploy ALL=(ALL) NOPASSWD:ALL`), or say `become: false` where the user is root.',
  },
  'not-provisioned': {
    meaning: 'A server lacks what the operation builds on: it has not been provisioned for this environment.',
    retry: 'never',
    remedy: 'Run `musher provision GROUP`, then ask again.',
  },
  'unsupported-distribution': {
    meaning: 'A server has a distribution that Musher does not know. Nothing was changed.',
    retry: 'never',
    remedy: 'Install one of those that the message names, or take the server out of the group.',
  },
  'plan-changed': {
    meaning: 'The operation was to do what a plan says, and would do something else by now. Nothing was changed.',
    retry: 'never',
    remedy: 'Run `musher plan` again, read it, and pass on the new one.',
  },
  busy: {
    meaning: 'It was asked for with `--no-wait`, and other operations are before it. Nothing was changed.',
    retry: 'never',
    remedy: 'Ask again later, or without `--no-wait`: then it waits for its turn. `musher queue` shows who is before it.',
  },
  superseded: {
    meaning: 'A later request of the same environment or group (`--latest`) took its place while it waited. Nothing was changed.',
    retry: 'never',
    remedy: 'Nothing: the later one is what is wanted. `musher queue` shows it.',
  },
  'turn-lost': {
    meaning: 'The operation was reset by hand: this run of it has no turn in the queue of its group.',
    retry: 'never',
    remedy: 'Nothing: it asks for its turn again, and begins by looking at the servers.',
  },
  fenced: {
    meaning: 'A server refused a step because a newer one of the same scope has been let in: another worker took over.',
    retry: 'never',
    remedy: 'Nothing: the newer operation goes on. `musher status` shows it.',
  },
  bug: {
    meaning: 'Musher itself met something that it has no answer for.',
    retry: 'run',
    remedy: 'Please pass the report on to the project: the message says where it is on the worker\'s machine; read it before. A newer version may know better: where the operation is paused, say `musher retry` once the worker is one.',
  },
  'task-failed': {
    meaning: 'An Ansible task failed on a server.',
    retry: 'never',
    remedy: 'Read the message of the task, and the whole output with `musher logs`.',
  },
  'playbook-invalid': {
    meaning: 'Ansible could not read the playbook, its variables or the inventory.',
    retry: 'never',
    remedy: 'If it is a playbook of your own, mend it. If it is one of ours, report it with the output of `musher logs`.',
  },
  'run-lost': {
    meaning: 'Ansible ended without a result: it was killed, or the machine was restarted.',
    retry: 'run',
    remedy: 'Nothing at first: the run is started again on the hosts that had not finished. If it is lost each time, see with `musher logs` why; then ask again.',
  },
  'timed-out': {
    meaning: 'A step took longer than its limit.',
    retry: 'never',
    remedy: 'See with `musher logs` what it waited for.',
  },
  cancelled: {
    meaning: 'A person cancelled the operation.',
    retry: 'never',
    remedy: 'Nothing: what had been done was undone.',
  },
  'health-check-failed': {
    meaning: 'A member did not answer its health check as the spec expects.',
    retry: 'never',
    remedy: 'Mend the release. The message says what was asked and what came back; try it with curl on the member.',
  },
  'balancer-refused': {
    meaning: 'A balancer refused its configuration or a change of state, or what a member answers it is not what its health check expects.',
    retry: 'never',
    remedy: 'Read what HAProxy said (in the message). The configuration that was in force is still in force.',
  },
  'member-unreachable': {
    meaning: 'A balancer does not reach a member that is to be put back into service.',
    retry: 'host',
    remedy: 'Look at the network and the firewalls between both, and whether the web server of the member runs (`curl` from the balancer). The operation asks again by itself for a while.',
  },
  'drain-timed-out': {
    meaning: 'Sessions of a member did not end within the time that the spec allows.',
    retry: 'never',
    remedy: 'Raise `drain_timeout` of the environment, or find out what the requests wait for.',
  },
  'disk-full': {
    meaning: 'A disk is full: on a server, or on the worker.',
    retry: 'never',
    remedy: 'Make room (fewer releases: `keep`), then ask again.',
  },
  'checksum-mismatch': {
    meaning: 'A release on a server is not what was built.',
    retry: 'run',
    remedy: 'Nothing at first: the upload is repeated. If it stays, look at the disk of the server.',
  },
  'hook-failed': {
    meaning: 'A hook of the project ended with an error.',
    retry: 'never',
    remedy: 'Read its output in the message, mend it, deploy again. What a hook changed in a database, only you can undo.',
  },
  'hook-outcome-unknown': {
    meaning: 'A `once` hook was cut off and nobody knows whether it did its work. It is never run twice blindly.',
    retry: 'never',
    remedy: 'Look at what it did, then deploy again. Where the operation is paused, say `musher retry` to run it again, or `musher done` if it did its work.',
  },
  'user-clash': {
    meaning: 'The number of an environment\'s user belongs to somebody else, on a server or in the spec, or a server has that user with another number.',
    retry: 'never',
    remedy: 'The message names both. Rename the environment, or free the number on the server. Where the user is there with another number or group, give the user the number that the message names, or remove it.',
  },
  'kernel-without-nfs': {
    meaning: 'The kernel of a server cannot do its part in NFS: serve files, or mount them or images of releases.',
    retry: 'never',
    remedy: 'Give the server a kernel with the module that the message names (`modprobe nfsd`, `modprobe nfsv4`); in a container it is that of the machine below. Where `loop` or `squashfs` is missing, `code: nfs` does without images.',
  },
  'storage-unreachable': {
    meaning: 'A member cannot reach the server that keeps its code or shared files. Nothing was changed.',
    retry: 'never',
    remedy: 'Look at the network and the firewalls between both: TCP port 2049, and 20048 where code is on it. `address` of the storage must be one that members reach.',
  },
  'storage-gone': {
    meaning: 'Code or shared files cannot be seen on a member: their storage does not answer, or is not mounted.',
    retry: 'host',
    remedy: 'Bring the storage server back: members mount it again by themselves. `musher status --live` says since when it is gone.',
  },
  'mount-point-filled': {
    meaning: 'A folder that code or shared files are to be mounted on holds files of the member itself. Nothing was touched.',
    retry: 'never',
    remedy: 'Copy the shared files that the message names to the same folder on the storage server, or move away what is there, then ask again.',
  },
  'kept-elsewhere': {
    meaning: 'The spec was changed to keep code or shared files elsewhere than the servers have them. Nothing was touched.',
    retry: 'never',
    remedy:
      'Put the spec back; or copy the whole folder of the environment, releases and shared files (`rsync -aHAX`, as root), to where the spec wants it, then ask again. To keep on members what a storage kept, take its lines out of /etc/fstab and /etc/musher/code or /etc/musher/files on each member, unmount it, and copy it there.',
  },
  'still-mounted': {
    meaning: 'The storage would no longer export what members still mount: the environment is no longer in the spec, or in this group, or the scope of the exports is another one. Nothing was touched.',
    retry: 'never',
    remedy:
      'Put the environment, or the scope, back in the spec; or take it off each member that the message names, as root: stop its PHP (`systemctl disable --now musher-php@PROJECT--ENVIRONMENT`), remove its files in /etc/musher/code and /etc/musher/files and its lines in /etc/fstab, unmount it. Then ask again. What the storage keeps of it stays there.',
  },
  'volume-missing': {
    meaning: 'A folder of `storage.volumes` is not the mount point of a file system of its own. Nothing was touched.',
    retry: 'never',
    remedy: 'Mount the file system of the environment there (and keep it in /etc/fstab), then ask again. What was kept elsewhere so far is yours to copy.',
  },
  'shared-path-clash': {
    meaning: 'A shared path is a file on one side and a folder on the other. Nothing was touched.',
    retry: 'never',
    remedy: 'Say its `type` in `shared` as it is on the server, or move away what is there.',
  },
  'artifact-missing': {
    meaning: 'The built code is not in the store of the worker, and building it there again did not make the same.',
    retry: 'never',
    remedy: 'Ask again: it is built anew. With several workers, give each the same source and a build that makes the same twice, or all of them one store (`MUSHER_ARTIFACTS`).',
  },
  'source-failed': {
    meaning: 'The code could not be read: the folder, archive or git ref is not there, or its checksum differs.',
    retry: 'never',
    remedy: 'The message says what was asked for. Check `source` and `ref`.',
  },
  'build-failed': {
    meaning: "The project's build command ended with an error on the worker's machine.",
    retry: 'never',
    remedy: 'Read its output in the message; run it by hand in the source folder.',
  },
  'secret-missing': {
    meaning: "A file or variable that the spec refers to is not on the worker's machine.",
    retry: 'never',
    remedy: 'Put it where the spec says; the message names it.',
  },
  'no-release': {
    meaning: 'There is no release to go back to.',
    retry: 'never',
    remedy: '`musher status --live` lists the releases that members, or their storage, keep.',
  },
  'not-approved': {
    meaning: 'The operation was to be approved, and nobody did in time, or somebody declined. Nothing was changed.',
    retry: 'never',
    remedy: 'Ask again, and have somebody say `musher approve` while it waits. How long that is, `approval` of the environment says.',
  },
  'input-refused': {
    meaning: 'The input of the operation, or a decision on it, is unsigned, was altered, or is of another version.',
    retry: 'never',
    remedy: 'Make the input with `musher input`, as the user whose worker runs it, and pass it on unchanged.',
  },
} as const satisfies Record<string, Failure>;

/** `host`: the step is repeated for the hosts that failed so. `run`: the run is repeated. `never`: not retried. */
export interface Failure {
  meaning: string;
  retry: 'host' | 'run' | 'never';
  remedy: string;
}

export type FailureType = keyof typeof FAILURES;

export const isFailureType = (name: string): name is FailureType => Object.hasOwn(FAILURES, name);
