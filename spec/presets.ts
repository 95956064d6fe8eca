import type { Project, SharedPath } from './spec.ts';

interface Preset {
  docroot: string;
  /** Uploads live below the document root, wherever the spec puts it. */
  shared(docroot: string): string[];
}

/** What `app` stands for, where the spec does not say otherwise. */
const PRESETS: Record<Project['app'], Preset> = {
  drupal: { docroot: 'web', shared: (docroot) => [below(docroot, 'sites/default/files'), 'private'] },
  wordpress: { docroot: '', shared: (docroot) => [below(docroot, 'wp-content/uploads')] },
  php: { docroot: '', shared: () => [] },
  static: { docroot: '', shared: () => [] },
};

export const APPS = Object.keys(PRESETS) as [Project['app'], ...Project['app'][]];

export const presetDocroot = (app: Project['app']): string => PRESETS[app].docroot;

export const presetShared = (app: Project['app'], docroot: string): SharedPath[] =>
  PRESETS[app].shared(docroot).map((path) => ({ path, type: 'directory' }));

const below = (docroot: string, path: string) => (docroot ? `${docroot}/${path}` : path);
