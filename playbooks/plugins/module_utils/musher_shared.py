"""Shared paths: what outlives releases. A filled one is never touched; root never writes inside a folder that a site's user owns."""

import hashlib
import os
import shutil

from ansible.module_utils.musher_mounts import bounded, is_there
from ansible.module_utils.musher_result import Failure, read
from ansible.module_utils.musher_tree import checksum

# Seconds in which a storage must say what is at a shared path.
PATIENCE = 20


def seed(source, shared, root, uid):
    """Make a shared path that is not there, and fill one that is empty.

    source: folder of what was built; shared: {path, type}; root: the environment's shared folder. Returns the mark by which unshare() knows what was made; None where nothing was.
    """
    built, target = os.path.join(source, shared['path']), os.path.join(root, shared['path'])
    for found in clashes([shared], source) + clashes([shared], root):
        raise Failure('shared-path-clash', found)
    _folders(root, os.path.dirname(shared['path']))
    return _fill(built, target, shared['type'], uid) if is_empty(target, shared['type']) else None


def link(release, shared, root, uid):
    """Have a (still partial) release lead to a shared path; what was built there goes."""
    source, target = os.path.join(release, shared['path']), os.path.join(root, shared['path'])
    for found in clashes([shared], release):
        raise Failure('shared-path-clash', found)
    _folders(release, os.path.dirname(shared['path']))
    if os.path.isdir(source) and not os.path.islink(source):
        shutil.rmtree(source)
    elif os.path.lexists(source):
        os.unlink(source)
    os.symlink(os.path.relpath(target, os.path.dirname(source)), source)
    # nginx follows a link only where its owner owns the target too.
    os.lchown(source, uid, uid)


def require_there(shared, root, uid):
    """Failure unless every shared path is there, as the storage shows it to the environment's user (root is nobody to it)."""
    found = bounded(lambda: [[kind_of(os.path.join(root, one['path'])) for one in shared], clashes(shared, root)], PATIENCE, uid)
    if found is None:
        raise Failure('storage-gone', 'The storage does not answer: nobody can say what is in %s' % root)
    kinds, clashing = found
    if clashing:
        raise Failure('shared-path-clash', '; '.join(clashing))
    missing = [one['path'] for one, kind in zip(shared, kinds) if kind is None]
    if missing:
        raise Failure('storage-gone', 'The shared files at %s lack %s: is the storage mounted there, and were they made on it?' % (root, ', '.join(missing)))


def clashes(shared, root):
    """What below a folder is of another kind than a shared path is to be, in words for a person."""
    names, found = {'directory': 'a folder', 'file': 'a file', 'link': 'a link', 'other': 'something else'}, []
    for one in shared:
        above = os.path.dirname(one['path'])
        kind = kind_of(os.path.join(root, one['path']))
        while above and kind_of(os.path.join(root, above)) in (None, 'directory'):
            above = os.path.dirname(above)
        if above:
            found.append('The shared path %s needs %s to be a folder, and it is %s' % (one['path'], os.path.join(root, above), names[kind_of(os.path.join(root, above))]))
        elif kind not in (None, 'link', one['type']):
            found.append('The shared path %s is to be %s, and %s is %s' % (one['path'], names[one['type']], os.path.join(root, one['path']), names[kind]))
    return found


def kind_of(path):
    """directory, file, link or other; None where there is nothing."""
    if not is_there(path):
        return None
    if os.path.islink(path):
        return 'link'
    return 'directory' if os.path.isdir(path) else 'file' if os.path.isfile(path) else 'other'


def is_empty(target, kind):
    """Whether there is nothing at a shared path, or nothing in it."""
    if not os.path.lexists(target):
        return True
    if os.path.islink(target):
        return False
    if os.path.isdir(target):
        return kind == 'directory' and not os.listdir(target)
    return kind == 'file' and os.path.getsize(target) == 0


def _folders(root, path):
    """Make the folders of a relative path below root; refuses to follow links that code may hold."""
    folder = root
    for name in filter(None, path.split('/')):
        folder = os.path.join(folder, name)
        if os.path.islink(folder) or (os.path.lexists(folder) and not os.path.isdir(folder)):
            raise Failure('shared-path-clash', 'A shared path needs %s to be a folder, and it is a link or a file' % folder)
        if not os.path.lexists(folder):
            os.mkdir(folder, 0o755)
            os.chmod(folder, 0o755)


def _fill(source, target, kind, uid):
    """Fill an empty shared path from what was built, by a rename that fails when somebody has filled it meanwhile. Its mark; None where there was nothing to do."""
    held = kind_of(source) == kind
    if os.path.lexists(target) and not held:
        return None
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
    made = mark(fresh)
    os.rename(fresh, target)
    return made


def mark(path):
    """What is at a shared path, in a word that changes when anybody changes it; None where that cannot be said."""
    try:
        return checksum(path)[0] if os.path.isdir(path) else hashlib.sha256(read(path)).hexdigest()
    except (OSError, ValueError, TypeError):
        return None


def marks_of(kept):
    """The marks by path, as they were kept; of what was made before there were marks, None."""
    return kept if isinstance(kept, dict) else dict.fromkeys(kept)


def unshare(marks, root):
    """Remove shared paths that are as they were made or still empty, and the folders above them that this leaves empty. What anybody has changed stays.

    marks: by path, what seed() said.
    """
    changed = False
    for path, made in marks.items():
        target = os.path.join(root, path)
        if made and not os.path.islink(target) and mark(target) == made and _remove(target, made):
            target = os.path.dirname(target)
            changed = True
        if os.path.isfile(target) and not os.path.islink(target) and os.path.getsize(target) == 0:
            os.unlink(target)
            target = os.path.dirname(target)
            changed = True
        while target != root and os.path.isdir(target) and not os.path.islink(target) and not os.listdir(target):
            os.rmdir(target)
            changed = True
            target = os.path.dirname(target)
    return changed


def _remove(target, made):
    """Remove what is at a shared path, unless somebody changes it before nobody finds it there any more; whether it was."""
    aside = os.path.join(os.path.dirname(target), '.%s.undone' % os.path.basename(target))
    if os.path.lexists(aside):
        return False
    os.rename(target, aside)
    if mark(aside) != made:
        os.rename(aside, target)
        return False
    if os.path.isdir(aside):
        shutil.rmtree(aside)
    else:
        os.unlink(aside)
    return True
