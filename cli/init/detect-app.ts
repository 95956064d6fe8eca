import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Project } from '../../spec/spec.ts';

/** What a folder of code looks like. */
export function detectApp(folder: string): Project['app'] {
  const has = (path: string) => existsSync(join(folder, path));
  if (/"drupal\/core/.test(composerFile(folder)) || has('web/core/lib/Drupal.php') || has('core/lib/Drupal.php')) return 'drupal';
  if (has('wp-includes') || has('wp-content') || has('wp-config.php')) return 'wordpress';
  return has('composer.json') || has('index.php') || has('public/index.php') ? 'php' : 'static';
}

function composerFile(folder: string): string {
  try {
    return readFileSync(join(folder, 'composer.json'), 'utf8');
  } catch {
    return '';
  }
}
