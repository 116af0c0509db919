import svelte from 'eslint-plugin-svelte'
import globals from 'globals'
import ts from 'typescript-eslint'
import svelteConfig from './svelte.config.js'

/** Folders and what they must not know; the arrows of the house style, checked. */
const onlyPlatform = {
  group: ['@tauri-apps/*'],
  message: 'Only src/platform talks to Tauri.',
}
const kitKnowsNothing = {
  group: ['**/platform/**', '**/platform', '**/pages/**', '**/main/**', '**/wizard/**', '**/conflicts/**'],
  message: 'The kit knows nothing of syncing.',
}

export default ts.config(
  { ignores: ['dist/', 'dist-fixtures/', 'node_modules/', 'src/platform/bindings.ts'] },
  ...ts.configs.recommended,
  ...svelte.configs.recommended,
  {
    languageOptions: { globals: { ...globals.browser } },
    rules: {
      'no-console': 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-restricted-imports': ['error', { patterns: [onlyPlatform] }],
      '@typescript-eslint/consistent-type-imports': 'error',
      'no-undef': 'off',
    },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: {
      parserOptions: { parser: ts.parser, extraFileExtensions: ['.svelte'], svelteConfig },
    },
    rules: {
      // The content security policy blocks style attributes that stand in the markup.
      'no-restricted-syntax': [
        'error',
        { selector: 'SvelteAttribute[key.name="style"]', message: 'Use a class, or a style: directive.' },
      ],
      'svelte/no-at-html-tags': 'error',
      'svelte/require-each-key': 'error',
      'svelte/no-navigation-without-resolve': 'off',
    },
  },
  {
    files: ['src/kit/**'],
    rules: { 'no-restricted-imports': ['error', { patterns: [onlyPlatform, kitKnowsNothing] }] },
  },
  { files: ['src/platform/**'], rules: { 'no-restricted-imports': 'off' } },
  {
    files: ['e2e/**', 'tests/**', '*.config.*'],
    languageOptions: { globals: { ...globals.node } },
    rules: { 'no-console': 'off' },
  },
)
