"""Shared paths: what outlives releases. A filled one is never touched; root never writes inside a folder that a site's user owns."""

import os
import shutil

from ansible.module_utils.musher_result import Failure, read


def share(release, shared, root, uid):
    """Make a shared path of a release: seed it when it is empty, and link it into the release.

    release: folder of the (still partial) release; shared: {path, type}; root: the environment's shared folder.
    Returns whether the shared path was seeded or made.
    """
    source = os.path.join(release, shared['path'])
    target = os.path.join(root, shared['path'])
    _folders(release, os.path.dirname(shared['path']))
    _folders(root, os.path.dirname(shared['path']))
    made = False
    if _empty(target, shared['type']):
        made = _seed(source, target, shared['type'], uid)
    if os.path.isdir(source) and not os.path.islink(source):
        shutil.rmtree(source)
    elif os.path.lexists(source):
        os.unlink(source)
    os.symlink(os.path.relpath(target, os.path.dirname(source)), source)
    # nginx follows a link only where its owner owns the target too.
    os.lchown(source, uid, uid)
    return made


def _folders(root, path):
    """Make the folders of a relative path below root; refuses to follow links that code may hold."""
    folder = root
    for name in filter(None, path.split('/')):
        folder = os.path.join(folder, name)
        if os.path.islink(folder) or (os.path.lexists(folder) and not os.path.isdir(folder)):
            raise Failure('task-failed', 'A shared path needs %s to be a folder, and it is a link or a file' % folder)
        if not os.path.lexists(folder):
            os.mkdir(folder, 0o755)
            os.chmod(folder, 0o755)


def _empty(target, kind):
    if not os.path.lexists(target):
        return True
    if os.path.islink(target):
        return False
    if os.path.isdir(target):
        return kind == 'directory' and not os.listdir(target)
    return kind == 'file' and os.path.getsize(target) == 0


def _seed(source, target, kind, uid):
    """Fill an empty shared path from the release, by a rename that fails when somebody has filled it meanwhile."""
    held = os.path.isdir(source) and not os.path.islink(source) if kind == 'directory' else os.path.isfile(source) and not os.path.islink(source)
    if os.path.lexists(target) and not held:
        return False
    fresh = os.path.join(os.path.dirname(target), '.%s.seed' % os.path.basename(target))
    if os.path.isdir(fresh):
        shutil.rmtree(fresh)
    elif os.path.lexists(fresh):
        os.unlink(fresh)
    if kind == 'directory':
        shutil.copytree(source, fresh, symlinks=True) if held else os.mkdir(fresh)
        for folder, folders, files in os.walk(fresh):
            for name in folders + files:
                os.lchown(os.path.join(folder, name), uid, uid)
    else:
        with open(fresh, 'xb') as file:
            file.write(read(source) if held else b'')
    os.chmod(fresh, 0o755 if kind == 'directory' else 0o640)
    os.lchown(fresh, uid, uid)
    os.rename(fresh, target)
    return True


def unshare(paths, root):
    """Remove shared paths that are still empty, and the folders above them that this leaves empty. Data is never deleted."""
    changed = False
    for path in paths:
        target = os.path.join(root, path)
        if os.path.isfile(target) and not os.path.islink(target) and os.path.getsize(target) == 0:
            os.unlink(target)
            target = os.path.dirname(target)
            changed = True
        while target != root and os.path.isdir(target) and not os.path.islink(target) and not os.listdir(target):
            os.rmdir(target)
            changed = True
            target = os.path.dirname(target)
    return changed
