import js from '@eslint/js';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

const ROOMS = ['spec', 'contract', 'plan', 'workflows', 'activities', 'worker', 'client', 'cli', 'lab', 'test', 'package'];

/** What each room may import: values from some rooms, only types from others. */
const ARROWS = {
  spec: { values: [] },
  contract: { values: ['spec'] },
  plan: { values: ['spec', 'contract'] },
  workflows: { values: ['contract'], types: ['spec', 'plan', 'activities'] },
  activities: { values: ['spec', 'contract', 'plan'] },
  client: { values: ['spec', 'contract', 'plan'] },
  cli: { values: ['spec', 'contract', 'plan', 'client'] },
};

const arrow = (room, { values, types = [] }) => {
  const barred = ROOMS.filter((other) => other !== room && !values.includes(other));
  return {
    files: [`${room}/**/*.ts`],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: barred.map((other) => ({
            regex: `^(\\.\\./)+${other}/`,
            allowTypeImports: types.includes(other),
            message: `${room}/ may not import ${types.includes(other) ? 'values' : 'anything'} from ${other}/ (CONTRIBUTING.md, "The arrows").`,
          })),
        },
      ],
    },
  };
};

export default defineConfig(
  { ignores: ['node_modules/', 'build/', 'dist/', '.venv/', '**/*.py'] },
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: { allowDefaultProject: ['eslint.config.js'] }, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/no-unnecessary-condition': 'off',
      '@typescript-eslint/no-dynamic-delete': 'off',
      '@typescript-eslint/no-invalid-void-type': 'off',
      '@typescript-eslint/only-throw-error': 'off',
      '@typescript-eslint/prefer-promise-reject-errors': 'off',
      '@typescript-eslint/return-await': 'off',
      '@typescript-eslint/use-unknown-in-catch-callback-variable': 'off',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-misused-spread': 'off',
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
    },
  },
  ...Object.entries(ARROWS).map(([room, allowed]) => arrow(room, allowed)),
  {
    files: ['workflows/**/*.ts'],
    rules: { 'no-restricted-globals': ['error', 'process', 'Buffer', 'setInterval', 'fetch'] },
  },
  { files: ['**/*.js'], extends: [tseslint.configs.disableTypeChecked] },
);
